// The deletion protocol's steps of a writer, with as few questions to a distant storage as it allows.
//
// Threads:  one thread at a time; leases renew themselves meanwhile.
// Lifetime: `backend` and `keys` must outlive this.
#pragma once

#include <optional>

#include "store/gc/on_repository.h"

namespace cairn {

class WriterStore final : public OnRepository<GcStore> {
 public:
  // `generation`: the newest gc list as it was known before there was a lease.
  WriterStore(Backend& backend, const Keyring& keys, uint64_t generation) : OnRepository(backend, keys), generation_(generation) {}

  // With the gc list, packs, index, snapshots and notes as they were then, or later: look().
  GcView newest() override;
  bool standing(const LeaseId& id, uint64_t generation) override;

  // Of the last newest().   Requires: there was one.
  const FolderListing& look() const { return *look_; }
  // Its packs and index, which are of the same moment.
  const FolderListing& packs_seen() const { return packs_ ? *packs_ : *look_; }

 private:
  uint64_t generation_;                  // that is known
  std::optional<FolderListing> look_;
  std::optional<FolderListing> packs_;   // looked at once more
};

}  // namespace cairn
