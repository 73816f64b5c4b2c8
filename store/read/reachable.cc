#include "store/read/reachable.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <set>
#include <utility>

namespace cairn {

namespace {

constexpr size_t kChunkBatch = 16 << 10;    // looked up together: sorted questions are several times cheaper
constexpr size_t kObjectBatch = 4 << 10;
constexpr size_t kLearnBatch = 4 << 10;
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

Reachable::PackUse& Reachable::mark(const Location& at) {
  PackUse& use = packs_[at.pack];
  if (use.chunks.empty()) use.chunks.resize(chunk_count(index_.pack(at.pack)));
  if (at.chunk >= use.chunks.size()) throw Error(ErrorCode::kCorrupt, "local index: a chunk beyond the end of its pack");
  if (!use.chunks[at.chunk]) use.live_bytes += at.length_bytes;
  use.chunks[at.chunk] = true;
  return use;
}

// True the first time.  It may have been marked as content before: a file may have the very bytes of an object.
bool Reachable::mark_object(const Location& at) {
  PackUse& use = mark(at);
  if (use.objects.empty()) use.objects.resize(use.chunks.size());
  if (use.objects[at.chunk]) return false;
  use.objects[at.chunk] = true;
  return true;
}

// True when it was asked for before and nothing has taken its place since: then it is marked, or about to be.
bool Reachable::Lane::met(const ChunkId& id, bool as_object) {
  std::array<uint64_t, 2> half;
  std::memcpy(half.data(), id.bytes.data(), sizeof half);
  if (as_object) half[1] = ~half[1];
  auto& set = seen[half[0] & (seen.size() - 1)];
  for (const auto& other : set)
    if (other[0] == half[0] && other[1] == half[1]) return true;   // arrays are compared by a call
  std::shift_right(set.begin(), set.end(), 1);   // the oldest goes
  set[0] = half;
  return false;
}

void Reachable::collect(Lane& lane, ByteView object, const ChunkId& id) {
  References& its = lane.of_object;
  its.objects.clear();
  its.chunks.clear();
  add_references(object, object_name(id), its);
  if (!known_) return meet(lane, its.objects, its.chunks);
  lane.unlearned.push_back({id, its.objects.size(), its.chunks.size()});
  for (const auto* ids : {&its.objects, &its.chunks}) lane.references.insert(lane.references.end(), ids->begin(), ids->end());
  if (lane.references.size() >= kLearnBatch) learn(lane);
}

void Reachable::learn(Lane& lane) {
  std::span<const ChunkId> left = lane.references;
  std::lock_guard lock(learning_);
  for (const Lane::Unlearned& object : lane.unlearned) {
    const std::span<const ChunkId> objects = left.first(object.objects), chunks = left.subspan(object.objects, object.chunks);
    left = left.subspan(object.objects + object.chunks);
    const KnownReferences::Number number = known_->learn(object.id, objects, chunks);
    if (number != KnownReferences::kNone) lane.learned.push_back(number);
    else meet(lane, objects, chunks);
  }
  lane.unlearned.clear();
  lane.references.clear();
}

void Reachable::meet(Lane& lane, std::span<const ChunkId> objects, std::span<const ChunkId> chunks) const {
  ++lane.not_learned;
  if (lane.seen.empty()) lane.seen.resize(std::bit_floor(kSeenSets / lanes_.size()));
  for (const ChunkId& id : objects)
    if (!lane.met(id, true)) lane.fresh.objects.push_back(id);
  for (const ChunkId& id : chunks)
    if (!lane.met(id, false)) lane.fresh.chunks.push_back(id);
}

// Where they are, which must be somewhere.
std::vector<Location> Reachable::locate(std::span<const ChunkId> ids) const {
  std::vector<uint8_t> usable;
  std::vector<std::optional<Location>> places;
  if (only_usable) index_.usable_many(ids, usable);
  reader_.locate(ids, places);
  std::vector<Location> out;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!places[i] || (only_usable && !usable[i])) fail_missing(ids[i]);
    out.push_back(*places[i]);
  }
  return out;
}

void Reachable::mark_chunks() {
  for (const Location& at : locate(chunks_)) mark(at);
  chunks_.clear();
}

void Reachable::mark_found() {
  std::vector<ChunkId> ids;
  for (const KnownReferences::Number number : found_) ids.push_back(known_->id(number));
  const std::vector<Location> places = locate(ids);
  for (size_t i = 0; i < ids.size(); ++i) {
    mark(places[i]);
    if (walked_[found_[i]] && known_->knows(found_[i]) && (places[i].pack + places[i].frame) % kTurns == turn) to_recheck_.push_back({ids[i], places[i]});
  }
  found_.clear();
}

// Finds all that is known to be beneath an object; what is an object, but not a known one, goes to `unknown`.
void Reachable::walk(KnownReferences::Number object, std::vector<ChunkId>& unknown) {
  std::vector<KnownReferences::Number> walking = {object};
  ReferenceList list;
  auto find = [&](KnownReferences::Number number, bool is_object) {
    if (is_object) {
      if (walked_[number]) return;
      walked_[number] = true;
      if (!known_->knows(number)) return unknown.push_back(known_->id(number));
      walking.push_back(number);
    }
    if (seen_[number]) return;
    seen_[number] = true;
    found_.push_back(number);
  };
  while (!walking.empty()) {
    const KnownReferences::Number next = walking.back();
    walking.pop_back();
    ++objects_;
    known_->list(next, [&](KnownReferences::Number version) { return walked_[version]; }, list);
    for (size_t i = 0; i < list.numbers.size(); ++i) find(list.numbers[i], list.is_object(i));
  }
  if (found_.size() >= kChunkBatch) mark_found();
}

// False when it isn't known.
bool Reachable::find_known(const ChunkId& object, std::vector<ChunkId>& unknown) {
  const KnownReferences::Number number = known_ ? known_->object(object) : KnownReferences::kNone;
  if (number == KnownReferences::kNone) return false;
  if (walked_[number]) return true;
  walked_[number] = true;
  if (!seen_[number]) found_.push_back(number);
  seen_[number] = true;
  walk(number, unknown);
  return true;
}

// Marks tree objects, and reads those that are neither known nor seen before.
void Reachable::visit(std::span<const ChunkId> batch, std::vector<ChunkId>& more) {
  check_interrupted();
  fit_to_known();
  std::vector<ChunkId> unknown;
  for (const ChunkId& id : batch)
    if (!find_known(id, more)) unknown.push_back(id);
  std::vector<PlacedChunk> fresh;
  const std::vector<Location> places = locate(unknown);
  for (size_t i = 0; i < unknown.size(); ++i)
    if (mark_object(places[i])) fresh.push_back({unknown[i], places[i]});
  reader_.read(fresh, [&](size_t i, ByteView bytes) { collect(lanes_[reader_.lane_of(fresh[i].at)], bytes, fresh[i].id); });
  for (Lane& lane : lanes_) learn(lane);
  fit_to_known();
  for (Lane& lane : lanes_) {
    for (const KnownReferences::Number number : std::exchange(lane.learned, {})) {
      walked_[number] = true;
      walk(number, more);
    }
    objects_ += std::exchange(lane.not_learned, 0);
    more.insert(more.end(), lane.fresh.objects.begin(), lane.fresh.objects.end());
    chunks_.insert(chunks_.end(), lane.fresh.chunks.begin(), lane.fresh.chunks.end());
    lane.fresh = {};
  }
  if (chunks_.size() >= kChunkBatch) mark_chunks();
}

void Reachable::fit_to_known() {
  if (!known_) return;
  walked_.resize(known_->size());
  seen_.resize(known_->size());
}

// What was about to be marked may not be.
void Reachable::forget_what_was_found() {
  for (Lane& lane : lanes_) lane = {};
  walked_.assign(walked_.size(), false);
  seen_.assign(seen_.size(), false);
  found_.clear();
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
  if (failed_) forget_what_was_found();
  failed_ = true;
  while (!waiting.empty()) {
    size_t count = std::min(waiting.size(), kObjectBatch);
    std::vector<ChunkId> batch(waiting.end() - static_cast<std::ptrdiff_t>(count), waiting.end());
    waiting.resize(waiting.size() - count);
    visit(batch, waiting);
  }
  mark_found();
  mark_chunks();
  failed_ = false;
}

bool Reachable::recheck() {
  std::atomic<bool> same = true;
  reader_.read(to_recheck_, [&](size_t i, ByteView bytes) {
    References references;
    add_references(bytes, object_name(to_recheck_[i].id), references);
    if (!known_->agrees(known_->object(to_recheck_[i].id), references)) same = false;
  });
  to_recheck_.clear();
  return same;
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
