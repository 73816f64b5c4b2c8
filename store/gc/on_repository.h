// The deletion protocol's steps on a real repository: leases, gc lists and packs as files.
//
// Base: GcStore for a writer; PruneStore for a prune, which adds what only it does (store/prune/pruner.h).
// Threads:  one thread at a time; leases renew themselves meanwhile.
// Lifetime: `backend` and `keys` must outlive this.
#pragma once

#include <algorithm>
#include <memory>

#include "store/gc/gc_store.h"

namespace cairn {

template <class Base>
class OnRepository : public Base {
 public:
  OnRepository(Backend& backend, const Keyring& keys) : backend_(backend), keys_(keys) {}

  LeaseId join(LeaseRecord::Kind kind) override {
    leases_.push_back(std::make_unique<Lease>(backend_, keys_, kind));
    return leases_.back()->id();
  }
  void activate(const LeaseId& id, uint64_t generation) override { lease(id).activate(generation); }
  bool alive(const LeaseId& id) override {
    try {
      lease(id).require_alive();
      return true;
    } catch (const Error& e) {
      if (e.code() != ErrorCode::kLocked) throw;
      return false;
    }
  }
  bool revoked(const LeaseId& id) override { return lease_revoked(backend_, keys_, id); }
  std::set<LeaseId> revoked_leases() override { return cairn::revoked_leases(backend_, keys_); }
  void end(const LeaseId& id) noexcept override {
    std::erase_if(leases_, [&](const auto& held) { return held->id() == id; });   // the destructor ends it
  }

  std::vector<GcLease> leases() override {
    std::vector<SeenLease> seen = list_leases(backend_, keys_);
    std::set<LeaseId> revoked = revoked_leases();
    // Our own is the one whose time we know to be fresh.
    int64_t now_ns = INT64_MIN;
    for (const SeenLease& s : seen)
      if (std::ranges::any_of(leases_, [&](const auto& held) { return held->id() == s.record.id; })) now_ns = std::max(now_ns, s.mtime_ns);
    std::vector<GcLease> out;
    for (const SeenLease& s : seen) {
      if (s.closed()) continue;
      GcLease lease;
      lease.id = s.record.id;
      lease.writer = !s.readable || s.record.kind == LeaseRecord::Kind::kWriter;
      lease.joining = !s.readable || s.record.state == LeaseRecord::State::kJoining;
      lease.generation = s.record.generation;
      lease.started_ns = s.first_ns;
      lease.stale = revoked.contains(s.record.id) || (now_ns != INT64_MIN && now_ns - s.mtime_ns > kLeaseStaleNs);
      out.push_back(lease);
    }
    return out;
  }

  GcView newest() override {
    auto list = newest_gc_list(backend_, keys_);
    return list ? GcView{list->generation, std::move(list->condemned)} : GcView{};
  }

  std::vector<GcPack> packs() override {
    std::vector<GcPack> out;
    for (const StoredFile& file : backend_.list("packs/"))
      if (auto id = id_in_name<PackId>(file.name)) out.push_back({*id, file.mtime_ns});
    return out;
  }

 protected:
  Lease& lease(const LeaseId& id) {
    auto found = std::ranges::find_if(leases_, [&](const auto& held) { return held->id() == id; });
    if (found == leases_.end()) throw Error(ErrorCode::kLocked, "the lease on the repository has ended");
    return **found;
  }
  Backend& backend_;
  const Keyring& keys_;

 private:
  std::vector<std::unique_ptr<Lease>> leases_;
};

}  // namespace cairn
