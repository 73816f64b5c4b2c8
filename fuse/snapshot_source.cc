#include "fuse/snapshot_source.h"

#include <chrono>

#include "store/error.h"
#include "store/notes/snapshot_list.h"

namespace cairn {

namespace {

int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

SnapshotSource::SnapshotSource(Repository& repository, Monitor& monitor, int64_t look_every_ns)
    : repository_(repository), monitor_(monitor), look_every_ns_(look_every_ns), looked_ns_(steady_ns()) {
  std::lock_guard lock(loading_mu_);
  files_ = files();
  load();
}

// What the list of snapshots is made of: files never change, so their names say it all.
std::vector<std::string> SnapshotSource::files() const {
  const FolderListing seen(repository_.backend(), {"notes/", "snapshots/"});
  std::vector<std::string> names;
  for (const char* folder : {"snapshots/", "notes/"})
    for (const StoredFile& file : seen.in(folder)) names.push_back(file.name);
  return names;
}

void SnapshotSource::load() {
  SnapshotList list = list_snapshots(repository_.backend(), repository_.keys());
  for (const SnapshotList::Problem& problem : list.problems) monitor_.warning(problem.what + " (see: cairn check)");
  auto names = std::make_unique<SnapshotNames>(list.snapshots);
  {
    std::lock_guard lock(manifests_mu_);
    for (Manifest& manifest : list.snapshots) {
      const SnapshotId id = manifest.id;
      manifests_.try_emplace(id, std::make_unique<Manifest>(std::move(manifest)));
    }
  }
  std::unique_lock lock(mu_);
  names_ = std::move(names);
  ++changes_;
}

void SnapshotSource::look() {
  int64_t before = looked_ns_;
  if (steady_ns() - before < look_every_ns_) return;
  std::unique_lock lock(loading_mu_, std::try_to_lock);
  if (!lock || steady_ns() - looked_ns_ < look_every_ns_) return;
  try {
    std::vector<std::string> now = files();
    if (now != files_) {
      load();
      files_ = std::move(now);
    }
    trouble_.clear();
  } catch (const Error& e) {
    if (trouble_ != e.what()) monitor_.warning("can't look for new snapshots: " + std::string(e.what()));
    trouble_ = e.what();
  }
  looked_ns_ = steady_ns();
}

const Manifest* SnapshotSource::manifest(const SnapshotId& id) const {
  std::lock_guard lock(manifests_mu_);
  auto found = manifests_.find(id);
  return found == manifests_.end() ? nullptr : found->second.get();
}

}  // namespace cairn
