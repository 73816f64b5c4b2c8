#include "store/read/reachable.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>

namespace cairn {

namespace {

constexpr size_t kChunkBatch = 16 << 10;    // looked up together: sorted questions are several times cheaper
constexpr size_t kObjectBatch = 4 << 10;
constexpr size_t kSeenSets = 256 << 10;     // of all lanes

size_t chunk_count(const PackInfo& pack) {
  size_t count = 0;
  for (const FrameInfo& frame : pack.frames) count += frame.chunk_count;
  return count;
}

}  // namespace

void Reachable::fail_missing(const ChunkId& id) const {
  throw Error(ErrorCode::kCorrupt, "chunk " + id.hex() + ": is in no pack" + (only_usable ? " that may be relied on" : ""));
}

// True the first time.
bool Reachable::mark(const Location& at) {
  PackUse& use = packs_[at.pack];
  if (use.chunks.empty()) use.chunks.resize(chunk_count(index_.pack(at.pack)));
  if (at.chunk >= use.chunks.size()) throw Error(ErrorCode::kCorrupt, "local index: a chunk beyond the end of its pack");
  if (use.chunks[at.chunk]) return false;
  use.chunks[at.chunk] = true;
  use.live_bytes += at.length_bytes;
  return true;
}

// True when it was asked for before and nothing has taken its place since: then it is marked, or about to be.
bool Reachable::Lane::met(const ChunkId& id) {
  std::array<uint64_t, 2> half;
  std::memcpy(half.data(), id.bytes.data(), sizeof half);
  auto& set = seen[half[0] & (seen.size() - 1)];
  for (const auto& other : set)
    if (other[0] == half[0] && other[1] == half[1]) return true;   // arrays are compared by a call
  std::shift_right(set.begin(), set.end(), 1);   // the oldest goes
  set[0] = half;
  return false;
}

void Reachable::collect(Lane& lane, ByteView object, const std::string& name) const {
  if (lane.seen.empty()) lane.seen.resize(std::bit_floor(kSeenSets / lanes_.size()));
  lane.of_object.objects.clear();
  lane.of_object.chunks.clear();
  add_references(object, name, lane.of_object);
  for (const ChunkId& id : lane.of_object.objects)
    if (!lane.met(id)) lane.fresh.objects.push_back(id);
  for (const ChunkId& id : lane.of_object.chunks)
    if (!lane.met(id)) lane.fresh.chunks.push_back(id);
}

void Reachable::mark_chunks() {
  std::vector<uint8_t> usable;
  std::vector<std::optional<Location>> places;
  if (only_usable) index_.usable_many(chunks_, usable);
  reader_.locate(chunks_, places);
  for (size_t i = 0; i < chunks_.size(); ++i) {
    if (!places[i] || (only_usable && !usable[i])) fail_missing(chunks_[i]);
    mark(*places[i]);
  }
  chunks_.clear();
}

// Marks tree objects, and reads those not seen before.
void Reachable::visit(const std::vector<ChunkId>& batch, std::vector<ChunkId>& more) {
  check_interrupted();
  std::vector<std::optional<Location>> places;
  std::vector<uint8_t> usable;
  reader_.locate(batch, places);
  if (only_usable) index_.usable_many(batch, usable);
  std::vector<PlacedChunk> fresh;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!places[i] || (only_usable && !usable[i])) fail_missing(batch[i]);
    if (mark(*places[i])) fresh.push_back({batch[i], *places[i]});
  }
  objects_ += fresh.size();
  reader_.read(fresh, [&](size_t i, ByteView bytes) { collect(lanes_[reader_.lane_of(fresh[i].at)], bytes, object_name(fresh[i].id)); });
  for (Lane& lane : lanes_) {
    more.insert(more.end(), lane.fresh.objects.begin(), lane.fresh.objects.end());
    chunks_.insert(chunks_.end(), lane.fresh.chunks.begin(), lane.fresh.chunks.end());
    lane.fresh = {};
  }
  if (chunks_.size() >= kChunkBatch) mark_chunks();
}

void Reachable::add(std::span<const Manifest> snapshots) {
  std::vector<ChunkId> waiting;
  for (const Manifest& snapshot : snapshots) {
    waiting.push_back(snapshot.root);
    for (const ComponentInfo& component : snapshot.components)
      for (const ChunkId& id : {component.catalogue, component.recipe_list})
        if (!id.is_zero()) waiting.push_back(id);
  }
  chunks_.clear();
  if (failed_)
    for (Lane& lane : lanes_) lane = {};   // what it was about to mark may not be
  failed_ = true;
  while (!waiting.empty()) {
    size_t count = std::min(waiting.size(), kObjectBatch);
    std::vector<ChunkId> batch(waiting.end() - static_cast<std::ptrdiff_t>(count), waiting.end());
    waiting.resize(waiting.size() - count);
    visit(batch, waiting);
  }
  mark_chunks();
  failed_ = false;
}

void Reachable::add_bases() {
  std::set<uint32_t> done;
  for (bool again = true; again;) {
    again = false;
    std::vector<uint32_t> numbers;
    for (const auto& [number, use] : packs_)
      if (done.insert(number).second) numbers.push_back(number);
    for (uint32_t number : numbers) {
      again = true;
      for (const FrameInfo& frame : index_.pack(number).frames) chunks_.insert(chunks_.end(), frame.bases.begin(), frame.bases.end());
      if (chunks_.size() >= kChunkBatch) mark_chunks();
    }
    mark_chunks();
  }
}

}  // namespace cairn
