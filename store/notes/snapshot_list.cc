#include "store/notes/snapshot_list.h"

#include <algorithm>
#include <atomic>

#include "store/notes/late.h"
#include "store/parallel.h"

namespace cairn {

namespace {

constexpr size_t kLeastForThread = 4, kMostAtOnceFromAfar = 8;

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

struct Opened {
  std::optional<Manifest> manifest;
  std::string problem;   // neither: it is gone
};

// Several at once: each takes a third of a millisecond, or a way to the storage and back.
std::vector<Opened> open_all(Backend& backend, const Keyring& keys, const std::vector<std::pair<SnapshotId, const StoredFile*>>& files) {
  std::vector<Opened> out(files.size());
  std::atomic<size_t> next{0};
  const size_t most = backend.uploads_at_once() > 1 ? kMostAtOnceFromAfar : processor_count();
  in_parallel(std::clamp<size_t>(files.size() / kLeastForThread, 1, most), [&](size_t) {
    for (size_t i = next++; i < files.size(); i = next++) {
      const auto& [id, file] = files[i];
      try {
        out[i].manifest = Manifest::decode(read_whole(backend, file->name, kMostManifestBytes + 4096), id, keys);
      } catch (const Error& e) {
        if (e.code() != ErrorCode::kNotFound) out[i].problem = "a snapshot can't be opened: " + std::string(e.what());
      }
    }
  });
  return out;
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
  std::vector<std::pair<SnapshotId, const StoredFile*>> files;
  for (const StoredFile& file : seen.in("snapshots/")) {
    const auto id = id_in_name<SnapshotId>(file.name);
    if (!id) continue;
    if (!out.notes.forgotten(*id)) files.emplace_back(*id, &file);
    else if (still_there(backend, file.name)) out.standing.push_back(*id);
  }
  std::vector<Opened> opened = open_all(backend, keys, files);
  for (size_t i = 0; i < files.size(); ++i) {
    if (!opened[i].problem.empty()) {
      out.damaged.push_back(files[i].first);
      out.problems.push_back({files[i].second->name, std::move(opened[i].problem)});
    }
    if (!opened[i].manifest) continue;
    out.snapshots.push_back(std::move(*opened[i].manifest));
    out.snapshots.back().received_ns = files[i].second->mtime_ns;
    apply(out.notes, late, out.snapshots.back());
  }
  for (const SnapshotId& id : out.standing)
    out.problems.push_back({snapshot_name(id), "the snapshot " + id.hex().substr(0, 16) + " was forgotten, but its file is there: a forget "
                                               "was interrupted, or an old copy was put back; the next cairn forget removes it"});
  std::ranges::sort(out.snapshots, {}, [](const Manifest& m) { return std::pair(m.time_ns, m.id); });
  return out;
}

}  // namespace cairn
