#include "store/write/write_session.h"

#include <algorithm>

#include "store/gc/gc_list.h"
#include "store/host.h"
#include "store/index/segment.h"

namespace cairn {

namespace {

constexpr size_t kSegmentChunks = 128 << 10;  // a segment is written when so many chunks are in finished packs: about 5 MB
constexpr FramePolicy kTreePolicy{3, 1 << 20};

}  // namespace

WriteSession::WriteSession(Repository& repository) : repository_(repository) {
  const Keyring& keys = repository.keys();
  if (!keys.may_write()) throw Error(ErrorCode::kWrongKey, "this key may only read: use an owner's or a writer's to back up");
  lease_.emplace(repository.backend(), keys, LeaseRecord::Kind::kWriter);
  if (auto list = newest_gc_list(repository.backend(), keys)) {
    generation_ = list->generation;
    condemned_.insert(list->condemned.begin(), list->condemned.end());
  }
  index_ = &repository.fresh_index();
  if (!condemned_.empty()) index_->distrust(condemned_);
  lease_->activate(generation_);
  if (repository.config().suite == Suite::kAes256Gcm) suite_ = best_suite();
  auto done = [this](PackInfo pack) { pack_done(std::move(pack)); };
  data_packs_ = std::make_unique<PackSet>(repository.backend(), keys, ObjectType::kDataPack, suite_, done);
  tree_packs_ = std::make_unique<PackSet>(repository.backend(), keys, ObjectType::kTreePack, suite_, done);
  tree_builder_.emplace(*tree_packs_, kTreePolicy);
}

WriteSession::~WriteSession() = default;

void WriteSession::claim_new(std::span<const ChunkId> ids, std::vector<uint8_t>& fresh) {
  usable(ids, fresh);
  for (size_t i = 0; i < ids.size(); ++i) fresh[i] = !fresh[i] && claims_.claim(ids[i]);
}

void WriteSession::usable(std::span<const ChunkId> ids, std::vector<uint8_t>& usable) const { index_->usable_many(ids, usable); }

ChunkReader WriteSession::make_reader(size_t cache_bytes) const {
  return ChunkReader(repository_.backend(), repository_.keys(), *index_, cache_bytes);
}

ChunkId WriteSession::put_object(ByteView object) {
  ChunkId id = repository_.keys().chunk_id(object);
  if (object.size() > kMostObjectBytes)
    throw Error(ErrorCode::kInvalidArgument, "a directory entry is too long to be stored: " + std::to_string(object.size()) + " bytes");
  std::vector<uint8_t> fresh;
  claim_new({&id, 1}, fresh);
  if (!fresh[0]) return id;
  tree_builder_->add(id, object);
  return id;
}

void WriteSession::pack_done(PackInfo pack) {
  std::lock_guard lock(mu_);
  stored_bytes_ += pack.size_bytes;
  finished_chunks_ += pack.chunks.size();
  finished_.push_back(std::move(pack));
  if (finished_chunks_ >= kSegmentChunks) write_segment();
}

// Requires: mu_ is held.
void WriteSession::write_segment() {
  if (finished_.empty()) return;
  auto id = random_id<SegmentId>();
  Bytes file = encode_segment(id, repository_.keys(), finished_);
  put(repository_.backend(), segment_name(id), file);
  stored_bytes_ += file.size();
  index_->add_segment(id, finished_);
  for (const PackInfo& pack : finished_)
    for (const ChunkInfo& chunk : pack.chunks) claims_.release(chunk.id);
  finished_.clear();
  finished_chunks_ = 0;
}

// Packs without a segment are somebody's who crashed, unless somebody else is at work: then they are his, and he will write it.
void WriteSession::put_adopted_into_segment() {
  if (index_->adopted().empty()) return;
  int64_t newest = 0;
  auto leases = list_leases(repository_.backend(), repository_.keys());
  for (const SeenLease& seen : leases) newest = std::max(newest, seen.mtime_ns);
  for (const SeenLease& seen : leases)
    if (seen.record.id != lease_->id() && !seen.closed() && newest - seen.mtime_ns < kLeaseStaleNs) return;
  std::vector<PackInfo> packs;
  size_t chunks = 0;
  auto write = [&] {
    if (packs.empty()) return;
    auto id = random_id<SegmentId>();
    Bytes file = encode_segment(id, repository_.keys(), packs);
    put(repository_.backend(), segment_name(id), file);
    stored_bytes_ += file.size();
    packs.clear();
    chunks = 0;
  };
  for (const PackInfo& pack : index_->adopted()) {
    if (condemned_.contains(pack.id)) continue;
    packs.push_back(pack);
    if ((chunks += pack.chunks.size()) >= kSegmentChunks) write();
  }
  write();
}

void WriteSession::keep_packs() {
  tree_builder_->flush();
  data_packs_->finish();
  tree_packs_->finish();
  std::lock_guard lock(mu_);
  write_segment();
}

// Nothing was condemned since the lease was taken, and nobody has declared it dead.
void WriteSession::require_standing() const {
  lease_->require_alive();
  auto list = newest_gc_list(repository_.backend(), repository_.keys());
  if ((list ? list->generation : 0) != generation_ || lease_revoked(repository_.backend(), repository_.keys(), lease_->id()))
    throw Error(ErrorCode::kLocked, "a prune ran during this backup: run it again (what was uploaded will be used)");
}

void WriteSession::commit(Manifest& manifest) {
  keep_packs();
  require_standing();
  put_adopted_into_segment();
  manifest.id = random_id<SnapshotId>();
  manifest.author = repository_.keys().certificate.client();
  manifest.lease = lease_->id();
  manifest.generation = generation_;
  manifest.stats.bytes_stored = stored_bytes_;
  put(repository_.backend(), snapshot_name(manifest.id), manifest.encode(repository_.keys(), suite_));
  // A writer that was frozen between the check and the snapshot must not call it good: packs may be gone.
  if (lease_revoked(repository_.backend(), repository_.keys(), lease_->id()))
    throw Error(ErrorCode::kLocked, "a prune took this backup for dead while it was being saved: run it again");
  lease_->close();
}

}  // namespace cairn
