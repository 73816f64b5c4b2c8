#include "store/retention/reduce.h"

#include <algorithm>

#include "store/notes/notes.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kReaderBytes = 1 << 20;   // for one directory
constexpr size_t kReductionsAtOnce = 32;   // that an interruption would leave beside their originals

void require_reducible(const Repository& repository, const Manifest& from, std::span<const std::string> names) {
  const std::string what = "snapshot " + from.id.hex().substr(0, 16) + ": ";
  if (!repository.keys().maintenance_seed)
    throw Error(ErrorCode::kWrongKey, "only an owner's key may make a snapshot with fewer components");
  if (from.is_protected || from.late)
    throw Error(ErrorCode::kInvalidArgument, what + (from.is_protected ? "is protected" : "must be checked first") + ": all its components stay");
  if (names.empty() || names.size() >= from.components.size())
    throw Error(ErrorCode::kInvalidArgument, what + "some of its components must stay, and some not");
  for (const std::string& name : names)
    if (!from.component(name)) throw Error(ErrorCode::kInvalidArgument, what + "has no component " + printable(name));
}

ChunkId smaller_root(WriteSession& session, const Manifest& from, std::span<const std::string> names) {
  ChunkReader reader = session.make_reader(kReaderBytes);
  const PutObject put = [&session](ByteView object) { return session.put_object(object); };
  DirectoryWriter root(put);
  DirectoryReader entries(reader.object_source(), from.root);
  size_t found = 0;
  while (const Entry* entry = entries.next()) {
    if (std::ranges::find(names, entry->name) == names.end()) continue;
    root.add(*entry);
    ++found;
  }
  if (found != names.size())
    throw Error(ErrorCode::kCorrupt, "snapshot " + from.id.hex().substr(0, 16) + ": its root lacks some of its components; it was left as it is");
  return root.finish();
}

// Prune keeps what a snapshot needs as long as it is there.  The new one relies on that: its data must not have been without a
// snapshot at any moment.
void require_origin(Repository& repository, const Manifest& from, const SnapshotId& made) {
  Backend& backend = repository.backend();
  const std::string name = snapshot_name(from.id);
  const bool stands = std::ranges::any_of(backend.list("snapshots/"), [&](const StoredFile& file) { return file.name == name; });
  if (stands && !Notes::load(backend, repository.keys()).forgotten(from.id)) return;
  forget_snapshots(repository, {&made, 1});
  throw Error(ErrorCode::kLocked, "snapshot " + from.id.hex().substr(0, 16) + ": somebody else forgot it at this moment; run it again");
}

}  // namespace

Manifest reduce_snapshot(Repository& repository, WriteSession& session, const Manifest& from, std::span<const std::string> names) {
  require_reducible(repository, from, names);
  Manifest out = from;
  out.root = smaller_root(session, from, names);
  std::erase_if(out.components, [&](const ComponentInfo& c) { return std::ranges::find(names, c.name) == names.end(); });
  out.origin = from.id;
  out.original_author = from.credited_author();
  out.verified_ns = 0;
  session.commit(out);
  require_origin(repository, from, out.id);
  return out;
}

std::map<SnapshotId, SnapshotId> carry_out(Repository& repository, std::span<const SnapshotId> forgotten, std::span<const Reduction> reductions,
                                           const std::function<void()>& step) {
  std::map<SnapshotId, SnapshotId> replaced;
  while (!reductions.empty()) {
    const auto batch = reductions.first(std::min(reductions.size(), kReductionsAtOnce));
    reductions = reductions.subspan(batch.size());
    std::vector<SnapshotId> originals;
    auto forget_originals = [&] {
      if (!originals.empty()) forget_snapshots(repository, originals, replaced);
    };
    try {
      for (const Reduction& reduction : batch) {
        step();
        WriteSession session(repository);
        replaced[reduction.snapshot->id] = reduce_snapshot(repository, session, *reduction.snapshot, reduction.components).id;
        originals.push_back(reduction.snapshot->id);
      }
    } catch (const Error&) {
      forget_originals();
      throw;
    }
    forget_originals();
  }
  if (!forgotten.empty()) forget_snapshots(repository, forgotten);
  return replaced;
}

}  // namespace cairn
