#include "store/lease/lease.h"

#include <unistd.h>

#include <chrono>
#include <map>

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
  in.finish();
  return r;
}

Lease::Lease(Backend& backend, const Keyring& keys, LeaseRecord::Kind kind) : backend_(backend), keys_(keys) {
  record_.id = random_id<LeaseId>();
  record_.kind = kind;
  record_.started_ns = now_ns();
  record_.host = host_name();
  record_.user = user_name();
  record_.program = program_version();
  record_.process = static_cast<uint64_t>(::getpid());
  put_next();
}

Lease::~Lease() {
  renewer_ = {};  // stops and joins
  try {
    if (record_.number > 0) backend_.remove(lease_name(record_.id, record_.number));
  } catch (...) {  // it goes stale by itself
  }
}

// Writes the next renewal, then removes the one before: at every moment at least one stands.
void Lease::put_next() {
  LeaseRecord next = record_;
  ++next.number;
  put(backend_, lease_name(next.id, next.number), next.encode(keys_));
  if (record_.number > 0) backend_.remove(lease_name(record_.id, record_.number));
  record_ = std::move(next);
}

void Lease::activate(uint64_t generation) {
  {
    std::lock_guard lock(mu_);
    record_.state = LeaseRecord::State::kActive;
    record_.generation = generation;
    put_next();
  }
  renewer_ = std::jthread([this](std::stop_token stop) { renew_until_stopped(stop); });
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
  std::lock_guard lock(mu_);
  if (!failure_.empty()) throw Error(ErrorCode::kLocked, "the lease on the repository could not be renewed: " + failure_);
}

void Lease::close() {
  renewer_ = {};
  std::lock_guard lock(mu_);
  if (record_.number > 0) backend_.remove(lease_name(record_.id, record_.number));
  record_.number = 0;
}

std::vector<SeenLease> list_leases(Backend& backend, const Keyring& keys) {
  std::map<LeaseId, SeenLease> newest;
  for (const StoredFile& file : backend.list("leases/")) {
    auto id = LeaseId::parse(file.name.substr(7, 64));
    if (!id) continue;
    try {
      LeaseRecord record = LeaseRecord::decode(read_whole(backend, file.name, kMostSmallFileBytes), *id, keys, file.name);
      SeenLease& seen = newest[*id];
      if (record.number >= seen.record.number) seen = {record, file.mtime_ns};
    } catch (const Error&) {  // ended meanwhile, or damaged: check names damaged ones
    }
  }
  std::vector<SeenLease> out;
  for (auto& [id, seen] : newest) out.push_back(std::move(seen));
  return out;
}

}  // namespace cairn
