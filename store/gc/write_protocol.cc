#include "store/gc/write_protocol.h"

namespace cairn {

namespace {

constexpr int kMostLooks = 8;   // prunes that one commit follows; each is a run of minutes

}  // namespace

// The lease stands before anything is looked at, and the gc list is read before packs and index: what is deleted between two of these
// is seen as missing, never believed to be there.
WriteProtocol::WriteProtocol(GcStore& store) : store_(store), leases_{store.join(LeaseRecord::Kind::kWriter)} {
  try {
    view_ = store_.newest();
  } catch (...) {
    end();
    throw;
  }
}

WriteProtocol::~WriteProtocol() { end(); }

void WriteProtocol::end() noexcept {
  for (const LeaseId& lease : leases_) store_.end(lease);
  leases_.clear();
}

void WriteProtocol::activate() { store_.activate(lease(), view_.generation); }

// A new lease, then the lists anew.  The old lease stays: prunes wait for it.
void WriteProtocol::look_again() {
  leases_.push_back(store_.join(LeaseRecord::Kind::kWriter));
  view_ = store_.newest();
}

void WriteProtocol::commit(const StillThere& still_there, const PutSnapshot& put_snapshot) {
  for (int looks = 0; !store_.standing(lease(), view_.generation); ++looks) {
    if (looks == kMostLooks) throw Overtaken();
    look_again();
    if (!still_there(view_)) throw Overtaken();
    activate();
  }
  put_snapshot(lease(), view_.generation);
  // A writer that was frozen between the look and the snapshot must not call it good: packs may be gone.
  if (store_.revoked(lease()))
    throw Error(ErrorCode::kLocked, "a prune took this backup for dead while it was being saved: run it again");
  end();
}

}  // namespace cairn
