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

// What -l tells of an entry, but for its size.  One after the other has the same, mostly.
class LongAttributes {
 public:
  explicit LongAttributes(const Manifest& snapshot) : snapshot_(snapshot) {}

  void append(const Entry& entry, std::string& out) {
    const Last last{entry.type, entry.mode, entry.uid, entry.gid, entry.mtime_ns};
    if (before_.empty() || last != last_) make(entry);
    last_ = last;
    out.append(before_).append(padded(size_or_device(entry), 12, true)).append(behind_);
  }

 private:
  struct Last {
    EntryType type;
    uint32_t mode, uid, gid;
    int64_t mtime_ns;
    bool operator==(const Last&) const = default;
  };
  void make(const Entry& entry) {
    before_ = mode_string(entry.type, entry.mode) + " " + padded(owner(snapshot_.users, entry.uid), 8, false) + " " +
              padded(owner(snapshot_.groups, entry.gid), 8, false) + " ";
    behind_ = " " + local_time(entry.mtime_ns) + " ";
  }
  const Manifest& snapshot_;
  Last last_{};
  std::string before_, behind_;   // the size
};

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
    LongAttributes attributes(snapshot);
    std::string text;
    const ListVisit visit = [&](const std::string& path, const Entry& entry, const Part* part) {
      session.progress.check_interrupted();
      if (session.options.json) return out.line(entry_json(path, entry, snapshot, part));
      text.clear();
      if (long_) attributes.append(entry, text);
      raw ? text.append(path) : text.append(printable(path));
      if (long_ && entry.type == EntryType::kSymlink) text.append(" -> ").append(raw ? entry.target : printable(entry.target));
      if (long_ && part) append_what_it_is(*part, text);
      text += null_ ? '\0' : '\n';
      out.write(text);
    };
    const uint64_t unread = list(session.repository(), snapshot, what.path, recursive_, visit, session.progress);
    return unread > 0 ? kExitFailed : kExitDone;
  }

 private:
  // "  (table, 1,234 rows)"
  void append_what_it_is(const Part& part, std::string& out) {
    const auto type = part.properties.find("type");
    const std::string_view own_word = type != part.properties.end() ? type->second : std::string_view();
    if (words_.empty() || part.kind != kind_ || own_word != type_) {
      kind_ = part.kind;
      type_ = own_word;
      words_ = make_words(part.kind, type_);
    }
    out += words_;
    if (const auto rows = number_of(part, "rows")) out.append(", ").append(counted(*rows, "row", "rows"));
    if (const auto elements = number_of(part, "elements")) out.append(", ").append(counted(*elements, "element", "elements"));
    if (const auto expires = number_of(part, "expires"); expires && *expires < kMostMilliseconds)
      out.append(", expires ").append(local_time(static_cast<int64_t>(*expires) * 1'000'000));
    out += ')';
  }

  // `own_word`: the dump's, told where it says more than the kind.
  static std::string make_words(const std::string& kind, std::string_view own_word) {
    std::string type = printable(own_word);
    for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    return "  (" + printable(kind) + (type.empty() || type == kind ? "" : ", " + type);
  }

  bool long_ = false, recursive_ = false, null_ = false;
  std::string kind_, type_, words_;   // of the part told last, and what they make
  SnapshotFilter filter_;
  std::vector<std::string> arguments_;
};

}  // namespace

std::unique_ptr<Command> make_ls() { return std::make_unique<Ls>(); }

}  // namespace cairn
