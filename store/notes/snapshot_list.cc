#include "store/notes/snapshot_list.h"

#include <algorithm>

#include "store/notes/late.h"

namespace cairn {

namespace {

void apply(const Notes& notes, const LateSnapshots& late, Manifest& m) {
  using Kind = Statement::Kind;
  if (const Statement* tags = notes.find(Kind::kTags, m.id)) {
    m.tags = tags->tags;
    std::ranges::sort(m.tags);
  }
  if (const Statement* protection = notes.find(Kind::kProtected, m.id)) m.is_protected = protection->on;
  if (const Statement* verified = notes.find(Kind::kVerified, m.id)) m.verified_ns = verified->made_ns;
  m.late = m.verified_ns == 0 && late.late(m.id, m.lease);
}

// Somebody may be forgetting it just now: then it is gone in a moment, and nothing is wrong.
bool still_there(Backend& backend, const std::string& name) {
  try {
    backend.size(name);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

SnapshotList list_snapshots(Backend& backend, const Keyring& keys) {
  return list_snapshots(backend, keys, FolderListing(backend, {"notes/", "gc/", "snapshots/"}));
}

SnapshotList list_snapshots(Backend& backend, const Keyring& keys, const FolderListing& seen) {
  if (!keys.may_read()) throw Error(ErrorCode::kWrongKey, "this key may only write: it can't open snapshots");
  SnapshotList out;
  std::vector<std::string> problems;
  out.notes = Notes::load(backend, keys, seen, &problems);
  for (std::string& problem : problems) out.problems.push_back({"notes/", std::move(problem)});
  problems.clear();   // those of the notes are told
  const LateSnapshots late = LateSnapshots::load(backend, keys, seen, &problems);
  out.generation = late.generation();
  for (std::string& problem : problems) out.problems.push_back({"gc/", std::move(problem)});
  for (const StoredFile& file : seen.in("snapshots/")) {
    const auto id = id_in_name<SnapshotId>(file.name);
    if (!id) continue;
    if (out.notes.forgotten(*id)) {
      if (still_there(backend, file.name)) out.standing.push_back(*id);
      continue;
    }
    try {
      Manifest m = Manifest::decode(read_whole(backend, file.name, kMostManifestBytes + 4096), *id, keys);
      m.received_ns = file.mtime_ns;
      apply(out.notes, late, m);
      out.snapshots.push_back(std::move(m));
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kNotFound) continue;
      out.damaged.push_back(*id);
      out.problems.push_back({file.name, "a snapshot can't be opened: " + std::string(e.what())});
    }
  }
  for (const SnapshotId& id : out.standing)
    out.problems.push_back({snapshot_name(id), "the snapshot " + id.hex().substr(0, 16) + " was forgotten, but its file is there: a forget "
                                               "was interrupted, or an old copy was put back; the next cairn forget removes it"});
  std::ranges::sort(out.snapshots, {}, [](const Manifest& m) { return std::pair(m.time_ns, m.id); });
  return out;
}

}  // namespace cairn
