// gc/N: packs condemned by a prune.  Its number is the generation; it is created once, in one atomic step, and signed with the
// maintenance key, because whoever could forge one could hand dead packs back to writers.  docs/deletion.md has the protocol.
//
// Layout: a sealed file under the gc key (object id: the number, little-endian, in the first 8 of 32 bytes); content: number 8 |
// created 8 | condemned packs: count, id 32 each | revoked leases: count, id 32 each | accepted snapshots: count, id 32 each |
// maintenance signature 64 over everything before it.
#pragma once

#include <optional>
#include <vector>

#include "store/backend/backend.h"
#include "store/sealed_file.h"

namespace cairn {

struct GcList {
  uint64_t generation = 0;
  int64_t created_ns = 0;
  std::vector<PackId> condemned;
  std::vector<LeaseId> revoked;
  std::vector<SnapshotId> accepted;

  // Requires: keys.maintenance_seed.
  Bytes encode(const Keyring& keys) const;
  static GcList decode(ByteView file, uint64_t generation, const Keyring& keys);
};

// The number in a name, nullopt when it isn't one of a gc list.
std::optional<uint64_t> gc_list_generation(std::string_view name);

// The newest list, nullopt when nothing was ever condemned.  A list that can't be read is an error: guessing would lose data.
std::optional<GcList> newest_gc_list(Backend& backend, const Keyring& keys);

}  // namespace cairn
