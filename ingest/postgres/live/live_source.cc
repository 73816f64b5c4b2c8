#include "ingest/postgres/live/live_source.h"

#include <unistd.h>
#include <fnmatch.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <deque>
#include <functional>
#include <optional>

#include "ingest/postgres/live/data_list.h"
#include "ingest/postgres/live/dump_programs.h"
#include "ingest/postgres/live/row_source.h"
#include "ingest/postgres/live/script_source.h"
#include "store/parallel.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr int kOldestServer = 130000;
constexpr size_t kShownListBytes = 500;  // of a list of databases
constexpr char kLockWaitMs[] = "--lock-wait-timeout=60000";

class FixedText : public StreamSource {
 public:
  explicit FixedText(std::string text) : text_(std::move(text)) {}
  size_t read(std::span<uint8_t> into) override {
    const size_t size = std::min(into.size(), text_.size() - at_);
    std::memcpy(into.data(), text_.data() + at_, size);
    at_ += size;
    return size;
  }
  void finish() override {}

 private:
  const std::string text_;
  size_t at_ = 0;
};

// A source that belongs to somebody else.
class Borrowed : public StreamSource {
 public:
  explicit Borrowed(StreamSource& source) : source_(source) {}
  size_t read(std::span<uint8_t> into) override { return source_.read(into); }
  void finish() override { source_.finish(); }

 private:
  StreamSource& source_;
};

// One database on its way: its snapshot, which lives as long as this, and the pieces of its script, to be read in order.
class DatabaseScript {
 public:
  // `create`: with CREATE DATABASE and \connect.
  DatabaseScript(std::unique_ptr<PostgresConnection> connection, bool create, const DumpPrograms& programs, size_t workers, Monitor& monitor)
      : monitor_(monitor), programs_(programs), workers_(workers), connection_(std::move(connection)), login_(connection_->parameters()) {
    set_up_session(*connection_);
    encoding_ = connection_->query("SHOW server_encoding").text(0, 0);
    snapshot_ = begin_snapshot(*connection_, list_);
    // All of these begin now: their queries run beside the copying, what they write waits in their pipes, and their locks aren't
    // behind somebody who waits for ours.
    pre_ = child(create ? std::vector<std::string>{"--section=pre-data", "--create"} : std::vector<std::string>{"--section=pre-data"}, true);
    rows_ = std::make_unique<RowSource>(*connection_, snapshot_, list_.tables, workers_, monitor_);
    if (list_.large_objects) large_objects_ = child({"--section=data", "--exclude-table-data=*.*"}, false);
    post_ = child({"--section=post-data"}, false);
  }

  StreamSource& definitions() { return *pre_; }
  StreamSource& rows() { return *rows_; }
  std::string sequences() {
    rows_.reset();  // which had the connection
    return sequence_script(*connection_, list_.sequences);
  }
  bool has_large_objects() const { return list_.large_objects; }
  StreamSource& large_objects() { return *large_objects_; }
  StreamSource& constraints() { return *post_; }
  // A COPY that failed took the snapshot with it, so that a child fails too: throws what came first.
  void throw_first_failure() {
    if (rows_) rows_->throw_if_failed();
  }
  // The last words.  The snapshot was there all the time, or this throws.
  std::string end() {
    connection_->exec("COMMIT");
    return pre_->tail();
  }

 private:
  std::unique_ptr<ScriptSource> child(std::vector<std::string> arguments, bool with_head) {
    const std::string name = "pg_dump of " + connection_->place();
    arguments.insert(arguments.end(), {"--snapshot=" + snapshot_, "--encoding=" + encoding_, kLockWaitMs});
    auto running = login_.run(name, programs_.pg_dump, connection_->database(), arguments, monitor_);
    return std::make_unique<ScriptSource>(name, std::move(running), with_head, ScriptSource::kDumpEnd);
  }

  Monitor& monitor_;
  const DumpPrograms& programs_;
  const size_t workers_;
  std::unique_ptr<PostgresConnection> connection_;
  const ProgramLogin login_;
  std::string encoding_, snapshot_;
  DataList list_;
  std::unique_ptr<ScriptSource> pre_, large_objects_, post_;
  std::unique_ptr<RowSource> rows_;
};

// Stages, one after another, each of which gives a source when its turn comes, or nothing.
class LiveSource : public StreamSource {
 public:
  LiveSource(const PostgresSourceOptions& options, Monitor& monitor)
      : options_(options), monitor_(monitor), workers_(options.workers == 0 ? std::max<size_t>(1, processor_count() / 2) : options.workers) {
    const bool one = !options.url.database().empty();
    if (one && !options.excluded.empty()) {
      throw Error(ErrorCode::kInvalidArgument, "--exclude-database is for a server as a whole; the URL names database " + printable(options.url.database()));
    }
    main_ = one ? connect(options.url.database()) : connect_to_any();
    if (main_->server_version_num() < kOldestServer) {
      throw Error(ErrorCode::kUnsupported, main_->place() + ": the server is PostgreSQL " + main_->server_version() +
                                               ", and older than 13 a live server can't be saved: take the output of its own pg_dumpall (--command)");
    }
    parameters_ = main_->parameters();
    programs_ = find_dump_programs(main_->server_version_num(), main_->server_version(), options.pg_dump, monitor);
    if (one) {
      open_database(std::move(main_), true);
      add_script();
    } else {
      add_cluster();
    }
  }

  size_t read(std::span<uint8_t> into) override {
    try {
      return read_stages(into);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kInterrupted && database_) database_->throw_first_failure();
      throw;
    }
  }

  void finish() override { assert(stages_.empty() && !current_); }  // everything was finished as it ended

 private:
  using Source = std::unique_ptr<StreamSource>;

  size_t read_stages(std::span<uint8_t> into) {
    for (;;) {
      monitor_.check_interrupted();
      if (current_) {
        if (const size_t size = current_->read(into)) return size;
        current_->finish();
        current_.reset();
      }
      if (stages_.empty()) return 0;
      const auto stage = std::move(stages_.front());
      stages_.pop_front();
      current_ = stage();
    }
  }

  std::unique_ptr<PostgresConnection> connect(const std::string& database) {
    return std::make_unique<PostgresConnection>(parameters_.empty() ? options_.url.parameters() : parameters_, database, monitor_);
  }

  // To the databases that every server should have.
  std::unique_ptr<PostgresConnection> connect_to_any() {
    try {
      return connect("postgres");
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInterrupted) throw;
      try {
        return connect("template1");
      } catch (const Error& second) {
        if (second.code() == ErrorCode::kInterrupted) throw;
      }
      throw;
    }
  }

  void add(std::function<Source()> stage) { stages_.push_back(std::move(stage)); }

  void open_database(std::unique_ptr<PostgresConnection> connection, bool create) {
    monitor_.current(connection->database());
    database_ = std::make_unique<DatabaseScript>(std::move(connection), create, programs_, workers_, monitor_);
  }

  // The pieces of the database that is open then, if one is.
  void add_script() {
    const auto piece = [this](auto give) {
      add([this, give]() -> Source { return database_ ? give(*database_) : nullptr; });
    };
    piece([](DatabaseScript& database) { return std::make_unique<Borrowed>(database.definitions()); });
    piece([](DatabaseScript& database) { return std::make_unique<Borrowed>(database.rows()); });
    piece([](DatabaseScript& database) { return std::make_unique<FixedText>(database.sequences()); });
    piece([](DatabaseScript& database) { return database.has_large_objects() ? std::make_unique<Borrowed>(database.large_objects()) : nullptr; });
    piece([](DatabaseScript& database) { return std::make_unique<Borrowed>(database.constraints()); });
    piece([this](DatabaseScript& database) {
      auto last = std::make_unique<FixedText>(database.end());
      database_.reset();
      return last;
    });
  }

  void add_cluster() {
    if (::access(programs_.pg_dumpall.c_str(), X_OK) != 0)
      throw Error(ErrorCode::kUnsupported, printable(programs_.pg_dumpall) + ": is not there, and roles are saved with it: CAIRN_PG_DUMP must"
                                           " name a pg_dump that has its pg_dumpall beside it; or name one database in the URL");
    std::vector<std::string> arguments = {"--globals-only"};
    if (main_->query("SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT')").text(0, 0) != "t") {
      monitor_.warning(main_->place() + ": the role may not read pg_authid: roles are saved without their passwords");
      arguments.push_back("--no-role-passwords");
    }
    const PostgresRows names = main_->query(
        "SELECT datname FROM pg_database WHERE datallowconn AND datconnlimit <> -2 AND datname NOT IN ('template0', 'template1')"
        " ORDER BY datname::text COLLATE \"C\"");
    const std::vector<std::string> databases = chosen(names);
    const std::string name = "pg_dumpall of " + main_->place();
    const ProgramLogin login(parameters_);
    globals_ = std::make_unique<ScriptSource>(name, login.run(name, programs_.pg_dumpall, main_->database(), arguments, monitor_), true, ScriptSource::kClusterEnd);
    add([this] { return std::make_unique<Borrowed>(*globals_); });
    add([] { return std::make_unique<FixedText>("--\n-- Databases\n--\n\n"); });
    for (const std::string& database : databases) {
      add([this, database] { return open_if_there(database); });
      add_script();
    }
    add([this] { return std::make_unique<FixedText>(globals_->tail()); });
  }

  // Those that no pattern excludes.
  std::vector<std::string> chosen(const PostgresRows& names) {
    std::vector<bool> excluded(names.size());
    for (const std::string& pattern : options_.excluded) {
      bool any = false;
      for (size_t i = 0; i < names.size(); ++i) {
        if (::fnmatch(pattern.c_str(), std::string(names.text(i, 0)).c_str(), 0) != 0) continue;
        any = excluded[i] = true;
      }
      if (!any) monitor_.warning("--exclude-database " + printable(pattern) + ": no database that would be saved has such a name");
    }
    std::vector<std::string> out;
    std::string left_out;
    for (size_t i = 0; i < names.size(); ++i) {
      if (!excluded[i]) out.emplace_back(names.text(i, 0));
      if (excluded[i] && left_out.size() < kShownListBytes) left_out += (left_out.empty() ? "" : ", ") + printable(names.text(i, 0));
    }
    if (out.empty() && !left_out.empty()) {
      throw Error(ErrorCode::kInvalidArgument, "every database is excluded: " + left_out + (left_out.size() < kShownListBytes ? "" : " …") +
                                                   "; roles alone: save the output of pg_dumpall --globals-only (--command)");
    }
    return out;
  }

  // Opens the database and gives its title, or warns that it is there no more.
  Source open_if_there(const std::string& database) {
    std::unique_ptr<PostgresConnection> connection;
    try {
      connection = connect(database);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInterrupted) throw;
      if (main_->query("SELECT FROM pg_database WHERE datname = " + PostgresConnection::quote_literal(database)).size() > 0) throw;
      monitor_.warning("database \"" + printable(database) + "\" was dropped before its turn came: it is not in this snapshot");
      return nullptr;
    }
    // pg_dumpall takes it that a database of this name is there already.
    const bool everywhere = database == "postgres";
    open_database(std::move(connection), !everywhere);
    return std::make_unique<FixedText>("--\n-- Database \"" + comment_name(database) + "\" dump\n--\n\n" + (everywhere ? "\\connect postgres\n\n" : ""));
  }

  const PostgresSourceOptions options_;
  Monitor& monitor_;
  const size_t workers_;
  std::unique_ptr<PostgresConnection> main_;  // asks for the databases; handed on when there is only one
  PostgresParameters parameters_;             // where main_ led to
  DumpPrograms programs_;
  std::unique_ptr<ScriptSource> globals_;
  std::unique_ptr<DatabaseScript> database_;  // the one that is read just now
  std::deque<std::function<Source()>> stages_;
  Source current_;                            // may refer to what is above
};

}  // namespace

std::unique_ptr<StreamSource> open_postgres(const PostgresSourceOptions& options, Monitor& monitor) {
  return std::make_unique<LiveSource>(options, monitor);
}

}  // namespace cairn
