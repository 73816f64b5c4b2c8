// cairn find: where files and parts are, in all snapshots at once.
#include "ingest/find/find.h"

#include <algorithm>
#include <chrono>

#include "cli/command.h"
#include "cli/find_json.h"
#include "cli/ranges.h"
#include "cli/terminal.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr char kFindDetails[] =
    "Looks through all snapshots, or those that the options leave.  A PATTERN is a shell glob as in --exclude of cairn backup:\n"
    "without / it matches a name at any depth, with a leading / from the component's name on (/media/avatars/*.png), with an\n"
    "inner / at any depth; ** stands for any number of directories, and a leading ! takes matches back.  Parts of dumps\n"
    "(databases, tables, keys, elements) are found like files.\n\n"
    "Each line is one version of one path: the first and the last snapshot that have it, how many have it, the path.  Of a\n"
    "part the catalogue decides what a version is: its size, its rows.  With --all a line for each snapshot, as cairn cat and\n"
    "cairn restore take it.  Exit code 0 whether something is found or not; 1 when not all could be searched.\n\n"
    "Examples:\n"
    "  cairn find '*.conf'\n"
    "  cairn find -l 'IMG_*' -i --size +10M --newer 30d --component media\n"
    "  cairn find authentik_core_user.sql --part\n"
    "  cairn find /etc/nginx/nginx.conf --all";

class Find : public Command {
 public:
  CommandHelp help() const override { return {"find", "[OPTIONS] [PATTERN]...", "find files and parts in all snapshots", kFindDetails}; }

  IndexUse index_use() const override { return IndexUse::kMost; }
  void declare(Arguments& to) override {
    to.flag("-l,--long", long_, "with mode, size and time of modification");
    to.flag("-i,--ignore-case", ignore_case_, "a-z in patterns and names are the same as A-Z");
    to.flag("--all", all_, "a line for each snapshot: SNAPSHOT:PATH");
    to.text("--size", "RANGE", size_, "only files and parts of this size: 10M..1G, +10M (that or more), -10M (that or less)");
    to.text("--newer", "TIME", newer_, "only what was modified at or after TIME: 2026-11-20T03:00, 2026-11-20, or 30d ago");
    to.text("--older", "TIME", older_, "only what was modified before TIME");
    to.text("--type", "TYPES", criteria_.types, "only these: f files, d directories, l links, p fifos, c and b devices; also several");
    to.optional_text("part", "KIND", kAnyPart, part_, "only parts; with KIND only tables, keys, sections …: table, key, section");
    to.list("--snapshot", "SNAPSHOT", names_, "only in this snapshot (may be given several times)");
    declare_filter(to, filter_);
    to.positionals(0, SIZE_MAX, patterns_, "");
  }

  int run(Session& session) override {
    set_criteria();
    const std::vector<Manifest> snapshots = chosen(session);
    session.progress.begin();
    const auto visit = [&](const std::string& path, const FoundVersion& version, const SnapshotSet& in) {
      if (!all_) return tell(session, path, version, snapshots[in.first()], snapshots[in.last()], in.count());
      for (const SnapshotSet::Run& run : in.runs())
        for (size_t number = run.first; number <= run.last; ++number) tell_one(session, path, version, snapshots[number]);
    };
    const FindResult result = find(session.repository(), snapshots, filter_.component, criteria_, visit, session.progress);
    session.progress.finish();
    if (session.options.json) session.out.line(find_summary_json(result, snapshots.size()));
    else if (!session.options.quiet && result.versions == 0)
      session.out.line("Nothing found in " + counted(snapshots.size(), "snapshot", "snapshots") + ".");
    return result.failed > 0 || session.damaged_snapshots() > 0 ? kExitFailed : kExitDone;
  }

 private:
  static constexpr const char* kAnyPart = "any";

  void set_criteria() {
    const bool narrowed = !(size_ + newer_ + older_ + criteria_.types + part_).empty();
    if (patterns_.empty() && !narrowed) throw UsageError("PATTERN is missing (try: cairn find '*.conf')");
    if (const size_t odd = criteria_.types.find_first_not_of("fdlpcb"); odd != std::string::npos)
      throw UsageError("--type: \"" + printable(criteria_.types) + "\": write letters of f, d, l, p, c, b");
    criteria_.set_patterns(patterns_, ignore_case_);
    if (!size_.empty()) {
      const SizeRange range = parse_size_range(size_);
      criteria_.least_bytes = range.least_bytes;
      criteria_.most_bytes = range.most_bytes;
    }
    const int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    if (!newer_.empty()) criteria_.since_ns = parse_moment(newer_, now);
    if (!older_.empty()) criteria_.before_ns = parse_moment(older_, now);
    criteria_.parts_only = !part_.empty();
    criteria_.part_kind = part_ == kAnyPart ? "" : part_;
  }

  // Oldest first.
  std::vector<Manifest> chosen(Session& session) {
    std::vector<SnapshotId> named;
    for (const std::string& name : names_) named.push_back(session.choose(name, filter_).id);
    std::vector<Manifest> out;
    for (const Manifest& snapshot : session.snapshots())
      if (filter_.matches(snapshot) && (named.empty() || std::ranges::find(named, snapshot.id) != named.end())) out.push_back(snapshot);
    return out;
  }

  std::string attributes(const FoundVersion& version) const {
    if (!long_) return "";
    std::string size = std::to_string(version.size_bytes);
    size.insert(0, size.size() < 12 ? 12 - size.size() : 0, ' ');
    return mode_string(version.type, version.mode) + " " + size + " " + local_time(version.mtime_ns) + "  ";
  }
  std::string what(Session& session, const std::string& path, const FoundVersion& version) const {
    const bool raw = !session.out.is_terminal();
    std::string out = raw ? path : printable(path);
    if (!long_) return out;
    if (version.type == EntryType::kSymlink) out += " -> " + (raw ? version.target : printable(version.target));
    if (!version.part_kind.empty())
      out += "  (" + printable(version.part_kind) + (version.rows ? ", " + counted(*version.rows, "row", "rows") : "") + ")";
    return out;
  }
  static std::string short_id(const Manifest& snapshot) { return snapshot.id.hex().substr(0, 8); }

  void tell(Session& session, const std::string& path, const FoundVersion& version, const Manifest& first, const Manifest& last,
            uint64_t count) const {
    if (session.options.json) return session.out.line(match_json(path, version, first, last, count));
    std::string times = std::to_string(count);
    times.insert(0, times.size() < 5 ? 5 - times.size() : 0, ' ');
    session.out.line(short_id(first) + ".." + short_id(last) + " " + times + "  " + attributes(version) + what(session, path, version));
  }
  void tell_one(Session& session, const std::string& path, const FoundVersion& version, const Manifest& snapshot) const {
    if (session.options.json) return session.out.line(match_json(path, version, snapshot));
    session.out.line(attributes(version) + short_id(snapshot) + ":" + what(session, path, version));
  }

  FindCriteria criteria_;
  bool long_ = false, ignore_case_ = false, all_ = false;
  std::string size_, newer_, older_, part_;
  SnapshotFilter filter_;
  std::vector<std::string> names_, patterns_;
};

}  // namespace

std::unique_ptr<Command> make_find() { return std::make_unique<Find>(); }

}  // namespace cairn
