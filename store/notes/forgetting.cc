// Forgetting snapshots: the note first, the files then.
#include <algorithm>

#include "store/error.h"
#include "store/notes/notes.h"
#include "store/prune/reserve.h"
#include "store/repository.h"

namespace cairn {

size_t remove_forgotten(Backend& backend, const Notes& notes) {
  size_t removed = 0;
  for (const StoredFile& file : backend.list("snapshots/")) {
    const auto id = id_in_name<SnapshotId>(file.name);
    if (id && notes.forgotten(*id)) removed += backend.remove(file.name);
  }
  return removed;
}

void forget_snapshots(Repository& repository, std::span<const SnapshotId> snapshots, const std::map<SnapshotId, SnapshotId>& replaced_by) {
  Backend& backend = repository.backend();
  const Keyring& keys = repository.keys();
  if (!keys.maintenance_seed) throw Error(ErrorCode::kWrongKey, "only an owner's key may forget snapshots");
  std::vector<std::string> problems;
  const Notes notes = Notes::load(backend, keys, &problems);
  if (!problems.empty()) throw Error(ErrorCode::kCorrupt, problems[0] + "; nothing was forgotten (see: cairn check)");
  std::vector<Statement> statements;
  for (const SnapshotId& id : snapshots) {
    if (notes.forgotten(id) || std::ranges::find(statements, id, &Statement::snapshot) != statements.end()) continue;
    Statement s;
    s.kind = Statement::Kind::kForgotten;
    s.snapshot = id;
    s.witness = witness_of(keys.repository, id, read_whole(backend, snapshot_name(id), kMostManifestBytes + 4096));
    if (const auto by = replaced_by.find(id); by != replaced_by.end()) s.replaced_by = by->second;
    statements.push_back(std::move(s));
  }
  with_reserve(backend, [&] { put_note(backend, keys, statements); });
  // Asked again: what others forgot meanwhile is finished too.
  try {
    remove_forgotten(backend, Notes::load(backend, keys));
  } catch (const Error& e) {   // who may not delete there leaves it to a prune by somebody who may
    if (e.code() != ErrorCode::kWrongKey) throw;
  }
}

}  // namespace cairn
