#include "store/lease/lease.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "store/host.h"

namespace cairn {

Bytes LeaseRecord::encode(const Keyring& keys) const {
  Encoder out;
  out.u8(static_cast<uint8_t>(kind));
  out.u8(static_cast<uint8_t>(state));
  out.u32(number);
  out.u64(generation);
  out.u64(static_cast<uint64_t>(started_ns));
  out.string(host);
  out.string(user);
  out.string(program);
  out.varint(process);
  return SealedFile::encode(ObjectType::kLease, id.view(), keys, keys.lease_key, out.out());
}

LeaseRecord LeaseRecord::decode(ByteView file, const LeaseId& id, const Keyring& keys, std::string_view name) {
  SealedFile sealed = SealedFile::decode(file, ObjectType::kLease, id.view(), keys, keys.lease_key, name, kMostSmallFileBytes);
  Decoder in(sealed.content, name);
  LeaseRecord r;
  r.id = id;
  uint8_t kind = in.u8(), state = in.u8();
  if (kind < 1 || kind > 2 || state < 1 || state > 3) in.fail("a lease of unknown kind or state");
  r.kind = static_cast<Kind>(kind);
  r.state = static_cast<State>(state);
  r.number = in.u32();
  r.generation = in.u64();
  r.started_ns = static_cast<int64_t>(in.u64());
  r.host = in.string(1024);
  r.user = in.string(1024);
  r.program = in.string(1024);
  r.process = in.varint();
  return r;  // later versions may append
}

Lease::Lease(Backend& backend, const Keyring& keys, LeaseRecord::Kind kind) : backend_(backend), keys_(keys) {
  record_.id = random_id<LeaseId>();
  record_.kind = kind;
  record_.started_ns = now_ns();
  record_.host = host_name();
  record_.user = user_name();
  record_.program = program_version();
  record_.process = static_cast<uint64_t>(::getpid());
  id_ = record_.id;
  put_next();
  renewer_ = std::jthread([this](std::stop_token stop) { renew_until_stopped(stop); });
}

Lease::~Lease() {
  renewer_ = {};  // stops and joins
  end();
}

// Writes the next renewal, then removes the one before: at every moment at least one stands.  The first stays to the end: by its time
// a prune knows which packs may be this session's.  A number is used for one attempt only: a put whose answer was lost has left a
// file of that name.
void Lease::put_next() {
  LeaseRecord next = record_;
  next.number = ++attempts_;
  put(backend_, lease_name(next.id, next.number), next.encode(keys_));
  uint32_t before = std::exchange(record_, std::move(next)).number;
  if (before <= 1) return;
  try {
    backend_.remove(lease_name(id_, before));
  } catch (const Error&) {  // where removing isn't allowed the newest renewal counts
  }
}

void Lease::activate(uint64_t generation) {
  std::lock_guard lock(mu_);
  record_.state = LeaseRecord::State::kActive;
  record_.generation = generation;
  put_next();
}

void Lease::renew_until_stopped(std::stop_token stop) {
  std::unique_lock lock(mu_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, std::chrono::nanoseconds(kLeaseRenewNs), [] { return false; });
    if (stop.stop_requested()) return;
    try {
      put_next();
      failure_.clear();
    } catch (const std::exception& e) {
      failure_ = e.what();
    }
  }
}

void Lease::require_alive() const {
  const uint32_t before = renewal();
  require_alive(FolderListing(backend_, {files_prefix()}), before);
}

std::string Lease::files_prefix() const {
  const std::string first = lease_name(id_, 1);
  return first.substr(0, first.rfind('.') + 1);
}

uint32_t Lease::renewal() const {
  std::lock_guard lock(mu_);
  return record_.number;
}

void Lease::require_alive(const FolderListing& seen, uint32_t renewal) const {
  std::lock_guard lock(mu_);
  if (!failure_.empty()) throw Error(ErrorCode::kLocked, "the lease on the repository could not be renewed: " + failure_);
  const auto files = seen.in(files_prefix());
  for (uint32_t number = renewal; number <= attempts_; ++number)
    if (std::ranges::find(files, lease_name(id_, number), &StoredFile::name) != files.end()) return;
  throw Error(ErrorCode::kLocked, lease_name(id_, renewal) + ": somebody removed this session's lease");
}

void Lease::close() {
  renewer_ = {};
  std::lock_guard lock(mu_);
  end();
}

// Takes the lease away; where that fails, says at least that it has ended.  It goes stale by itself otherwise.
void Lease::end() noexcept {
  if (record_.number == 0) return;
  try {
    const uint32_t last = std::exchange(record_.number, 0);
    if (last != 1) backend_.remove(lease_name(id_, last));
    backend_.remove(lease_name(id_, 1));
  } catch (...) {
    try {
      record_.state = LeaseRecord::State::kClosed;
      put_next();
      record_.number = 0;
    } catch (...) {
    }
  }
}

std::vector<SeenLease> list_leases(Backend& backend, const Keyring& keys) {
  std::map<LeaseId, SeenLease> newest;
  for (const StoredFile& file : backend.list("leases/")) {
    auto id = LeaseId::parse(file.name.substr(7, 64));
    if (!id) continue;
    SeenLease seen{{}, file.mtime_ns, INT64_MIN, false};
    seen.record.id = *id;
    if (file.name == lease_name(*id, 1)) seen.first_ns = file.mtime_ns;
    try {
      seen.record = LeaseRecord::decode(read_whole(backend, file.name, kMostSmallFileBytes), *id, keys, file.name);
      seen.readable = true;
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kNotFound) continue;  // ended meanwhile
    }
    SeenLease& best = newest[*id];
    seen.mtime_ns = std::max(seen.mtime_ns, best.mtime_ns);  // the youngest of its files says when it was last alive
    seen.first_ns = std::max(seen.first_ns, best.first_ns);
    bool newer = !best.readable || (seen.readable && seen.record.number >= best.record.number);
    if (newer) best = std::move(seen);
    else best.mtime_ns = seen.mtime_ns, best.first_ns = seen.first_ns;
  }
  std::vector<SeenLease> out;
  for (auto& [id, seen] : newest) out.push_back(std::move(seen));
  return out;
}

}  // namespace cairn
