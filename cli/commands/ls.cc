// cairn ls: what is in a snapshot.
#include "cli/command.h"
#include "cli/json.h"
#include "cli/terminal.h"
#include "ingest/restore.h"
#include "store/error.h"

namespace cairn {

namespace {

std::string padded(std::string text, size_t width, bool right) {
  const std::string blanks(width > columns(text) ? width - columns(text) : 0, ' ');
  return right ? blanks + text : text + blanks;
}

std::string owner(const std::map<uint32_t, std::string>& names, uint32_t number) {
  auto found = names.find(number);
  return found == names.end() ? std::to_string(number) : printable(found->second);
}

// Major and minor number of a device, else the size; as ls -l has them.
std::string size_or_device(const Entry& entry) {
  if (entry.type != EntryType::kCharDevice && entry.type != EntryType::kBlockDevice) return std::to_string(entry.size_bytes);
  const uint64_t d = entry.device;  // as gnu_dev_major(3) and gnu_dev_minor(3)
  const uint64_t major = (d >> 8 & 0xfff) | (d >> 32 & ~uint64_t{0xfff}), minor = (d & 0xff) | (d >> 12 & ~uint64_t{0xff});
  return std::to_string(major) + ", " + std::to_string(minor);
}

class Ls : public Command {
 public:
  CommandHelp help() const override {
    return {"ls", "[OPTIONS] SNAPSHOT[:PATH]", "list what is in a snapshot",
            "Without PATH the components.  Paths begin with the component's name, as everywhere.  A dump with parts is a\n"
            "directory: its original, and what can be taken out of it; -l tells what each part is.  On a terminal odd\n"
            "characters are shown as \\xNN; elsewhere names are written as they are (-0 ends them with NUL instead of\n"
            "newline).\n\n"
            "Examples:\n  cairn ls latest\n  cairn ls -l latest:media/avatars\n  cairn ls -l latest:db/authentik/public\n"
            "  cairn ls -R -0 latest~1:etc | xargs -0 -n1 echo"};
  }
  void declare(Arguments& to) override {
    to.flag("-l,--long", long_, "with mode, owner, size and time");
    to.flag("-R,--recursive", recursive_, "with everything beneath");
    to.flag("-0,--null", null_, "end names with NUL, and don't escape them");
    declare_filter(to, filter_);
    to.positionals(1, 1, arguments_, "SNAPSHOT is missing (try: latest)");
  }

  int run(Session& session) override {
    const SnapshotPath what = split_snapshot_path(arguments_.at(0));
    const Manifest& snapshot = session.choose(what.snapshot, filter_);
    Output& out = session.out;
    const bool raw = null_ || !out.is_terminal();
    const ListVisit visit = [&](const std::string& path, const Entry& entry, const Part* part) {
      session.progress.check_interrupted();
      if (session.options.json) return out.line(entry_json(path, entry, snapshot, part));
      if (long_) out.write(attributes(entry, snapshot));
      out.write(raw ? path : printable(path));
      if (long_ && entry.type == EntryType::kSymlink) out.write(" -> " + (raw ? entry.target : printable(entry.target)));
      if (long_ && part) out.write(what_it_is(*part));
      out.write(null_ ? std::string_view("\0", 1) : "\n");
    };
    const uint64_t unread = list(session.repository(), snapshot, what.path, recursive_, visit, session.progress);
    return unread > 0 ? kExitFailed : kExitDone;
  }

 private:
  static std::string attributes(const Entry& entry, const Manifest& snapshot) {
    return mode_string(entry.type, entry.mode) + " " + padded(owner(snapshot.users, entry.uid), 8, false) + " " +
           padded(owner(snapshot.groups, entry.gid), 8, false) + " " + padded(size_or_device(entry), 12, true) + " " +
           local_time(entry.mtime_ns) + " ";
  }

  // "  (table, 1,234 rows)"
  static std::string what_it_is(const Part& part) {
    std::string out = "  (" + printable(part.kind);
    std::string type;   // the dump's own word, where it says more
    if (const auto found = part.properties.find("type"); found != part.properties.end()) type = printable(found->second);
    for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    if (!type.empty() && type != part.kind) out += ", " + type;
    if (const auto rows = number_of(part, "rows")) out += ", " + counted(*rows, "row", "rows");
    if (const auto elements = number_of(part, "elements")) out += ", " + counted(*elements, "element", "elements");
    if (const auto expires = number_of(part, "expires"); expires && *expires < kMostMilliseconds)
      out += ", expires " + local_time(static_cast<int64_t>(*expires) * 1'000'000);
    return out + ")";
  }

  bool long_ = false, recursive_ = false, null_ = false;
  SnapshotFilter filter_;
  std::vector<std::string> arguments_;
};

}  // namespace

std::unique_ptr<Command> make_ls() { return std::make_unique<Ls>(); }

}  // namespace cairn
