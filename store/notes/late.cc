#include "store/notes/late.h"

#include <algorithm>

namespace cairn {

LateSnapshots LateSnapshots::load(Backend& backend, const Keyring& keys, const FolderListing& seen, std::vector<std::string>* problems) {
  LateSnapshots out;
  auto read = [&](const StoredFile& file, const GcListName& name) {
    try {
      const GcList list = GcList::decode(read_whole(backend, file.name, kMostGcListBytes), name.kind, name.generation, keys);
      Run& run = out.runs_[name.generation];
      run.revoked.insert(list.revoked.begin(), list.revoked.end());
      run.accepted.insert(list.accepted.begin(), list.accepted.end());
    } catch (const Error& e) {
      if (problems && e.code() != ErrorCode::kNotFound)
        problems->push_back("which snapshots came too late for a prune isn't known: " + std::string(e.what()));
    }
  };
  const std::span<const StoredFile> files = seen.in("gc/");
  for (const StoredFile& file : files)
    if (const auto name = parse_gc_list_name(file.name); name && name->kind == GcList::Kind::kCondemned)
      out.generation_ = std::max(out.generation_, name->generation);
  for (GcList::Kind kind : {GcList::Kind::kRevoked, GcList::Kind::kAccepted})
    for (const StoredFile& file : files) {
      const auto name = parse_gc_list_name(file.name);
      if (!name || name->kind != kind) continue;
      if (kind == GcList::Kind::kRevoked || out.runs_.contains(name->generation)) read(file, *name);
    }
  return out;
}

bool LateSnapshots::late(const SnapshotId& snapshot, const LeaseId& lease) const {
  return std::ranges::any_of(runs_, [&](const auto& entry) {
    return entry.second.revoked.contains(lease) && !entry.second.accepted.contains(snapshot);
  });
}

}  // namespace cairn
