// A writer's side of the deletion protocol: rules W1 to W9 of docs/deletion.md, apart from all I/O.
//
// Threads:  one thread at a time.
#pragma once

#include <functional>
#include <vector>

#include "store/gc/gc_store.h"

namespace cairn {

class WriteProtocol {
 public:
  // Announces a writer, then reads the newest gc list.  `store` must outlive this.
  explicit WriteProtocol(GcStore& store);
  ~WriteProtocol();

  // After the index was loaded: from now on prunes know what this writer has seen.
  void activate();
  const GcView& view() const { return view_; }
  const LeaseId& lease() const { return leases_.back(); }

  // The session's word on what its snapshot rests on, under the view as it is now: true when every chunk of it is in a pack that is
  // listed and not condemned.  Called after the view has changed.
  using StillThere = std::function<bool(const GcView&)>;
  // Writes the snapshot, which names this lease and generation; durable on return.
  using PutSnapshot = std::function<void(const LeaseId&, uint64_t generation)>;

  // Requires: packs and index segments are durable.  Returns when the snapshot may be called saved; the leases have ended then.
  // Overtaken: a prune took something that the snapshot rests on; there is no snapshot, and the backup has to be made again.
  // kLocked: a prune took this writer for dead; there is no snapshot that counts.
  void commit(const StillThere& still_there, const PutSnapshot& put_snapshot);
  void end() noexcept;

 private:
  void look_again();
  GcStore& store_;
  std::vector<LeaseId> leases_;   // the last one counts; those before keep prunes waiting until the end
  GcView view_;
};

// A prune ran meanwhile and took what this backup rests on.
class Overtaken : public Error {
 public:
  Overtaken() : Error(ErrorCode::kLocked, "a prune ran during this backup and took away what it rests on: run it again (what was uploaded will be used)") {}
};

}  // namespace cairn
