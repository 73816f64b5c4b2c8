#include "store/prune/segments.h"

#include <algorithm>

#include "store/index/segment.h"

namespace cairn {

namespace {

constexpr size_t kNewSegmentChunks = 512 << 10;   // a new segment holds about so many: 20 MB
constexpr size_t kSmallChunks = 64 << 10;      // a segment with fewer is small
constexpr size_t kMostSmall = 16;              // more small ones than this are merged

size_t chunk_count(const std::vector<PackInfo>& packs) {
  size_t chunks = 0;
  for (const PackInfo& pack : packs) chunks += pack.chunks.size();
  return chunks;
}

// Gathers packs and writes segments as they fill.
class SegmentWriter {
 public:
  explicit SegmentWriter(Repository& repository) : repository_(repository) {}
  void add(std::vector<PackInfo> packs) {
    for (PackInfo& pack : packs) {
      if (!seen_.insert(pack.id).second) continue;
      chunks_ += pack.chunks.size();
      packs_.push_back(std::move(pack));
      if (chunks_ >= kNewSegmentChunks) flush();
    }
  }
  void flush() {
    if (packs_.empty()) return;
    auto id = random_id<SegmentId>();
    put(repository_.backend(), segment_name(id), encode_segment(id, repository_.keys(), packs_));
    repository_.writable_index().add_segment(id, packs_);
    ++written;
    packs_.clear();
    chunks_ = 0;
  }
  uint64_t written = 0;

 private:
  Repository& repository_;
  std::vector<PackInfo> packs_;
  std::set<PackId> seen_;
  size_t chunks_ = 0;
};

}  // namespace

SegmentChanges drop_from_segments(Repository& repository, const std::set<PackId>& gone) {
  Backend& backend = repository.backend();
  struct Old {
    std::string name;
    std::vector<PackId> packs;
    bool small = false, touched = false;
  };
  std::vector<Old> segments;
  auto read = [&](const std::string& name) {
    return decode_segment(read_whole(backend, name, kMostSegmentBytes), *id_in_name<SegmentId>(name), repository.keys());
  };
  for (const StoredFile& file : backend.list("index/")) {
    if (!id_in_name<SegmentId>(file.name)) continue;
    try {
      auto packs = read(file.name);
      Old old{file.name, {}, chunk_count(packs) < kSmallChunks, false};
      for (const PackInfo& pack : packs) old.packs.push_back(pack.id);
      segments.push_back(std::move(old));
    } catch (const Error& e) {   // damaged: cairn repair index
      if (e.code() != ErrorCode::kNotFound && e.code() != ErrorCode::kCorrupt && e.code() != ErrorCode::kUnsupported) throw;
    }
  }
  // Listed after the segments were read: what they name and is not there is gone for good.
  std::set<PackId> standing;
  for (const StoredFile& file : backend.list("packs/"))
    if (auto id = id_in_name<PackId>(file.name); id && !gone.contains(*id)) standing.insert(*id);
  for (Old& old : segments)
    old.touched = std::ranges::any_of(old.packs, [&](const PackId& pack) { return !standing.contains(pack); });
  const bool merge = std::ranges::count_if(segments, &Old::small) > static_cast<std::ptrdiff_t>(kMostSmall);
  SegmentWriter writer(repository);
  std::vector<std::string> replaced;
  for (const Old& old : segments) {
    if (!old.touched && !(merge && old.small)) continue;
    std::vector<PackInfo> packs;
    try {
      packs = read(old.name);
    } catch (const Error& e) {   // another prune has put it elsewhere meanwhile
      if (e.code() != ErrorCode::kNotFound) throw;
      continue;
    }
    std::erase_if(packs, [&](const PackInfo& pack) { return !standing.contains(pack.id); });
    writer.add(std::move(packs));
    replaced.push_back(old.name);
  }
  writer.flush();
  SegmentChanges changes{0, writer.written};
  for (const std::string& name : replaced) changes.removed += backend.remove(name);
  return changes;
}

}  // namespace cairn
