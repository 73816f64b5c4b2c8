#include "fuse/snapshot_names.h"

#include <algorithm>
#include <ctime>
#include <set>

#include "ingest/parts/names.h"

namespace cairn {

namespace {

constexpr size_t kShortId = 16;
constexpr int64_t kSecond = 1'000'000'000;

std::string local(int64_t time_ns, const char* format) {
  const time_t seconds = static_cast<time_t>(time_ns / kSecond - (time_ns % kSecond < 0));
  std::tm tm{};
  ::localtime_r(&seconds, &tm);
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, format, &tm));
}

}  // namespace

SnapshotNames::SnapshotNames(const std::vector<Manifest>& snapshots) {
  for (const char* directory : {"", "by-id", "by-time", "hosts", "tags"}) directories_[directory];
  std::map<std::string, SnapshotName> newest;   // by directory
  std::set<std::string> ids, taken;
  auto add = [&](const std::string& directory, SnapshotName name) {
    if (!taken.insert(directory + "/" + name.name).second) name.name += "-" + name.snapshot.hex().substr(0, 8);
    directories_[directory].push_back(std::move(name));
  };
  for (const Manifest& m : snapshots) {
    std::string id = m.id.hex().substr(0, kShortId);
    if (!ids.insert(id).second) id = m.id.hex();
    add("by-id", {id, "", m.id, m.time_ns});
    const std::string day = local(m.time_ns, "%Y-%m-%d"), moment = local(m.time_ns, "%Y-%m-%dT%H-%M-%S");
    add("by-time/" + day, {moment.substr(day.size() + 1), "../../by-id/" + id, m.id, m.time_ns});
    std::vector<std::string> groups{"hosts/" + escape_part_name(m.host)};
    for (const std::string& tag : m.tags) groups.push_back("tags/" + escape_part_name(tag));
    for (const std::string& group : groups) {
      add(group, {moment, "../../by-id/" + id, m.id, m.time_ns});
      if (!m.late) newest[group] = {"latest", "../../by-id/" + id, m.id, m.time_ns};
    }
    if (!m.late) newest[""] = {"latest", "by-id/" + id, m.id, m.time_ns};
    newest_ns_ = std::max(newest_ns_, m.time_ns);
  }
  for (auto& [directory, name] : newest) directories_[directory].push_back(std::move(name));
  // Directories of directories.
  std::vector<std::string> paths;
  for (const auto& [path, names] : directories_) paths.push_back(path);
  std::ranges::reverse(paths);   // what is in a directory before the directory
  for (const std::string& path : paths) {
    if (path.empty()) continue;
    int64_t time_ns = 0;
    for (const SnapshotName& name : directories_[path]) time_ns = std::max(time_ns, name.time_ns);
    const size_t slash = path.rfind('/');
    directories_[slash == path.npos ? "" : path.substr(0, slash)].push_back({path.substr(slash + 1), "", {}, time_ns});
  }
  for (auto& [path, names] : directories_) std::ranges::sort(names, {}, &SnapshotName::name);
}

const std::vector<SnapshotName>* SnapshotNames::directory(const std::string& path) const {
  auto found = directories_.find(path);
  return found == directories_.end() ? nullptr : &found->second;
}

const SnapshotName* SnapshotNames::find(const std::string& path) const {
  const size_t slash = path.rfind('/');
  const auto* names = directory(slash == path.npos ? "" : path.substr(0, slash));
  if (!names) return nullptr;
  auto found = std::ranges::lower_bound(*names, path.substr(slash + 1), {}, &SnapshotName::name);
  return found == names->end() || found->name != path.substr(slash + 1) ? nullptr : &*found;
}

}  // namespace cairn
