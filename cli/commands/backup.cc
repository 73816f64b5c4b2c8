// cairn backup: paths, commands and standard input into one snapshot.
#include "ingest/backup.h"

#include <algorithm>
#include <charconv>

#include "cli/command.h"
#include "cli/commands/document_restore.h"
#include "cli/commands/content_args.h"
#include "cli/commands/retention_lock.h"
#include "cli/commands/source_args.h"
#include "cli/snapshot_json.h"
#include "cli/terminal.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr char kBackupDetails[] =
    "SOURCE is a path, exec:COMMAND (run by /bin/sh, its output is saved), postgresql://... (a server, or one database\n"
    "of it), redis://... (a server), s3://BUCKET/PREFIX?endpoint=URL (a bucket), or - (standard input).  All of them become\n"
    "one snapshot or, when a command fails, none.  Each is a component, called NAME or after the last element of its path;\n"
    "a path with a = in it that exists as written is taken as a path.  With --command NAME the words after -- are run without a shell.\n\n"
    "Dumps of PostgreSQL (pg_dump in every format, pg_dumpall) are recognised and saved with their parts: see them with\n"
    "cairn ls, take one table out with cairn cat or restore.  Likewise RDB files of Redis and Valkey with their keys, and\n"
    "JSON documents with their sections and elements.  --format raw saves streams without looking into them.\n\n"
    "Patterns: * and ? don't match /, ** matches any directories; without / a pattern matches a name at any depth,\n"
    "with a leading / from the root of the component, with a trailing / directories only; a leading ! takes an\n"
    "exclusion back.\n\n"
    "Names and attributes are always compressed, whatever --compression says.  Files that look unchanged keep the chunks\n"
    "they have, whatever --chunks says.\n\n"
    "--retention-lock 30d locks in S3 everything that snapshots need for 30 days, so that stolen credentials can't delete it; each\n"
    "backup makes the locks last longer where less than that is left (docs/s3.md).  Nobody can take such a lock back.\n\n"
    "Exit code: 0 done; 3 a snapshot was made, but some files could not be read or locked, or a dump breaks off; 1 nothing was\n"
    "recorded.\n\n"
    "Examples:\n"
    "  cairn backup /etc media=/srv/app/media\n"
    "  cairn backup media=/srv/app/media db=exec:'docker exec app-db pg_dumpall -U postgres' --tag nightly\n"
    "  cairn backup /srv/app/media --command db -- docker exec app-db pg_dumpall -U postgres\n"
    "  cairn backup db=postgresql://backup@db.example/ --exclude-database 'test*'\n"
    "  cairn backup cache=redis://backup@cache.example knot=/srv/knot/backup.json\n"
    "  cairn backup 'media=s3://media/avatars?endpoint=https://rgw.example:7480'\n"
    "  pg_dumpall | cairn backup - --stdin-name db\n"
    "  cairn -r s3://backups/host-a backup /etc --retention-lock 30d";

class Backup : public Command {
 public:
  CommandHelp help() const override {
    return {"backup", "[OPTIONS] [NAME=]SOURCE... [--command NAME -- COMMAND...]",
            "save paths, commands' output or stdin as one snapshot", kBackupDetails};
  }

  bool writes() const override { return true; }

  void declare(Arguments& to) override {
    to.positionals(0, SIZE_MAX, sources_.sources, "");
    to.words_after_dashes("--command", sources_.command);
    to.text("--stdin-name", "NAME", sources_.stdin_name, "the name of the component - (else: stdin)");
    to.text("--command", "NAME", sources_.command_name, "save the output of the command after -- as component NAME");
    to.choice("--format", {"auto", "raw", "postgres", "redis", "json"}, format_, "what streams are (default: auto)");
    to.text("--decrypt-key", "FILE", decrypt_key_, "a key of 32 bytes for JSON documents sealed with AES-256-GCM, as knot's");
    to.list("--exclude-database", "PATTERN", sources_.exclude_databases, "of a server, leave out databases; * and ?; may be repeated");
    to.list("--tag", "TAG", options_.tags, "a word to find the snapshot by; may be repeated");
    to.text("--host", "HOST", options_.host, "instead of this machine's name");
    to.list("--exclude", "PATTERN", excludes_, "leave out what matches; may be repeated");
    to.list("--exclude-file", "FILE", exclude_files_, "one pattern a line, # for remarks; may be repeated");
    to.flag("--exclude-caches", options_.walk.filter.exclude_caches, "leave out directories that hold a CACHEDIR.TAG");
    to.text("--exclude-larger-than", "SIZE", largest_, "leave out larger files; SIZE like 100M");
    to.flag("--one-file-system", options_.walk.one_file_system, "leave out what is mounted beneath a source");
    to.flag("--force", options_.force, "read every file, also those that look unchanged");
    to.flag("-n,--dry-run", options_.dry_run, "tell what would be saved, write nothing");
    to.text("--compression,--level", "auto|off|1-19", compression_, "zstd level for everything, auto: by kind of content (default: the repository's)");
    lock_.declare(to);
    to.choice("--chunks", {"fine", "normal", "coarse"}, chunks_, "how long the chunks of files in trees are (default: the repository's)");
  }

  int run(Session& session) override {
    options_.format = parse_format(format_);
    if (!compression_.empty()) options_.compression = parse_compression("--compression", compression_);
    if (!chunks_.empty()) options_.file_chunks = parse_chunk_size(chunks_);
    const std::vector<SourceSpec> sources = parse_sources(sources_);
    fill_filter();
    const std::optional<Secret> document_key_given = document_key(decrypt_key_, "--decrypt-key", "CAIRN_DECRYPT_KEY");
    options_.document_key = document_key_given ? &*document_key_given : nullptr;
    options_.document_key_must_fit = !decrypt_key_.empty();
    lock_.check(session);
    Repository& repository = session.repository();
    if (!options_.dry_run) session.require_no_rollback();
    if (options_.dry_run) session.progress.show_items();
    const auto locker = options_.dry_run ? nullptr : lock_.begin(session);
    session.progress.begin();
    BackupResult result = backup(repository, sources, options_, session.progress);
    session.progress.finish();
    if (!options_.dry_run) {
      session.made(result.manifest);
      add_witness(session, result.manifest);
    }
    const bool locked = finish_locking(session, locker.get());
    if (session.options.json) {
      session.out.line(backup_json(result, session.progress.errors.load(), options_.dry_run));
    } else if (!session.options.quiet) {
      session.out.write(summary(result));
    }
    return result.incomplete || !locked ? kExitIncomplete : kExitDone;
  }

 private:
  void fill_filter() {
    Filter& filter = options_.walk.filter;
    // The last matching pattern decides: what is typed overrides what is kept in files.
    for (const std::string& file : exclude_files_) filter.exclude.add_file(file);
    for (const std::string& pattern : excludes_) filter.exclude.add(pattern);
    if (!largest_.empty()) filter.exclude_larger_than_bytes = parse_size(largest_);
    if (!largest_.empty() && filter.exclude_larger_than_bytes == 0)
      throw UsageError("--exclude-larger-than: 0 would leave nothing");
    for (const std::string& tag : options_.tags)
      if (tag.empty() || tag.find_first_of(",\n") != tag.npos) throw UsageError("--tag: not empty, without comma and newline");
  }

  // What the storage gives back is what the code stands for.
  static void add_witness(Session& session, Manifest& m) {
    try {
      const Repository& repository = session.repository();
      m.witness = witness_of(repository.config().repository, m.id,
                             read_whole(repository.backend(), snapshot_name(m.id), kMostManifestBytes + 4096));
    } catch (const Error& e) {
      session.progress.warning("the snapshot was saved, but its witness code can't be told: " + std::string(e.what()));
    }
  }

  std::string summary(const BackupResult& result) const;

  SourceArguments sources_;
  RetentionLockOption lock_;
  BackupOptions options_;
  std::vector<std::string> excludes_, exclude_files_;
  std::string largest_, decrypt_key_, format_ = "auto", compression_, chunks_;
};

uint64_t parse_count(const std::string& digits) {
  uint64_t count = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return count;
}

// "db: 2 databases, 217 tables, 1,234,567 rows; authentik 2025.8.4", "cache: 2 databases, 12,345 keys, 17 of them with an expiry",
// "backup: 12 sections, 345 elements; knot"
std::string contents(const ComponentInfo& component) {
  auto property = [&](const char* key) {
    auto found = component.properties.find(key);
    return found == component.properties.end() ? std::string() : found->second;
  };
  std::string words;
  auto add = [&](uint64_t count, const char* one, const char* many) { words += (words.empty() ? "" : ", ") + counted(count, one, many); };
  auto number = [&](const char* key) { return parse_count(property(key)); };
  auto lines = [&](const char* key) {
    const std::string text = property(key);
    return static_cast<uint64_t>(std::ranges::count(text, '\n')) + !text.empty();
  };
  if (!property("tables").empty()) {
    add(lines("databases"), "database", "databases");
    add(number("tables"), "table", "tables");
    add(number("rows"), "row", "rows");
  } else if (!property("keys").empty()) {
    add(lines("databases"), "database", "databases");
    add(number("keys"), "key", "keys");
    if (number("functions") > 0) add(number("functions"), "function library", "function libraries");
  } else if (component.kind == ComponentKind::kDocument) {
    if (lines("sections") > 0) add(lines("sections"), "section", "sections");
    add(number("elements"), "element", "elements");
  }
  if (words.empty()) return "";
  if (!property("app").empty()) words += "; " + printable(property("app") + (property("app.version").empty() ? "" : " " + property("app.version")));
  return printable(component.name) + ": " + words + "\n";
}

std::string Backup::summary(const BackupResult& result) const {
  const Manifest& m = result.manifest;
  const SnapshotStats& stats = m.stats;
  std::string out = "Files:   " + human_count(stats.files_new) + " new, " + human_count(stats.files_changed) + " changed, " +
                    human_count(stats.files_unmodified) + " unmodified";
  if (stats.files_failed > 0) out += ", " + human_count(stats.files_failed) + " not read";
  if (stats.sockets_skipped > 0) out += "; " + counted(stats.sockets_skipped, "socket", "sockets") + " skipped";
  out += "\nBytes:   " + human_size(stats.bytes_read) + " read, " + human_size(stats.bytes_new) + " new, " +
         human_size(stats.bytes_stored) + " stored\n";
  const std::string rate = human_rate(stats.bytes_read, stats.duration_ns);
  out += "Time:    " + human_duration(stats.duration_ns) + (rate.empty() ? "" : ", " + rate) + "\n";
  if (options_.dry_run) return out + "Nothing was written: this was a dry run.\n";
  for (const ComponentInfo& component : m.components) out += contents(component);
  std::string names;
  for (const ComponentInfo& component : m.components) names += (names.empty() ? "" : ", ") + printable(component.name);
  out += "Saved as snapshot " + m.id.hex().substr(0, 8) + " of " + names + ".\n";
  if (m.witness != Witness{}) out += "Witness: " + witness_text(m.witness) + "\n";
  if (result.incomplete) out += "It is incomplete: something could not be read to its end (see above).\n";
  return out;
}

}  // namespace

std::unique_ptr<Command> make_backup() { return std::make_unique<Backup>(); }

}  // namespace cairn
