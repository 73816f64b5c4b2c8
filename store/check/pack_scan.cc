#include "store/check/pack_scan.h"

#include <algorithm>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "store/compress.h"
#include "store/gc/gc_list.h"
#include "store/index/segment.h"
#include "store/pack/pack_file.h"
#include "store/read/chunk_reader.h"
#include "store/parallel.h"

namespace cairn {

namespace {

constexpr char kMissing[] = "missing";

struct Expected {
  uint64_t size_bytes = 0;        // as the segment says
  std::string segment;            // that says so
};

// What the workers of a scan share.  Thread-safe where it says so.
class Scan {
 public:
  Scan(Repository& repository, const CheckOptions& options, CheckProgress& progress, CheckReport& report)
      : repository_(repository), index_(repository.index()), options_(options), progress_(progress), report_(report) {}

  LostChunks run(std::vector<StoredFile> packs);

 private:
  void load_expectations();
  void load_condemned();
  void check_missing();
  void check_pack(const StoredFile& file);
  void check_by_segment(const PackId& id, const std::string& segment, const StoredFile& file, size_t damage);
  void compare_with_index(const PackInfo& pack);
  void read_pack(const PackInfo& pack, const StoredFile& file);
  bool chosen() const;
  size_t add_damage(const std::string& file, const std::string& what);
  void lose(const PackInfo& pack, size_t first_chunk, size_t count, size_t damage);
  void verify_frame(const PackInfo& pack, const PackOpener& opener, const FrameInfo& frame, size_t first_chunk, ByteView sealed,
                    Decompressor& decompressor, ChunkReader& bases);

  Repository& repository_;
  const Index& index_;
  const CheckOptions& options_;
  CheckProgress& progress_;
  CheckReport& report_;
  std::mutex mu_;
  LostChunks lost_;                                                 // guarded by mu_
  std::unordered_map<PackId, Expected, IdHash> expected_;           // constant while workers run
  std::unordered_set<std::string> condemned_;                       // names of packs that nothing new relies on
};

size_t Scan::add_damage(const std::string& file, const std::string& what) {
  std::lock_guard lock(mu_);
  report_.damage.push_back({file, what, {}, 0});
  return report_.damage.size() - 1;
}

void Scan::lose(const PackInfo& pack, size_t first_chunk, size_t count, size_t damage) {
  std::lock_guard lock(mu_);
  for (size_t i = first_chunk; i < first_chunk + count; ++i) lost_.emplace(pack.chunks[i].id, damage);
}

void Scan::load_expectations() {
  for (const StoredFile& file : repository_.backend().list("index/")) {
    auto id = id_in_name<SegmentId>(file.name);
    if (!id) continue;
    try {
      for (const PackInfo& pack :
           decode_segment(read_whole(repository_.backend(), file.name, kMostSegmentBytes), *id, repository_.keys()))
        expected_[pack.id] = {pack.size_bytes, file.name};
    } catch (const Error& e) {
      bool told = std::ranges::any_of(report_.damage, [&](const Damage& d) { return d.file == file.name; });   // by check_metadata
      if (!told && e.code() != ErrorCode::kNotFound) add_damage(file.name, e.what());
    }
  }
}

void Scan::load_condemned() {
  try {
    auto list = newest_gc_list(repository_.backend(), repository_.keys());
    for (const auto& [id, since] : list ? list->condemned : Condemned{}) condemned_.insert(pack_name(id));
  } catch (const Error&) {   // told when the gc lists themselves are checked
  }
}

// Packs that a segment names and that are not there: their chunks are lost, unless another pack has them too.
void Scan::check_missing() {
  std::unordered_set<PackId, IdHash> present;
  for (const StoredFile& file : repository_.backend().list("packs/"))
    if (auto id = id_in_name<PackId>(file.name)) present.insert(*id);
  std::map<std::string, std::vector<PackId>> missing;   // by segment
  // A prune on a full disk deletes packs before it has room to put the segments right.
  for (const auto& [id, expected] : expected_)
    if (!present.contains(id) && !condemned_.contains(pack_name(id))) missing[expected.segment].push_back(id);
  for (const auto& [name, ids] : missing) {
    auto id = id_in_name<SegmentId>(name);
    for (const PackInfo& pack : decode_segment(read_whole(repository_.backend(), name, kMostSegmentBytes), *id, repository_.keys())) {
      if (std::ranges::find(ids, pack.id) == ids.end()) continue;
      lose(pack, 0, pack.chunks.size(), add_damage(pack_name(pack.id), kMissing));
    }
  }
}

bool Scan::chosen() const {
  if (options_.read_data_percent >= 100) return true;
  return random_below(1'000'000) < static_cast<uint32_t>(options_.read_data_percent * 10'000);
}

// One pack, on a worker.
void Scan::check_pack(const StoredFile& file) {
  auto id = id_in_name<PackId>(file.name);
  if (!id) return;
  auto expected = expected_.find(*id);
  PackInfo pack;
  try {
    if (expected != expected_.end() && expected->second.size_bytes != file.size_bytes)
      throw Error(ErrorCode::kCorrupt, file.name + ": is " + std::to_string(file.size_bytes) + " bytes long in place of " +
                                           std::to_string(expected->second.size_bytes));
    pack = read_directory(repository_.backend(), repository_.keys(), *id, file.size_bytes);
  } catch (const Error& e) {
    size_t damage = add_damage(file.name, e.what());
    // The segment still says what was in it: a reader gets at every frame that is there.
    if (expected != expected_.end()) check_by_segment(*id, expected->second.segment, file, damage);
    return;
  }
  {
    std::lock_guard lock(mu_);
    ++report_.packs;
    report_.chunks += pack.chunks.size();
  }
  compare_with_index(pack);
  if (options_.read_data_percent > 0 && chosen()) read_pack(pack, file);
}

void Scan::check_by_segment(const PackId& id, const std::string& segment, const StoredFile& file, size_t damage) {
  auto packs = decode_segment(read_whole(repository_.backend(), segment, kMostSegmentBytes), *id_in_name<SegmentId>(segment), repository_.keys());
  auto known = std::ranges::find(packs, id, &PackInfo::id);
  if (known == packs.end()) return;
  size_t first_chunk = 0;
  for (const FrameInfo& frame : known->frames) {
    if (frame.offset + frame.stored_bytes > file.size_bytes) lose(*known, first_chunk, frame.chunk_count, damage);
    first_chunk += frame.chunk_count;
  }
  if (options_.read_data_percent > 0) read_pack(*known, file);
}

// Every chunk of the directory must be found by the index, with the right length.
void Scan::compare_with_index(const PackInfo& pack) {
  std::vector<ChunkId> ids;
  for (const ChunkInfo& chunk : pack.chunks) ids.push_back(chunk.id);
  std::vector<std::optional<Location>> places;
  index_.find_many(ids, places);
  size_t absent = 0, wrong = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    absent += !places[i];
    wrong += places[i] && places[i]->length_bytes != pack.chunks[i].length_bytes;
  }
  if (absent + wrong > 0)
    add_damage(pack_name(pack.id), "the index misses " + std::to_string(absent) + " and contradicts " + std::to_string(wrong) +
                                       " of its " + std::to_string(ids.size()) + " chunks");
}

void Scan::read_pack(const PackInfo& pack, const StoredFile& file) {
  Backend& backend = repository_.backend();
  Blake3 whole;
  Decompressor decompressor;
  ChunkReader bases(backend, repository_.keys(), index_, 4 << 20);
  std::optional<PackOpener> opener;
  try {
    opener.emplace(repository_.keys(), pack);
  } catch (const Error& e) {
    return lose(pack, 0, pack.chunks.size(), add_damage(file.name, e.what()));
  }
  // A bad sector is a finding like any other: empty then, and the rest is read all the same.
  bool complete = true;
  auto read = [&](uint64_t offset, uint64_t length, size_t first_chunk, size_t chunk_count) {
    if (offset + length > file.size_bytes) return Buffer();   // told by check_by_segment
    try {
      Buffer bytes = backend.read(file.name, offset, length);
      whole.update(bytes);
      return bytes;
    } catch (const Error& e) {
      complete = false;
      lose(pack, first_chunk, chunk_count, add_damage(file.name, "can't be read at byte " + std::to_string(offset) + ": " + e.what()));
      return Buffer();
    }
  };
  read(0, kFirstFrameOffset, 0, 0);
  size_t first_chunk = 0;
  uint64_t at = kFirstFrameOffset;
  for (const FrameInfo& frame : pack.frames) {
    progress_.check_interrupted();
    Buffer sealed = read(frame.offset, frame.stored_bytes, first_chunk, frame.chunk_count);
    if (!sealed.empty()) verify_frame(pack, *opener, frame, first_chunk, sealed, decompressor, bases);
    first_chunk += frame.chunk_count;
    at += frame.stored_bytes;
    progress_.bytes_done += frame.stored_bytes;
  }
  if (file.size_bytes == pack.size_bytes) {   // else its length is a damage already
    read(at, file.size_bytes - kTrailerBytes - at, 0, 0);
    Blake3Hash hash = whole.finish();
    Buffer trailer = read(file.size_bytes - kTrailerBytes, kTrailerBytes, 0, 0);
    if (complete && !std::ranges::equal(hash, trailer.view()))
      add_damage(file.name, "its bytes don't match the hash at its end");
  }
  std::lock_guard lock(mu_);
  ++report_.packs_read;
  report_.bytes_read += file.size_bytes;
  report_.chunks_verified += pack.chunks.size();
}

void Scan::verify_frame(const PackInfo& pack, const PackOpener& opener, const FrameInfo& frame, size_t first_chunk, ByteView sealed,
                        Decompressor& decompressor, ChunkReader& bases) {
  std::string what = pack_name(pack.id) + ": frame " + std::to_string(frame.number);
  try {
    Buffer plain = opener.open(frame, sealed);
    if (frame.codec == Codec::kZstd) plain = decompressor.decompress(plain, frame.plain_bytes, what);
    if (frame.codec == Codec::kZstdDelta) plain = decompressor.decompress_delta(plain, bases.base_bytes(frame), frame.plain_bytes, what);
    std::vector<ByteView> views;
    size_t offset = 0;
    for (size_t i = 0; i < frame.chunk_count; ++i) {
      views.push_back(plain.view().subspan(offset, pack.chunks[first_chunk + i].length_bytes));
      offset += views.back().size();
    }
    std::vector<Blake3Hash> hashes(views.size());
    blake3_keyed_many(repository_.keys().id_key, views, hashes);
    for (size_t i = 0; i < views.size(); ++i)
      if (hashes[i] != pack.chunks[first_chunk + i].id.bytes)
        lose(pack, first_chunk + i, 1, add_damage(pack_name(pack.id), what + " holds other bytes for chunk " + pack.chunks[first_chunk + i].id.hex()));
  } catch (const Error& e) {
    lose(pack, first_chunk, frame.chunk_count, add_damage(pack_name(pack.id), e.what()));
  }
}

LostChunks Scan::run(std::vector<StoredFile> packs) {
  load_expectations();
  load_condemned();
  check_missing();
  size_t unlisted = static_cast<size_t>(std::ranges::count_if(packs, [&](const StoredFile& file) {
    auto id = id_in_name<PackId>(file.name);
    return id && !expected_.contains(*id);
  }));
  if (unlisted > 0) report_.notes.push_back(std::to_string(unlisted) + " packs are in no index segment; the next backup writes one for them");
  for (const StoredFile& file : packs) progress_.bytes_total += options_.read_data_percent > 0 ? file.size_bytes : 0;
  // The longest first, so that the workers end together.
  std::ranges::sort(packs, std::ranges::greater{}, &StoredFile::size_bytes);
  std::atomic<size_t> next{0};
  std::exception_ptr failure;
  auto work = [&] {
    try {
      for (size_t i = next++; i < packs.size(); i = next++) check_pack(packs[i]);
    } catch (...) {
      std::lock_guard lock(mu_);
      if (!failure) failure = std::current_exception();
      next = packs.size();
    }
  };
  size_t threads = options_.threads ? options_.threads : processor_count();
  {
    std::vector<std::jthread> workers;
    for (size_t i = 0; i < threads; ++i) workers.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
  // A chunk with another, good copy isn't lost: the index knows where.
  std::erase_if(lost_, [&](const auto& entry) {
    return std::ranges::any_of(index_.places(entry.first), [&](const Location& at) {
      std::string name = pack_name(index_.pack(at.pack).id);
      return std::ranges::none_of(report_.damage, [&](const Damage& d) { return d.file == name; });
    });
  });
  std::set<size_t> still_lost;
  for (const auto& [id, damage] : lost_) still_lost.insert(damage);
  // A damaged pack that is condemned holds nothing any more that anybody relies on, unless it is all there is.
  for (size_t i = 0; i < report_.damage.size(); ++i) {
    Damage& damage = report_.damage[i];
    damage.healed = !still_lost.contains(i) && (damage.what == kMissing || condemned_.contains(damage.file));
  }
  return std::move(lost_);
}

}  // namespace

LostChunks scan_packs(Repository& repository, std::vector<StoredFile> packs, const CheckOptions& options, CheckProgress& progress, CheckReport& report) {
  return Scan(repository, options, progress, report).run(std::move(packs));
}

}  // namespace cairn
