// cairn import: a tar archive as a snapshot.
#include "ingest/tar/import.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "cli/command.h"
#include "cli/commands/retention_lock.h"
#include "cli/snapshot_json.h"
#include "cli/terminal.h"
#include "cli/time_in_name.h"
#include "ingest/stream/stream_source.h"
#include "store/error.h"
#include "store/fd.h"

namespace cairn {

namespace {

constexpr char kImportDetails[] =
    "FILE is any tar archive, plain or packed with gzip, zstd, xz or bzip2; - is standard input.  It becomes a snapshot of one\n"
    "component, as if the directory had been backed up that it was made of.  Paths that lead out of it and the like are\n"
    "left out and told.  An archive that is damaged or breaks off is not recorded at all.\n\n"
    "TIME is like 2026-11-20, 2026-11-20T03:00 or 2026-11-20T03:00:15Z, or the word name: the date in the name of FILE.\n\n"
    "Exit code: 0 done; 3 a snapshot was made, but something was left out or not locked; 1 nothing was recorded.\n\n"
    "Examples:\n"
    "  cairn import media-2026-11-20.tar.gz --name media --time name\n"
    "  ssh there tar -c /srv/app | cairn import - --name app --host there";

std::string last_element(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// "media" of "/x/media.tar.gz".
std::string name_of(const std::string& file) {
  const std::string name = last_element(file);
  for (std::string_view end : {".tar", ".tgz", ".tzst", ".txz", ".tbz2"})
    if (const size_t at = name.find(end); at != name.npos && at > 0) return name.substr(0, at);
  return name;
}

class Import : public Command {
 public:
  CommandHelp help() const override { return {"import", "[OPTIONS] FILE.tar[.zst|.gz|.xz]", "record a tar archive as a snapshot", kImportDetails}; }
  bool writes() const override { return true; }
  void declare(Arguments& to) override {
    to.text("--name", "COMPONENT", options_.name, "the component's name (else: that of FILE)");
    to.text("--host", "HOST", options_.host, "instead of this machine's name");
    to.text("--time", "TIME", time_, "the snapshot's time (else: now)");
    to.list("--tag", "TAG", options_.tags, "a word to find the snapshot by; may be repeated");
    lock_.declare(to);
    to.positionals(1, 1, arguments_, "FILE.tar is missing (- for standard input)");
  }

  int run(Session& session) override {
    const std::string& path = arguments_.at(0);
    fill_options(path);
    lock_.check(session);
    Fd file;
    std::unique_ptr<StreamSource> input;
    if (path == "-") {
      input = open_stdin(session.progress);
    } else {
      file = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
      if (!file) throw_errno(printable(path));
    }
    Repository& repository = session.repository();
    const auto locker = lock_.begin(session);
    session.progress.begin();
    const BackupResult result = import_tar(
        repository, [&](std::span<uint8_t> into) { return input ? input->read(into) : read_file(file.get(), path, into); }, options_,
        session.progress);
    session.progress.finish();
    const bool locked = finish_locking(session, locker.get());
    if (session.options.json) {
      session.out.line(backup_json(result, session.progress.errors.load(), false));
    } else if (!session.options.quiet) {
      const SnapshotStats& stats = result.manifest.stats;
      session.out.line("Imported " + counted(stats.files_new, "file", "files") + " (" + human_size(stats.bytes_read) + "), " +
                       human_size(stats.bytes_new) + " new, " + human_size(stats.bytes_stored) + " stored, as snapshot " +
                       result.manifest.id.hex().substr(0, 8) + " of " + printable(options_.name) + ".");
      if (result.incomplete) session.out.line(counted(stats.files_failed, "thing was", "things were") + " left out (see above).");
    }
    return result.incomplete || !locked ? kExitIncomplete : kExitDone;
  }

 private:
  void fill_options(const std::string& path) {
    if (path == "-" && options_.name.empty()) throw UsageError("what shall it be called? give --name COMPONENT");
    if (options_.name.empty()) options_.name = name_of(path);
    options_.source = path == "-" ? "stdin" : path;
    for (const std::string& tag : options_.tags)
      if (tag.empty() || tag.find_first_of(",\n") != tag.npos) throw UsageError("--tag: not empty, without comma and newline");
    if (time_.empty()) return;
    options_.time_ns = time_ == "name" ? time_in_name_ns(last_element(path)) : parse_time_ns(time_);
    if (options_.time_ns) return;
    throw UsageError(time_ == "name" ? "--time name: there is no date in " + printable(last_element(path))
                                     : "--time " + printable(time_) + ": write a time like 2026-11-20T03:00, or: name");
  }

  static size_t read_file(int fd, const std::string& path, std::span<uint8_t> into) {
    for (;;) {
      const ssize_t got = ::read(fd, into.data(), into.size());
      if (got >= 0) return static_cast<size_t>(got);
      if (errno != EINTR) throw_errno(printable(path));
    }
  }

  ImportOptions options_;
  RetentionLockOption lock_;
  std::vector<std::string> arguments_;
  std::string time_;
};

}  // namespace

std::unique_ptr<Command> make_import() { return std::make_unique<Import>(); }

}  // namespace cairn
