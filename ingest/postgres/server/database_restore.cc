#include "ingest/postgres/server/database_restore.h"

#include <algorithm>

#include "ingest/parts/closure.h"
#include "ingest/postgres/part_names.h"
#include "ingest/postgres/server/direct_runner.h"
#include "ingest/postgres/server/existing.h"
#include "ingest/postgres/server/script_runner.h"
#include "ingest/postgres/server/verify.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kMostNotices = 100;
constexpr size_t kMostLosses = 100;

uint64_t bytes_of(std::span<const PartPiece> pieces) {
  uint64_t bytes = 0;
  for (const PartPiece& piece : pieces) bytes += piece.text.size() + piece.extent.length_bytes;
  return bytes;
}

template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    visit(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

class Loading {
 public:
  Loading(const RestoreContext& context, const DatabaseJob& job, bool data_only, const LoadTarget& target)
      : context_(context), job_(job), target_(target), data_only_(data_only), clean_(context.options.clean && !target.fresh),
        connection_(context.server, target.database, context.monitor, [this](const ServerMessage& message) { notice(message); }) {}

  void run() {
    const std::string what = context_.component + "/" + (job_.parts.size() == 1 ? job_.parts.front().name : job_.element);
    context_.monitor.current(what);
    prepare_schema();
    relations_ = job_.whole && !data_only_ ? decltype(relations_)() : relations_of(connection_);
    rules_ = rules();
    ScriptRunner runner(what, connection_, rules_, context_.result);
    try {
      // What the lexer of scripts begins with; a role or a database may have another default.
      connection_.exec("SET standard_conforming_strings = on");
      connection_.exec("BEGIN");
      transaction(what, runner);
    } catch (const Error& e) {
      throw Error(e.code(), e.what() + unchanged());
    }
    commit();
    ++context_.result.databases;
    for (const std::string& words : runner.left_out()) context_.result.warnings.push_back(words);
    verify(runner);
  }

 private:
  void transaction(const std::string& what, ScriptRunner& runner) {
    std::optional<Losses> losses;
    if (clean_ && !data_only_) losses.emplace(connection_);
    if (rewrite_) connection_.exec("CREATE SCHEMA IF NOT EXISTS " + quote_identifier(rewrite_->to()));
    const std::vector<QualifiedName> tables = data_only_ ? tables_to_fill() : std::vector<QualifiedName>();
    if (clean_ && !tables.empty()) truncate(tables);
    std::optional<LateForeignKeys> keys;
    if (data_only_) keys.emplace(connection_, tables);

    const bool more = context_.options.with_dependencies && !job_.whole;
    const std::vector<PartPiece> pieces = pieces_together(context_.catalogue, job_.parts, more);
    context_.monitor.bytes_total += bytes_of(pieces);
    run_pieces(context_, pieces, what, runner);
    runner.finish();
    if (!job_.whole && !data_only_) run_links();
    if (keys) keys->settle();
    if (losses)
      for (const std::string& gone : losses->gone(kMostLosses))
        context_.result.warnings.push_back("database " + printable(target_.shown) + ": " + printable(gone) +
                                           " depended on what was replaced, and is gone");
    if (rewrite_)
      for (const std::string& doubtful : rewrite_->doubtful())
        context_.result.warnings.push_back(doubtful + ": may still name schema " + printable(rewrite_->from()) +
                                           " in its text, which is left as it is");
  }

  std::string unchanged() const { return "; nothing was changed in database " + printable(target_.shown); }

  // Keys that are looked at when all is there may still refuse it.
  void commit() {
    std::optional<ServerMessage> refused;
    try {
      refused = connection_.try_exec("COMMIT");
    } catch (const Error& e) {
      throw Error(e.code(), std::string(e.what()) + "; whether database " + printable(target_.shown) +
                                " was changed isn't known: look at it before trying again");
    }
    if (refused) throw Error(ErrorCode::kIo, refused->text + (refused->detail.empty() ? "" : "; " + refused->detail) + unchanged());
  }

  void notice(const ServerMessage& message) {
    if (message.severity == "WARNING" && ++notices_ <= kMostNotices)
      context_.result.warnings.push_back("database " + printable(target_.shown) + ": " + message.text);
  }

  void prepare_schema() {
    const std::string& into = context_.options.into_schema;
    if (into.empty()) return;
    const std::string from = schema_of(job_);
    if (from != into) rewrite_.emplace(from, into, extension_names(connection_, from));
  }

  RunRules rules() {
    RunRules out;
    out.clean = clean_;
    out.data_only = data_only_;
    out.rewrite = rewrite_ ? &*rewrite_ : nullptr;
    out.roles = roles_of(connection_);
    out.superuser = connection_.query("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper").size() > 0;
    if (!job_.whole)
      out.chosen = [this](const std::string& kind, const QualifiedName& name) { return is_asked_for(job_, kind, name.schema, name.name); };
    return out;
  }

  // The name under which a relation of a part is, or would be, on the server; nullptr when it isn't there.
  const ExistingRelation* existing(const std::string& part_name) const {
    std::string element = part_name.substr(std::min(job_.element.size() + 1, part_name.size()));
    if (rewrite_) {
      const std::string from = part_element(rewrite_->from()) + "/";
      if (element.starts_with(from)) element = part_element(rewrite_->to()) + "/" + element.substr(from.size());
    }
    for (const std::string_view ending : {".table.sql", ".sql"}) {
      if (!element.ends_with(ending)) continue;
      const auto found = relations_.find(element.substr(0, element.size() - ending.size()));
      if (found != relations_.end()) return &found->second;
    }
    return nullptr;
  }

  // data_only: the tables of what was asked for.   kNotFound when one isn't there.
  std::vector<QualifiedName> tables_to_fill() {
    std::vector<QualifiedName> out;
    auto add = [&](const Part& part) {
      if (part.kind != "table") return;
      const ExistingRelation* table = existing(part.name);
      if (table == nullptr || !table->table)
        throw Error(ErrorCode::kNotFound, printable(part.name) + ": database " + printable(target_.shown) +
                                                     " has no such table: --data-only fills tables that are there, without it they are made");
      out.push_back(table->name);
    };
    for (const Part& asked : job_.parts) {
      if (asked.kind != "database" && asked.kind != "schema") {
        add(asked);
        continue;
      }
      const std::string folder = (asked.kind == "database" ? job_.element : asked.name.substr(0, asked.name.size() - 4)) + "/";
      context_.catalogue.scan(folder, [&](const Part& part) {
        const bool inside = part.name.starts_with(folder);
        if (inside) add(part);
        return inside;
      });
    }
    return out;
  }

  // All at once, so that they may refer to each other; never CASCADE, which would empty others.
  void truncate(const std::vector<QualifiedName>& tables) {
    std::string list;
    for (const QualifiedName& table : tables)
      list += (list.empty() ? "" : ", ") + quote_identifier(table.schema) + "." + quote_identifier(table.name);
    connection_.exec("TRUNCATE " + list);
  }

  // Foreign keys between what was restored and what was there: CASCADE took them, or the parts don't hold them.
  void run_links() {
    std::vector<Part> links;
    const std::string folder = job_.element + "/";
    context_.catalogue.scan(folder, [&](const Part& part) {
      if (part.kind == "link" && is_ready(part)) links.push_back(part);
      return part.name.starts_with(folder);
    });
    for (const Part& link : links) {
      RunRules gentle = rules_;
      gentle.gently = true;
      ScriptRunner runner(context_.component + "/" + link.name, connection_, std::move(gentle), context_.result);
      run_pieces(context_, pieces_together(context_.catalogue, {&link, 1}, false), context_.component + "/" + link.name, runner);
    }
  }
  bool is_ready(const Part& link) const {
    const auto needs = link.properties.find("needs");
    if (needs == link.properties.end()) return false;
    bool asked = false, there = true;
    for_each_line(needs->second, [&](std::string_view need) {
      const bool one = std::ranges::any_of(job_.parts, [&](const Part& part) {
        return part.name == need || (part.kind == "schema" && need.starts_with(part.name.substr(0, part.name.size() - 4) + "/"));
      });
      asked = asked || one;
      there = there && (one || existing(std::string(need)) != nullptr);
    });
    return asked && there;
  }

  void verify(const ScriptRunner& runner) {
    context_.monitor.phase("counting rows");
    RowCheck check{job_, {}, rewrite_ ? rewrite_->to() : "", data_only_, data_only_ && !clean_};
    for (const auto& [name, rows] : runner.tables()) {
      QualifiedName in_dump = name;
      if (rewrite_ && in_dump.schema == rewrite_->to()) in_dump.schema = rewrite_->from();
      check.loaded[in_dump] += rows;
    }
    try {
      verify_rows(connection_, context_.catalogue, check, context_.result);
    } catch (const Error& e) {
      const std::string why = "database " + printable(target_.shown) + ": was restored, but its rows were not compared: " + e.what();
      if (e.code() == ErrorCode::kInterrupted) throw Error(e.code(), why);
      context_.result.mismatches.push_back(why);
    }
  }

  const RestoreContext& context_;
  const DatabaseJob& job_;
  const LoadTarget& target_;
  const bool data_only_, clean_;
  size_t notices_ = 0;
  PostgresConnection connection_;
  std::optional<SchemaRewrite> rewrite_;
  RunRules rules_;
  std::map<std::string, ExistingRelation> relations_;   // those that were there
};

}  // namespace

void load_database(const RestoreContext& context, const DatabaseJob& job, bool data_only, const LoadTarget& target) {
  Loading(context, job, data_only, target).run();
}

void run_pieces(const RestoreContext& context, std::span<const PartPiece> pieces, const std::string& what, ScriptTarget& target) {
  ScriptReader reader(what, target, context.monitor);
  context.output.write(pieces, [&](ByteView bytes) {
    reader.feed(bytes);
    context.monitor.bytes_done += bytes.size();
  });
  reader.finish();
}

}  // namespace cairn
