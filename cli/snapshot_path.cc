#include "cli/snapshot_path.h"

#include <array>

#include "store/error.h"

namespace cairn {

namespace {

// How many bytes of `text` look like the pattern ('0' stands for a digit, everything else for itself); 0 if they don't.
size_t match(std::string_view text, std::string_view pattern) {
  if (text.size() < pattern.size()) return 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool fits = pattern[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == pattern[i];
    if (!fits) return 0;
  }
  return pattern.size();
}

// The end of the snapshot's name: where the ':' is, or the size.
size_t end_of_name(std::string_view argument) {
  static constexpr std::array<std::string_view, 6> kTimes = {"@0000-00-00T00:00:00Z", "@0000-00-00T00:00:00",
                                                             "@0000-00-00T00:00Z",    "@0000-00-00T00:00",
                                                             "@0000-00-00Z",          "@0000-00-00"};
  for (const std::string_view pattern : kTimes) {  // longest first
    const size_t length = match(argument, pattern);
    if (length > 0 && (length == argument.size() || argument[length] == ':')) return length;
  }
  return std::min(argument.find(':'), argument.size());
}

}  // namespace

SnapshotPath split_snapshot_path(std::string_view argument) {
  const size_t end = end_of_name(argument);
  SnapshotPath out{.snapshot = std::string(argument.substr(0, end)), .path = ""};
  if (out.snapshot.empty())
    throw UsageError("\"" + printable(argument) + "\": write SNAPSHOT or SNAPSHOT:PATH, like latest:media/avatars");
  std::string_view rest = end < argument.size() ? argument.substr(end + 1) : std::string_view{};
  while (!rest.empty()) {
    const size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view name = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (name.empty() || name == ".") continue;
    if (name == "..") throw UsageError("\"" + printable(argument) + "\": .. has no meaning in a snapshot");
    out.path += (out.path.empty() ? "" : "/") + std::string(name);
  }
  return out;
}

void declare_filter(Arguments& to, SnapshotFilter& filter) {
  to.text("--host", "HOST", filter.host, "only snapshots made on HOST");
  to.list("--tag", "TAG", filter.tags, "only snapshots with this tag (with several: with all of them)");
  to.text("--component", "NAME", filter.component, "only snapshots with a component of this name");
}

}  // namespace cairn
