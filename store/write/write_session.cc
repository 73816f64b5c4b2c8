#include "store/write/write_session.h"

#include <algorithm>

#include "store/index/segment.h"
#include "store/read/reachable.h"

namespace cairn {

namespace {

constexpr size_t kSegmentChunks = 128 << 10;  // a segment is written when so many chunks are in finished packs: about 5 MB

}  // namespace

WriteSession::WriteSession(Repository& repository) : repository_(repository), store_(repository.backend(), repository.keys(), repository.opening_generation()) {
  const Keyring& keys = repository.keys();
  if (!keys.may_write()) throw Error(ErrorCode::kWrongKey, "this key may only read: use an owner's or a writer's to back up");
  protocol_.emplace(store_);
  index_ = &repository.fresh_index(store_.packs_seen());
  index_->distrust(protocol_->view().condemned);
  protocol_->activate();
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

void WriteSession::usable(std::span<const ChunkId> ids, std::vector<uint8_t>& usable) const {
  std::unordered_set<uint32_t> packs;
  index_->usable_many(ids, usable, &packs);
  std::lock_guard lock(relied_mu_);
  if (relied_epoch_ != index_->epoch()) {   // packs may have got other numbers
    relied_numbers_.clear();
    relied_epoch_ = index_->epoch();
  }
  for (uint32_t number : packs)
    if (relied_numbers_.insert(number).second) relied_.insert(index_->pack(number).id);
}

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
  {
    std::lock_guard relied_lock(relied_mu_);
    relied_.insert(pack.id);
  }
  finished_chunks_ += pack.chunks.size();
  finished_.push_back(std::move(pack));
  if (finished_chunks_ >= kSegmentChunks) write_segment();
}

void WriteSession::put_segment(std::span<const PackInfo> packs) {
  auto id = random_id<SegmentId>();
  Bytes file = encode_segment(id, repository_.keys(), packs);
  put(repository_.backend(), segment_name(id), file);
  stored_bytes_ += file.size();
  index_->add_segment(id, packs);
}

// Requires: mu_ is held.
void WriteSession::write_segment() {
  if (finished_.empty()) return;
  put_segment(finished_);
  for (const PackInfo& pack : finished_)
    for (const ChunkInfo& chunk : pack.chunks) claims_.release(chunk.id);
  finished_.clear();
  finished_chunks_ = 0;
}

// Packs without a segment are somebody's who crashed, unless somebody else is at work: then they are his, and he will write it.
void WriteSession::put_adopted_into_segment() {
  std::vector<PackInfo> adopted = index_->adopted();
  std::erase_if(adopted, [&](const PackInfo& pack) { return protocol_->view().condemned.contains(pack.id); });
  if (adopted.empty()) return;
  for (const GcLease& lease : store_.leases())
    if (lease.id != protocol_->lease() && !lease.stale) return;
  size_t begin = 0, chunks = 0;
  for (size_t end = 1; end <= adopted.size(); ++end) {
    chunks += adopted[end - 1].chunks.size();
    if (chunks < kSegmentChunks && end < adopted.size()) continue;
    put_segment(std::span(adopted).subspan(begin, end - begin));
    begin = end;
    chunks = 0;
  }
}

void WriteSession::keep_packs() {
  tree_builder_->flush();
  data_packs_->close();
  tree_packs_->close();
  data_packs_->finish();
  tree_packs_->finish();
  std::lock_guard lock(mu_);
  write_segment();
}

// After a prune has written a list: is everything the snapshot needs in packs that are there and not condemned?
bool WriteSession::still_there(const GcView& view, const Manifest& manifest) {
  index_->refresh(store_.packs_seen());
  index_->distrust(view.condemned);
  std::unordered_set<PackId, IdHash> listed;
  for (const StoredFile& file : store_.packs_seen().in("packs/"))
    if (const auto pack = id_in_name<PackId>(file.name); pack && !view.condemned.contains(*pack)) listed.insert(*pack);
  {
    std::lock_guard lock(relied_mu_);
    if (std::ranges::all_of(relied_, [&](const PackId& pack) { return listed.contains(pack); })) return true;
  }
  // A prune moves what is needed out of packs that are mostly dead: only a look at all of it tells.
  if (!repository_.keys().may_read()) return false;
  try {
    BulkReader reader(repository_.backend(), repository_.keys(), *index_, 32 << 20);
    Reachable needed(*index_, reader);
    needed.only_usable = true;
    needed.add(manifest);
    return true;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kCorrupt && e.code() != ErrorCode::kNotFound) throw;
    return false;
  }
}

void WriteSession::commit(Manifest& manifest) {
  keep_packs();
  put_adopted_into_segment();
  manifest.id = random_id<SnapshotId>();
  manifest.author = repository_.keys().certificate.client();
  manifest.stats.bytes_stored = stored_bytes_;
  protocol_->commit([&](const GcView& view) { return still_there(view, manifest); },
                    [&](const LeaseId& lease, uint64_t generation) {
                      manifest.lease = lease;
                      manifest.generation = generation;
                      put(repository_.backend(), snapshot_name(manifest.id), manifest.encode(repository_.keys(), suite_));
                    });
}

}  // namespace cairn
