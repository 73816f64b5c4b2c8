// cairn export: snapshots, or paths of them, as a tar archive.
#include "ingest/tar/export.h"

#include "cli/command.h"
#include "cli/restore_json.h"
#include "cli/terminal.h"
#include "ingest/restore/new_file.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr char kExportDetails[] =
    "What is in the archive is what a restore of the same paths makes: components as directories of their names, streams\n"
    "and dumps as their originals.  Everything of files comes along (pax, POSIX.1-2001): owners and their names, times in\n"
    "nanoseconds, hard links, devices, extended attributes, ACLs, holes.  GNU tar brings it all back with\n"
    "tar --xattrs --xattrs-include='*' -xpf FILE, as root.\n\n"
    "FILE ends with .tar, .tar.zst, .tar.gz or .tar.xz, and appears when it is whole; what is there is never replaced.\n"
    "With --to - a plain archive goes to standard output.\n\n"
    "Exit code: 0 done; 1 something could not be read: there is no archive (of standard output: it breaks off).\n\n"
    "Examples:\n"
    "  cairn export latest --to /mnt/usb/everything.tar.zst\n"
    "  cairn export latest:media/avatars --to - | ssh there tar -x";

TarFilter filter_of(const std::string& file) {
  if (file == "-" || file.ends_with(".tar")) return TarFilter::kNone;
  if (file.ends_with(".tar.zst") || file.ends_with(".tzst")) return TarFilter::kZstd;
  if (file.ends_with(".tar.gz") || file.ends_with(".tgz")) return TarFilter::kGzip;
  if (file.ends_with(".tar.xz") || file.ends_with(".txz")) return TarFilter::kXz;
  throw UsageError("--to " + printable(file) + ": write a name that ends with .tar, .tar.zst, .tar.gz or .tar.xz, or - for standard output");
}

class Export : public Command {
 public:
  CommandHelp help() const override {
    return {"export", "[OPTIONS] SNAPSHOT[:PATH]... --to FILE.tar[.zst|.gz|.xz]", "write snapshots as a tar archive", kExportDetails};
  }
  void declare(Arguments& to) override {
    to.text("--to", "FILE", to_, "the archive to write; - for standard output");
    declare_filter(to, filter_);
    to.positionals(1, SIZE_MAX, arguments_, "SNAPSHOT is missing (try: latest)");
  }

  int run(Session& session) override {
    if (to_.empty()) throw UsageError("where to? give --to FILE.tar, or --to - for standard output");
    const TarFilter filter = filter_of(to_);
    std::vector<ExportItem> items;
    for (const std::string& argument : arguments_) {
      const SnapshotPath what = split_snapshot_path(argument);
      items.push_back({&session.choose(what.snapshot, filter_), what.path});
    }
    Progress& progress = session.progress;
    if (to_ == "-") {
      Output& out = session.out;
      export_tar(session.repository(), items, filter, [&out](ByteView bytes) { out.write(bytes); }, progress);
      return kExitDone;
    }
    Repository& repository = session.repository();
    NewFile file(to_);
    progress.begin();
    const ExportResult result = export_tar(repository, items, filter, [&file](ByteView bytes) { file.write(bytes); }, progress);
    file.publish(false);
    const uint64_t duration_ns = progress.elapsed_ns();
    progress.finish();
    if (session.options.json) {
      session.out.line(export_json(result, to_, duration_ns));
    } else if (!session.options.quiet) {
      std::string text = "Exported " + counted(result.files, "file", "files") + " (" + human_size(result.bytes) + ") and " +
                         counted(result.directories, "directory", "directories");
      if (result.others > 0) text += " and " + counted(result.others, "link or special file", "links and special files");
      session.out.line(text + " to " + printable(to_) + " in " + human_duration(duration_ns) + ".");
    }
    return kExitDone;
  }

 private:
  SnapshotFilter filter_;
  std::vector<std::string> arguments_;
  std::string to_;
};

}  // namespace

std::unique_ptr<Command> make_export() { return std::make_unique<Export>(); }

}  // namespace cairn
