#include "ingest/postgres/server/server_restore.h"

#include <charconv>
#include <cstdlib>

#include "ingest/parts/part_view.h"
#include "ingest/postgres/part_names.h"
#include "ingest/postgres/postgres_url.h"
#include "ingest/postgres/server/database_restore.h"
#include "ingest/postgres/server/direct_runner.h"
#include "ingest/postgres/server/existing.h"
#include "store/crypto/sodium.h"
#include "store/error.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kServerTreeCacheBytes = 8 << 20;

// Whether libpq will find a database's name itself.
bool names_database(const PostgresUrl& url) {
  return !url.database().empty() || url.parameters().contains("service") || std::getenv("PGDATABASE") != nullptr ||
         std::getenv("PGSERVICE") != nullptr;
}
std::optional<std::string> named_database(const PostgresUrl& url) {
  return names_database(url) ? std::optional(url.database()) : std::nullopt;
}

const ComponentInfo& component_of(const Manifest& snapshot, const std::string& name) {
  const ComponentInfo* component = snapshot.component(name);
  if (component == nullptr) throw Error(ErrorCode::kNotFound, "component " + printable(name) + ": is not in the snapshot");
  if (component->kind != ComponentKind::kPostgres || component->catalogue.is_zero())
    throw Error(ErrorCode::kInvalidArgument, "component " + printable(name) +
                                                 ": is no dump of PostgreSQL whose parts are known: restore it with --target DIR");
  return *component;
}

std::string property(const ComponentInfo& component, const std::string& key) {
  const auto found = component.properties.find(key);
  return found == component.properties.end() ? "" : found->second;
}

void expect_version(const ComponentInfo& component, const std::string& expected) {
  if (expected.empty()) return;
  const std::string version = property(component, "app.version"), app = property(component, "app");
  const std::string of = "component " + printable(component.name) + ": is of " + (app.empty() ? "an application" : printable(app));
  if (version.empty()) throw Error(ErrorCode::kUnsupported, of + " whose version the dump doesn't tell, in place of version " + printable(expected));
  if (version != expected) throw Error(ErrorCode::kUnsupported, of + " version " + printable(version) + ", in place of version " + printable(expected));
}

// "15.18 (Debian …)" → 15; "9.6.1" → 9.
int major_of(const std::string& version) {
  int out = 0;
  std::from_chars(version.data(), version.data() + version.size(), out);
  return out;
}

// For cleaning up, which nobody may stop.
class Undisturbed : public Monitor {
 public:
  void error(const std::string&, const std::string&) override {}
  void warning(const std::string&) override {}
  void item(const std::string&, const std::string&, uint64_t) override {}
  void check_interrupted() override {}
};

class ServerRestore {
 public:
  ServerRestore(Repository& repository, const ComponentInfo& component, Entry entry, const PostgresRestoreOptions& options, Monitor& monitor)
      : component_(component), entry_(std::move(entry)), options_(options), monitor_(monitor), url_(options.url),
        reader_(repository.backend(), repository.keys(), repository.index(), kServerTreeCacheBytes),
        catalogue_(reader_.object_source(), component.catalogue, entry_.size_bytes), output_(repository, entry_.content, 0, monitor),
        context_{catalogue_, output_, component.name, url_.parameters(), options, monitor, result_} {}

  PostgresRestoreResult run(const std::vector<std::string>& paths) {
    plan_ = plan_restore(catalogue_, component_, paths, options_, named_database(url_));
    check_server();
    if (options_.dry_run) return tell_plan();
    monitor_.phase("restoring");
    if (plan_.globals) globals();
    const bool alone = plan_.jobs.size() == 1;
    for (const DatabaseJob& job : plan_.jobs) {
      try {
        database(job);
      } catch (const Error& e) {
        if (alone || e.code() == ErrorCode::kInterrupted) throw;
        ++result_.failed;
        monitor_.error(component_.name + "/" + job.element, e.what());
      }
      tell_warnings();
    }
    return std::move(result_);
  }

 private:
  // Before anything is done: is it there, is it new enough.
  void check_server() {
    const bool outside = plan_.globals || !names_database(url_) || plan_.jobs.front().create || !plan_.jobs.front().target.empty();
    const PostgresConnection connection = outside ? maintenance("") : to_the_urls_database();
    const int server = connection.server_version_num() / 10000, dump = major_of(property(component_, "server.version"));
    if (dump > server)
      result_.warnings.push_back("the dump is of PostgreSQL " + printable(property(component_, "server.version")) + ", the server is " +
                                 connection.server_version() + ": what the older one doesn't know will fail, or is left out and told");
    tell_warnings();
  }

  PostgresConnection to_the_urls_database() {
    try {
      return PostgresConnection(url_.parameters(), std::nullopt, monitor_);
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kInterrupted || url_.database().empty()) throw;
      if (std::optional<PostgresConnection> other; reach(other) && !database_exists(*other, url_.database())) throw not_there(plan_.jobs.front(), url_.database());
      throw;
    }
  }
  bool reach(std::optional<PostgresConnection>& connection) {
    try {
      connection.emplace(url_.parameters(), "postgres", monitor_);
    } catch (const Error&) {
    }
    return connection.has_value();
  }
  // --create makes whole databases, by their own name or --rename's.
  Error not_there(const DatabaseJob& job, const std::string& database) const {
    const bool can_be_made = job.whole && !plan_.data_only && (!job.target.empty() || job.name == database);
    return Error(ErrorCode::kNotFound, "database " + printable(database) + ": is not on the server: " +
                                           (can_be_made ? "--create makes it" : "make it first (createdb " + printable(database) + ")"));
  }

  // A connection that isn't to the database `avoided`, for what is done from outside.
  PostgresConnection maintenance(const std::string& avoided) { return maintenance(avoided, monitor_); }
  PostgresConnection maintenance(const std::string& avoided, Monitor& monitor) {
    if (avoided == "postgres") return PostgresConnection(url_.parameters(), "template1", monitor);
    try {
      return PostgresConnection(url_.parameters(), "postgres", monitor);
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kInterrupted) throw;
      const bool unusable = url_.database().empty() || url_.database() == avoided;
      return PostgresConnection(url_.parameters(), unusable ? "template1" : url_.database(), monitor);
    }
  }

  void globals() {
    const std::string what = component_.name + "/" + plan_.globals->name;
    monitor_.current(what);
    PostgresConnection connection = maintenance("");
    monitor_.bytes_total += plan_.globals->size_bytes();
    DirectRunner runner(what, connection, {options_.clean, "", ""}, result_);
    run_part(*plan_.globals, what, runner);
    tell_warnings();
  }

  void database(const DatabaseJob& job) {
    if (job.create) return create(job);
    LoadTarget target{std::nullopt, job.target, false};
    if (job.target.empty()) {
      target.shown = url_.database().empty() ? "of the URL" : url_.database();
    } else {
      target.database = job.target;
      PostgresConnection connection = maintenance("");
      if (!database_exists(connection, job.target)) throw not_there(job, job.target);
    }
    result_.targets.push_back(load_database(context_, job, plan_.data_only, target));
  }

  // In place of a database that is there, a new one is loaded beside it, and takes its name when it is whole.
  void create(const DatabaseJob& job) {
    PostgresConnection connection = maintenance(job.target);
    const bool replaces = database_exists(connection, job.target);
    if (replaces && !options_.clean)
      throw Error(ErrorCode::kIo, "database " + printable(job.target) +
                                                   ": is on the server already: --clean replaces it" +
                                                   (plan_.jobs.size() == 1 ? ", --rename DB restores beside it" : ""));
    require_alone(connection, job.target, replaces);
    const std::string name = replaces ? "cairn-restore-" + random_id<SnapshotId>().hex().substr(0, 8) : job.target;
    try {
      make(connection, job, name);
      const std::string place = load_database(context_, job, false, {name, job.target, true});
      if (replaces) take_place(connection, job.target, name);
      result_.targets.push_back(place);
    } catch (const Error& e) {
      std::string why = e.what();
      if (database_was_made_ && !drop(name, job.target)) why += "; database " + printable(name) + " is left behind: drop it";
      else why += replaces ? "; the old one is as it was" : "; it is not on the server";
      throw Error(e.code(), why);
    }
    database_was_made_ = false;
  }

  void require_alone(PostgresConnection& connection, const std::string& database, bool replaces) {
    if (!replaces) return;
    if (const uint64_t clients = clients_of(connection, database); clients > 0)
      throw Error(ErrorCode::kIo, "database " + printable(database) + ": " + std::to_string(clients) +
                                                   (clients == 1 ? " program is" : " programs are") +
                                                   " connected to it: stop what uses it before it is replaced");
    result_.warnings.push_back("database " + printable(database) + ": is replaced as a whole; it goes when the new one is loaded");
    tell_warnings();
  }

  void make(PostgresConnection& connection, const DatabaseJob& job, const std::string& name) {
    database_was_made_ = false;
    const std::optional<Part> part = catalogue_.find(job.element + ".create.sql");
    if (part && part->kind == "create-database") {
      const std::string what = component_.name + "/" + part->name;
      DirectRunner runner(what, connection, {false, job.name, name}, result_);
      database_was_made_ = true;   // perhaps; dropping what isn't there does no harm
      run_part(*part, what, runner);
    }
    database_was_made_ = database_exists(connection, name);
    if (!database_was_made_) connection.exec("CREATE DATABASE " + quote_identifier(name) + " TEMPLATE template0");
    database_was_made_ = true;
  }

  // Also when somebody asked to stop, or the connection was lost.
  bool drop(const std::string& name, const std::string& target) {
    database_was_made_ = false;
    try {
      Undisturbed undisturbed;
      return !maintenance(target, undisturbed).try_exec("DROP DATABASE IF EXISTS " + quote_identifier(name));
    } catch (const Error&) {
      return false;
    }
  }

  void take_place(PostgresConnection& connection, const std::string& old, const std::string& name) {
    connection.exec("DROP DATABASE " + quote_identifier(old));
    database_was_made_ = false;   // from here on the new one is all there is
    connection.exec("ALTER DATABASE " + quote_identifier(name) + " RENAME TO " + quote_identifier(old));
  }

  void run_part(const Part& part, const std::string& what, ScriptTarget& target) {
    std::vector<PartPiece> pieces;
    if (!part.preamble.empty()) pieces.push_back({part.preamble, {}});
    for (const Extent& extent : part.extents) pieces.push_back({{}, extent});
    run_pieces(context_, pieces, what, target);
  }

  PostgresRestoreResult tell_plan() {
    if (plan_.globals) monitor_.item("would restore", component_.name + "/" + plan_.globals->name, plan_.globals->size_bytes());
    for (const DatabaseJob& job : plan_.jobs)
      for (const Part& part : job.parts) monitor_.item("would restore", component_.name + "/" + part.name, part.size_bytes());
    return std::move(result_);
  }

  void tell_warnings() {
    for (; told_ < result_.warnings.size(); ++told_) monitor_.warning(result_.warnings[told_]);
  }

  const ComponentInfo& component_;
  const Entry entry_;
  const PostgresRestoreOptions& options_;
  Monitor& monitor_;
  const PostgresUrl url_;
  ChunkReader reader_;
  CatalogueReader catalogue_;
  PartOutput output_;
  PostgresRestoreResult result_;
  const RestoreContext context_;
  RestorePlan plan_;
  bool database_was_made_ = false;
  size_t told_ = 0;   // of result_.warnings
};

}  // namespace

PostgresRestoreResult restore_to_postgres(Repository& repository, const Manifest& snapshot, const std::string& component,
                                          const std::vector<std::string>& part_paths, const PostgresRestoreOptions& options,
                                          Monitor& monitor) {
  const ComponentInfo& info = component_of(snapshot, component);
  expect_version(info, options.expect_version);
  ChunkReader reader(repository.backend(), repository.keys(), repository.index(), kServerTreeCacheBytes);
  auto entry = DirectoryReader::find(reader.object_source(), snapshot.root, component);
  if (!entry || entry->type != EntryType::kFile)
    throw Error(ErrorCode::kCorrupt, "component " + printable(component) + ": its stream is not in the snapshot");
  return ServerRestore(repository, info, std::move(*entry), options, monitor).run(part_paths);
}

}  // namespace cairn
