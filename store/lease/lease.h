// leases/ID.N: who is at work.  A writer announces itself before it looks at anything, and renews while it works, so that a prune
// knows whose packs it must not touch (the protocol: docs/deletion.md).
//
// Layout: a sealed file under the lease key; content: kind 1 | state 1 | number 4 | generation 8 | started 8 | host | user | program | pid.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "store/backend/folder_listing.h"
#include "store/sealed_file.h"

namespace cairn {

struct LeaseRecord {
  enum class Kind : uint8_t { kWriter = 1, kPruner = 2 };
  enum class State : uint8_t { kJoining = 1, kActive = 2, kClosed = 3 };
  LeaseId id;              // of the file; not in the content
  Kind kind = Kind::kWriter;
  State state = State::kJoining;
  uint32_t number = 0;     // of the renewal, from 1
  uint64_t generation = 0; // the newest gc list it has seen
  int64_t started_ns = 0;
  std::string host, user, program;
  uint64_t process = 0;

  Bytes encode(const Keyring& keys) const;
  static LeaseRecord decode(ByteView file, const LeaseId& id, const Keyring& keys, std::string_view name);
};

constexpr int64_t kLeaseStaleNs = int64_t{30} * 60 * 1'000'000'000;   // by the storage's clock
constexpr int64_t kLeaseRenewNs = int64_t{5} * 60 * 1'000'000'000;

// A live lease: created joining, made active, renewed by a thread of its own, ended by close() or abandoned by the destructor
// (which tries to remove it: a lease left behind delays a prune by its staleness, nothing else).
// Threads:  one thread at a time.
class Lease {
 public:
  // `backend` and `keys` must outlive this.
  Lease(Backend& backend, const Keyring& keys, LeaseRecord::Kind kind);
  ~Lease();
  void activate(uint64_t generation);
  // Throws kLocked when a renewal has failed, or the lease is not there any more: nothing may be committed under it then.
  void require_alive() const;
  // The same by a listing: whoever lists files_prefix() after he asked for the number of the last renewal sees that one or a later.
  std::string files_prefix() const;
  uint32_t renewal() const;
  void require_alive(const FolderListing& seen, uint32_t renewal) const;
  void close();
  const LeaseId& id() const { return id_; }

 private:
  void put_next();
  void end() noexcept;
  void renew_until_stopped(std::stop_token stop);
  Backend& backend_;
  const Keyring& keys_;
  mutable std::mutex mu_;
  std::condition_variable_any wake_;
  LeaseId id_;                // constant
  LeaseRecord record_;        // guarded by mu_; number 0: no renewal stands
  uint32_t attempts_ = 0;     // guarded by mu_
  std::string failure_;       // guarded by mu_; why the last renewal failed
  std::jthread renewer_;      // last: joins before the rest goes
};

// All leases, the newest renewal of each, with the time of its file by the storage's clock.  One that can't be read (damaged, or of a
// newer version) has only its id: it must be taken for somebody at work until it is stale.
struct SeenLease {
  LeaseRecord record;
  int64_t mtime_ns = 0;
  int64_t first_ns = INT64_MIN;   // time of its first file; INT64_MIN when that isn't there
  bool readable = false;
  bool closed() const { return readable && record.state == LeaseRecord::State::kClosed; }
};
std::vector<SeenLease> list_leases(Backend& backend, const Keyring& keys);

}  // namespace cairn
