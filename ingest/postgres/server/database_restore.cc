#include "ingest/postgres/server/database_restore.h"

#include <algorithm>

#include "ingest/parts/closure.h"
#include "ingest/parts/names.h"
#include "ingest/postgres/part_names.h"
#include "ingest/postgres/server/direct_runner.h"
#include "ingest/postgres/server/existing.h"
#include "ingest/postgres/server/script_runner.h"
#include "ingest/postgres/server/verify.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kMostNotices = 100;
constexpr size_t kMostToldLosses = 100;
constexpr size_t kMostLeftOut = 100;

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

  std::string run() {
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
      begun_ = true;
      transaction(what, runner);
    } catch (const Error& e) {
      throw Error(e.code(), e.what() + (ended() ? "; " + unknown() : unchanged()));
    }
    commit();
    ++context_.result.databases;
    for (const std::string& words : runner.left_out()) context_.result.warnings.push_back(words);
    verify(runner);
    return place();
  }

 private:
  // As the connection calls it, without the user; a fresh database gets its final name later.
  std::string place() const {
    const std::string all = connection_.place(), name = printable(connection_.database());
    const size_t begin = std::string_view("database \"\"").size() + name.size();
    const size_t end = all.size() - std::string_view(" as user \"\"").size() - printable(connection_.user()).size();
    return "database " + (target_.fresh ? printable(target_.shown) : name) + all.substr(begin, end - begin);
  }

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
    if (!job_.whole && !data_only_) {
      run_links();
      tell_left_out();
    }
    if (keys) keys->settle();
    if (losses)
      for (const std::string& gone : losses->gone(kMostToldLosses))
        context_.result.warnings.push_back("database " + printable(target_.shown) + ": " + printable(gone) +
                                           " depended on what was replaced, and is gone");
    if (rewrite_)
      for (const std::string& doubtful : rewrite_->doubtful())
        context_.result.warnings.push_back(doubtful + ": may still name schema " + printable(rewrite_->from()) +
                                           " in its text, which is left as it is");
  }

  std::string unchanged() const { return "; nothing was changed in database " + printable(target_.shown); }

  std::string unknown() const {
    return "the dump's statements ended the transaction: what was changed in database " + printable(target_.shown) +
           " isn't known: look at it before trying again";
  }
  // Each of its statements was then taken back or kept by itself.
  bool ended() const { return begun_ && connection_.transaction() == PostgresTransaction::kNone; }

  // Keys that are looked at when all is there may still refuse it.
  void commit() {
    if (ended()) throw Error(ErrorCode::kIo, unknown());
    // COMMIT of a failed one rolls back, and isn't refused.
    if (connection_.transaction() == PostgresTransaction::kFailed) throw Error(ErrorCode::kIo, "the transaction had failed" + unchanged());
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
        throw Error(ErrorCode::kNotFound, "table " + shown(part.name) + ": database " + printable(target_.shown) +
                                                     " has no such table: " +
                                              (context_.options.data_only ? "--data-only fills tables that are there, without it they are made"
                                                                          : "rows (.copy) need the table to be there: restore " + printable(part.name) +
                                                                                " instead, which makes it and fills it"));
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
      const bool one = is_asked(need);
      asked = asked || one;
      there = there && (one || existing(std::string(need)) != nullptr);
    });
    return asked && there;
  }
  bool is_asked(std::string_view name) const {
    return std::ranges::any_of(job_.parts, [&](const Part& part) {
      return part.name == name || (part.kind == "schema" && name.starts_with(part.name.substr(0, part.name.size() - 4) + "/"));
    });
  }

  // What the parts were given without: links that could not be made, and what names something that the dump doesn't hold.
  void tell_left_out() {
    std::vector<std::string> out;
    for (const Part& part : job_.parts) {
      constexpr std::string_view kNotInDump = ", which the dump doesn't hold", kNeeds = " needs ";
      for_each_line(property(part, "left_out"), [&](std::string_view line) {
        if (const size_t needs = line.rfind(kNeeds); line.ends_with(kNotInDump) && needs != line.npos)
          out.push_back(printable(line.substr(0, needs)) + " was left out: it needs " + printable(line.substr(needs + kNeeds.size())));
      });
      if (context_.options.with_dependencies) continue;   // they came
      for_each_line(property(part, "links"), [&](std::string_view name) {
        const std::optional<Part> link = context_.catalogue.find(std::string(name));
        if (link && !is_ready(*link)) out.push_back(why_left_out(*link));
      });
    }
    std::ranges::sort(out);   // a schema's part and a table's may tell the same
    out.erase(std::unique(out.begin(), out.end()), out.end());
    const size_t more = out.size() - std::min(out.size(), kMostLeftOut);
    out.resize(out.size() - more);
    if (more > 0) out.push_back(std::to_string(more) + " more keys and the like were left out, for what they need isn't there");
    for (std::string& one : out) context_.result.warnings.push_back(std::move(one));
  }
  // "FOREIGN KEY bill_customer_fkey was left out: app.customer isn't there (--with-dependencies brings it)"
  std::string why_left_out(const Part& link) const {
    const std::string element = link.name.substr(link.name.rfind('/') + 1), own = unescape_part_name(element).value_or(element);
    const std::string& type = property(link, "type");
    std::string missing, unknown;
    for_each_line(property(link, "needs"), [&](std::string_view need) {
      if (is_asked(need) || existing(std::string(need)) != nullptr) return;
      const std::optional<Part> part = context_.catalogue.find(std::string(need));
      std::string& list = part && one_of_relations(part->kind) ? missing : unknown;
      list += (list.empty() ? "" : ", ") + shown(need);
    });
    if (missing.empty()) missing = "it needs " + unknown;   // whether that is there isn't known
    else missing += missing.find(',') == missing.npos ? " isn't there" : " aren't there";
    const std::string what = type == "FK CONSTRAINT" ? "FOREIGN KEY" : type.empty() ? "link" : type;
    return printable(what + " " + own) + " was left out: " + missing + " (--with-dependencies brings it)";
  }
  static bool one_of_relations(const std::string& kind) {
    return kind == "table" || kind == "view" || kind == "materialized-view" || kind == "foreign-table" || kind == "sequence";
  }
  static const std::string& property(const Part& part, const std::string& key) {
    static const std::string none;
    const auto found = part.properties.find(key);
    return found == part.properties.end() ? none : found->second;
  }
  // "shop/app/bill.sql" as people write it: "app.bill".
  std::string shown(std::string_view part_name) const {
    std::string_view rest = part_name.substr(std::min(job_.element.size() + 1, part_name.size()));
    for (const std::string_view ending : {".sql", ".table"})
      if (rest.ends_with(ending)) rest.remove_suffix(ending.size());
    const size_t slash = rest.find('/');
    auto plain = [](std::string_view element) { return printable(unescape_part_name(element).value_or(std::string(element))); };
    return slash == rest.npos ? plain(rest) : plain(rest.substr(0, slash)) + "." + plain(rest.substr(slash + 1));
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
  bool begun_ = false;
  PostgresConnection connection_;
  std::optional<SchemaRewrite> rewrite_;
  RunRules rules_;
  std::map<std::string, ExistingRelation> relations_;   // those that were there
};

}  // namespace

std::string load_database(const RestoreContext& context, const DatabaseJob& job, bool data_only, const LoadTarget& target) {
  return Loading(context, job, data_only, target).run();
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
