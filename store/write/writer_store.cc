#include "store/write/writer_store.h"

namespace cairn {

// Packs and index must not be older than the gc list: one deleted in between would look as if it were there.  One look at everything has
// no order, but when the newest list is the one known before, it was that at the look's beginning.
GcView WriterStore::newest() {
  look_.emplace(backend_, std::vector<std::string>{"gc/", "index/", "packs/", "notes/", "snapshots/"});
  packs_.reset();
  auto list = newest_gc_list(backend_, keys_, *look_);
  GcView view = list ? GcView{list->generation, std::move(list->condemned)} : GcView{};
  if (view.generation != generation_) packs_.emplace(backend_, std::vector<std::string>{"index/", "packs/"});
  generation_ = view.generation;
  return view;
}

bool WriterStore::standing(const LeaseId& id, uint64_t generation) {
  const Lease& own = lease(id);
  const uint32_t renewal = own.renewal();
  const FolderListing seen(backend_, {own.files_prefix(), "gc/"});
  try {
    own.require_alive(seen, renewal);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kLocked) throw;
    return false;
  }
  return newest_generation(seen) == generation && !cairn::revoked_leases(backend_, keys_, seen).contains(id);
}

}  // namespace cairn
