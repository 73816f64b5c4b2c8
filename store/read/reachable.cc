#include "store/read/reachable.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "store/tree/references.h"

namespace cairn {

namespace {

constexpr size_t kChunkBatch = 16 << 10;    // looked up together: sorted questions are several times cheaper
constexpr size_t kObjectBatch = 4 << 10;
constexpr size_t kSeenSets = 256 << 10;     // a power of two

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
bool Reachable::seen(const ChunkId& id) {
  if (seen_.empty()) seen_.resize(kSeenSets);
  std::array<uint64_t, 2> half;
  std::memcpy(half.data(), id.bytes.data(), sizeof half);
  auto& set = seen_[half[0] % kSeenSets];
  for (const auto& other : set)
    if (other[0] == half[0] && other[1] == half[1]) return true;   // arrays are compared by a call
  std::shift_right(set.begin(), set.end(), 1);   // the oldest goes
  set[0] = half;
  return false;
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
  std::vector<References> found(fresh.size());
  reader_.read(fresh, [&](size_t i, ByteView bytes) { add_references(bytes, object_name(fresh[i].id), found[i]); });
  for (const References& references : found) {
    for (const ChunkId& id : references.objects)
      if (!seen(id)) more.push_back(id);
    for (const ChunkId& id : references.chunks)
      if (!seen(id)) chunks_.push_back(id);
  }
  if (chunks_.size() >= kChunkBatch) mark_chunks();
}

void Reachable::add(const Manifest& snapshot) {
  std::vector<ChunkId> waiting{snapshot.root};
  for (const ComponentInfo& component : snapshot.components)
    for (const ChunkId& id : {component.catalogue, component.recipe_list})
      if (!id.is_zero()) waiting.push_back(id);
  chunks_.clear();
  if (failed_) seen_.clear();   // what it was about to mark may not be
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
