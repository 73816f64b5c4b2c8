// cairn restore: a snapshot, or parts of several, into a directory, a server or a file.
#include "ingest/restore.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "cli/command.h"
#include "cli/commands/bucket_restore.h"
#include "cli/commands/document_restore.h"
#include "cli/commands/postgres_restore.h"
#include "cli/commands/redis_restore.h"
#include "cli/restore_json.h"
#include "cli/terminal.h"
#include "ingest/bucket/bucket_address.h"
#include "ingest/parts/part_view.h"
#include "ingest/postgres/postgres_url.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr char kRestoreDetails[] =
    "Without PATH every component becomes DIR/NAME; a PATH a/b becomes DIR/b.  Several arguments may be given.  Of a\n"
    "component with parts the original is written, as DIR/NAME/dump.sql or the like; of a part or a directory of parts\n"
    "its file: db/authentik becomes DIR/authentik.sql, db/authentik/public/t becomes DIR/t.sql.  DIR is made if it isn't\n"
    "there; nothing is ever written outside of it, and nothing in it is removed that the snapshot doesn't replace.\n\n"
    "With --to postgresql://... the dump, or databases, schemas and tables of it, go into a server: a database at a time,\n"
    "in one transaction, and the rows are counted afterwards.  With --to redis://... keys go into a server, with --to\n"
    "FILE.rdb into a new RDB file.  With --to s3://... a bucket, or a directory tree, goes into a bucket: each object under the\n"
    "key it had, behind the target's prefix, with its Content-Type and the like.  With --only a document of the named sections and elements is written to DIR/NAME.json.\n\n"
    "Patterns of --include and --exclude are those of cairn backup --exclude, on paths beneath what is restored; of the\n"
    "two --exclude wins.\n\n"
    "Exit code: 0 done; 1 something could not be restored (it is named; the rest is there).\n\n"
    "Examples:\n"
    "  cairn restore latest --target /srv/restored\n"
    "  cairn restore latest~1:media/avatars --target /tmp/avatars --verify\n"
    "  cairn restore @2026-11-20T03:00:etc --target /tmp/etc --include '*.conf'\n"
    "  cairn restore latest:db/authentik/public/authentik_core_user --target /tmp/one --with-dependencies\n"
    "  cairn restore latest:db/shop --to postgresql://postgres@localhost/postgres --create --rename shop_check\n"
    "  cairn restore latest:cache --to redis://localhost --key 'session:*' --replace\n"
    "  cairn restore latest:media --to 's3://media/restored?endpoint=https://rgw.example:7480' --overwrite changed\n"
    "  cairn restore latest:backup --only users,groups --with-dependencies --target /tmp/knot";

class Restore : public Command {
 public:
  CommandHelp help() const override {
    return {"restore", "[OPTIONS] SNAPSHOT[:PATH]... --target DIR | --to URL", "bring files, databases, keys or documents back", kRestoreDetails};
  }

  void declare(Arguments& to) override {
    to.text("-t,--target", "DIR", options_.target, "where to");
    to.list("--include", "PATTERN", includes_, "only what matches; may be repeated");
    to.list("--exclude", "PATTERN", excludes_, "not what matches; may be repeated");
    to.choice("--overwrite", {"always", "changed", "never"}, overwrite_,
              "files that are there: always replace (default), only when size or time differ, never");
    to.flag("-n,--dry-run", options_.dry_run, "tell what would be written, write nothing");
    to.flag("--with-dependencies", options_.with_dependencies, "a part together with everything that it needs");
    to.text("--expect-version", "V", server_.expect_version, "refuse unless the application's version in the dump is V");
    to.text("--to", "URL", to_, "into a server: postgresql://... or redis://...; a bucket: s3://...; or keys into FILE.rdb");
    to.flag("--create", server_.create, "with --to: make the database");
    to.flag("--clean", server_.clean, "with --to: drop what is replaced first");
    to.text("--rename", "DB", server_.rename, "with --to: restore the database under another name");
    to.text("--into-schema", "S", server_.into_schema, "with --to: restore tables of one schema into another one");
    to.flag("--data-only", server_.data_only, "with --to: rows and sequence values only, into tables that are there");
    to.list("--key", "PATTERN", redis_.selection.patterns, "with --to redis://...: keys that match, like 'session:*'; may be repeated");
    to.text("--db", "N", db_, "with --to redis://...: keys of this database only");
    to.choice("--type", {"string", "list", "set", "zset", "hash", "stream", "module", "array"}, redis_.selection.type,
              "with --to redis://...: keys of this type only");
    to.flag("--replace", redis_.replace, "with --to redis://...: replace keys that are there");
    to.flag("--logical", redis_.logical, "with --to redis://...: by SET, HSET and so on, for a server older than the backup");
    to.list("--only", "SECTION,...", only_, "of a document: sections and elements, like users,groups or Users/alice");
    to.text("--encrypt-key", "FILE", encrypt_key_, "with --only: seal what is written with this key of 32 bytes");
    to.flag("--verify", options_.verify, "read everything again afterwards and compare");
    to.flag("--numeric-owner", options_.numeric_owner, "owners by number, not by name");
    declare_filter(to, filter_);
    to.positionals(1, SIZE_MAX, arguments_, "SNAPSHOT is missing (try: latest)");
  }

  int run(Session& session) override {
    fill_options();
    const auto wanted = choose_all(session);
    require_version(wanted, server_.expect_version);
    if (BucketAddress::is_one(to_)) return restore_to_bucket(session, wanted, to_, options_);
    if (is_redis_target(to_)) return restore_redis_keys(session, wanted, to_, redis_);
    if (!to_.empty()) return restore_into_postgres_server(session, wanted, server_);
    if (!only_.empty()) return restore_sections(session, wanted);
    refuse_needs_of_documents(wanted);
    if (options_.dry_run) session.progress.show_items();
    session.progress.begin();
    for (const auto& [snapshot, path] : wanted)
      add(restore(session.repository(), *snapshot, path, options_, session.progress));
    const uint64_t duration_ns = session.progress.elapsed_ns();
    session.progress.finish();
    report(session, wanted, duration_ns);
    return total_.failed > 0 || session.progress.errors.load() > 0 ? kExitFailed : kExitDone;
  }

 private:
  int restore_sections(Session& session, const std::vector<Wanted>& wanted) {
    const std::optional<Secret> key = document_key(encrypt_key_, "--encrypt-key", "CAIRN_ENCRYPT_KEY");
    DocumentRestoreOptions document;
    document.selection.with_dependencies = options_.with_dependencies;
    document.target = options_.target;
    document.overwrite = options_.overwrite;
    document.key = key ? &*key : nullptr;
    document.dry_run = options_.dry_run;
    return restore_document_sections(session, wanted, only_, std::move(document));
  }

  void refuse_needs_of_documents(const std::vector<Wanted>& wanted) const {
    for (const auto& [snapshot, path] : wanted) {
      const ComponentInfo* component = snapshot->component(path.substr(0, path.find('/')));
      if (options_.with_dependencies && component && component->kind == ComponentKind::kDocument)
        throw UsageError("--with-dependencies: what a document's elements need comes with --only, like " + printable(component->name) + " --only users");
    }
  }

  void fill_options() {
    if (options_.target.empty() == to_.empty())
      throw UsageError(options_.target.empty() ? "--target DIR is missing: where shall it be restored to? (or --to URL, into a server)"
                                               : "--target and --to: one of them is enough");
    // It may hold a password, so it isn't shown.
    if (!url_scheme(options_.target).empty()) throw UsageError("--target: a directory is expected; a server is named with --to");
    fill_server_options();
    if (options_.dry_run && options_.verify) throw UsageError("--verify has nothing to look at in a --dry-run");
    for (const std::string& pattern : includes_) options_.include.add(pattern);
    for (const std::string& pattern : excludes_) options_.exclude.add(pattern);
    if (overwrite_ == "changed") options_.overwrite = Overwrite::kChanged;
    if (overwrite_ == "never") options_.overwrite = Overwrite::kNever;
  }

  // What belongs to one kind of target would be ignored by the others.
  void fill_server_options() {
    const bool redis = is_redis_target(to_), postgres = PostgresUrl::is_one(to_), bucket = BucketAddress::is_one(to_), document = !only_.empty();
    if (!to_.empty() && !redis && !postgres && !bucket)
      throw UsageError("--to: a URL like postgresql://..., redis://... or s3://... is expected, or FILE.rdb");
    const bool of_postgres = server_.create || server_.clean || server_.data_only || !server_.rename.empty() || !server_.into_schema.empty();
    if (!postgres && of_postgres) throw UsageError("--create, --clean, --rename, --into-schema and --data-only belong to --to postgresql://...");
    const bool of_redis = !redis_.selection.all() || !db_.empty() || redis_.replace || redis_.logical;
    if (!redis && of_redis) throw UsageError("--key, --db, --type, --replace and --logical belong to --to redis://... or --to FILE.rdb");
    if (redis && options_.with_dependencies) throw UsageError("--with-dependencies: keys of Redis need nothing");
    if (bucket && options_.with_dependencies) throw UsageError("--with-dependencies: objects need nothing");
    if (redis && redis_.logical && !RedisUrl::is_one(to_)) throw UsageError("--logical belongs to a server; an RDB file holds values as they are");
    if (!document && !encrypt_key_.empty()) throw UsageError("--encrypt-key belongs to --only; a whole document comes back as it was");
    if (!to_.empty() && document) throw UsageError("--only writes a file: give --target DIR in place of --to");
    const bool parts = document || (!to_.empty() && !bucket);
    if (parts && (!includes_.empty() || !excludes_.empty() || options_.verify))
      throw UsageError("--include, --exclude and --verify belong to --target DIR and --to s3://...; name parts to restore some of them");
    if ((!to_.empty() || document) && options_.numeric_owner) throw UsageError("--numeric-owner belongs to --target DIR");
    if (!to_.empty() && !bucket && overwrite_ != "always") throw UsageError("--overwrite belongs to --target DIR and --to s3://...");
    server_.url = to_;
    server_.with_dependencies = options_.with_dependencies;
    server_.dry_run = redis_.dry_run = options_.dry_run;
    if (!db_.empty()) redis_.selection.db = parse_database(db_);
  }

  static uint32_t parse_database(const std::string& digits) {
    uint32_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size()) throw UsageError("--db: a number is expected, like --db 0");
    return number;
  }

  // All of them before anything is written: a slip in the last argument shall not leave a half.
  std::vector<Wanted> choose_all(Session& session) {
    std::vector<Wanted> out;
    for (const std::string& argument : arguments_) {
      SnapshotPath what = split_snapshot_path(argument);
      const Manifest& snapshot = session.choose(what.snapshot, filter_);
      session.require_path(snapshot, what.path);
      out.push_back({&snapshot, std::move(what.path)});
    }
    if (to_.empty() && only_.empty()) require_distinct_targets(out);
    return out;
  }

  // Of two that come out under one name the second would replace the first, silently.
  static void require_distinct_targets(const std::vector<Wanted>& wanted) {
    std::map<std::string, std::string> taken;
    for (const auto& [snapshot, path] : wanted) {
      std::string name = path.substr(path.rfind('/') + 1);
      const ComponentInfo* component = snapshot->component(path.substr(0, path.find('/')));
      for (std::string_view suffix : {".sql", ".json"})
        if (component && path != component->name && PartView::has_parts(*component) && name.ends_with(suffix)) name.resize(name.size() - suffix.size());
      const auto [at, fresh] = taken.try_emplace(name, path);
      if (!fresh)
        throw UsageError("two of what is restored would both be called " + printable(name.empty() ? path : name) +
                         " in the target: restore them one at a time, to different places");
    }
  }

  void add(const RestoreResult& one) {
    total_.files += one.files;
    total_.directories += one.directories;
    total_.others += one.others;
    total_.skipped += one.skipped;
    total_.failed += one.failed;
    total_.bytes += one.bytes;
    total_.verified_files += one.verified_files;
  }

  void report(Session& session, const std::vector<Wanted>& wanted, uint64_t duration_ns) const {
    if (session.options.json) {
      std::vector<std::string> ids;
      for (const Wanted& one : wanted)
        if (std::ranges::find(ids, one.snapshot->id.hex()) == ids.end()) ids.push_back(one.snapshot->id.hex());
      return session.out.line(restore_json(total_, ids, options_.target, options_.dry_run, duration_ns));
    }
    if (session.options.quiet) return;
    std::string text = options_.dry_run ? "Would restore " : "Restored ";
    text += counted(total_.files, "file", "files") + " (" + human_size(total_.bytes) + ") and " +
            counted(total_.directories, "directory", "directories");
    if (total_.others > 0) text += " and " + counted(total_.others, "link or special file", "links and special files");
    if (total_.skipped > 0) text += ", left " + human_count(total_.skipped) + " as they were";
    text += options_.dry_run ? "." : " to " + printable(options_.target) + " in " + human_duration(duration_ns) + ".";
    if (options_.verify) text += "\nVerified " + counted(total_.verified_files, "file", "files") + ".";
    if (total_.failed > 0) text += "\n" + counted(total_.failed, "thing", "things") + " could not be restored (see above).";
    session.out.line(text);
  }

  RestoreOptions options_;
  PostgresRestoreOptions server_;
  RedisRestoreOptions redis_;
  RestoreResult total_;
  SnapshotFilter filter_;
  std::vector<std::string> includes_, excludes_, arguments_;
  std::vector<std::string> only_;
  std::string to_, db_, encrypt_key_;
  std::string overwrite_ = "always";
};

}  // namespace

std::unique_ptr<Command> make_restore() { return std::make_unique<Restore>(); }

}  // namespace cairn
