#include "store/repair/repair_index.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "store/index/segment.h"
#include "store/lease/lease.h"
#include "store/pack/pack_file.h"
#include "store/repair/condemn.h"
#include "store/parallel.h"

namespace cairn {

namespace {

constexpr size_t kRebuiltSegmentChunks = 128 << 10;   // as sessions write them: about 5 MB

class IndexRepair {
 public:
  IndexRepair(Repository& repository, const RepairIndexOptions& options, CheckProgress& progress)
      : backend_(repository.backend()), keys_(repository.keys()), options_(options), progress_(progress) {}
  RepairIndexReport run();

 private:
  struct Segment {
    std::string name;
    std::string why;             // guarded by mu_ while workers run; "" while nothing is wrong with it
    bool readable = true;        // at least in part: its right entries are kept
    bool replaceable = true;
  };
  // What a segment says of a pack; only with a writer's signature that holds.
  struct Claim {
    uint32_t segment;
    Signature signature;
  };

  void join(std::optional<Lease>& lease);
  void read_segment(const StoredFile& file);
  void read_packs(std::vector<StoredFile> packs);
  void check_pack(const StoredFile& file);
  void keep_right_entries(const Segment& segment);
  void keep(PackInfo pack);
  void write_batch();

  Backend& backend_;
  const Keyring& keys_;
  const RepairIndexOptions& options_;
  CheckProgress& progress_;
  std::mutex mu_;
  RepairIndexReport report_;                                              // guarded by mu_ while workers run, like the next three
  std::vector<PackInfo> batch_;
  size_t batch_chunks_ = 0;
  std::unordered_set<PackId, IdHash> written_;                            // into new segments
  std::vector<Segment> segments_;
  std::unordered_map<PackId, std::vector<Claim>, IdHash> claims_;         // constant while workers run
  Condemned condemned_;                                                   // constant while workers run
};

// Announced like any writer, so that no prune takes away what is being indexed.
void IndexRepair::join(std::optional<Lease>& lease) {
  if (!options_.dry_run) lease.emplace(backend_, keys_, LeaseRecord::Kind::kWriter);
  uint64_t generation = 0;
  try {
    CondemnedPacks condemned = condemned_packs(backend_, keys_);
    generation = condemned.generation;
    condemned_ = std::move(condemned.packs);
  } catch (const Error& e) {   // then condemned packs get segments too, which costs nothing but their places in them
    report_.notes.push_back(e.what());
  }
  if (lease) lease->activate(generation);
}

void IndexRepair::read_segment(const StoredFile& file) {
  auto id = id_in_name<SegmentId>(file.name);
  if (!id) return;
  Segment segment{file.name, "", true, true};
  try {
    auto number = static_cast<uint32_t>(segments_.size());
    for (const PackInfo& pack : decode_segment(read_whole(backend_, file.name, kMostSegmentBytes), *id, keys_)) {
      try {
        verify_pack_signature(pack, keys_);
        claims_[pack.id].push_back({number, pack.signature});
      } catch (const Error& e) {
        segment.why = file.name + ": " + e.what();
      }
    }
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kNotFound) return;
    segment = {file.name, e.what(), false, e.code() == ErrorCode::kCorrupt};
  }
  ++report_.segments_read;
  segments_.push_back(std::move(segment));
}

// One pack, on a worker: its own word against that of the segments.
void IndexRepair::check_pack(const StoredFile& file) {
  auto id = id_in_name<PackId>(file.name);
  if (!id) return;
  progress_.check_interrupted();
  auto claims = claims_.find(*id);
  PackInfo pack;
  try {
    pack = read_directory(backend_, keys_, *id, file.size_bytes);
  } catch (const Error& e) {
    std::lock_guard lock(mu_);
    if (claims == claims_.end() && e.code() != ErrorCode::kNotFound) report_.packs.push_back({file.name, e.what(), false});
    return;
  }
  std::lock_guard lock(mu_);
  bool known = false;
  for (size_t i = 0; claims != claims_.end() && i < claims->second.size(); ++i) {
    const Claim& claim = claims->second[i];
    Segment& segment = segments_[claim.segment];
    bool same = claim.signature == pack.signature;
    if (!same) segment.why = segment.name + ": says of " + file.name + " what the pack itself doesn't";
    known |= same && segment.why.empty();
  }
  // A condemned pack needs no new segment, but doesn't lose the one it had.
  if (!known && (claims != claims_.end() || !condemned_.contains(*id))) keep(std::move(pack));
}

void IndexRepair::read_packs(std::vector<StoredFile> packs) {
  report_.packs_listed = packs.size();
  std::atomic<size_t> next{0};
  std::exception_ptr failure;
  auto work = [&] {
    try {
      for (size_t i = next++; i < packs.size(); i = next++) {
        check_pack(packs[i]);
        progress_.bytes_done += packs[i].size_bytes;
      }
    } catch (...) {
      std::lock_guard lock(mu_);
      if (!failure) failure = std::current_exception();
      next = packs.size();
    }
  };
  for (const StoredFile& file : packs) progress_.bytes_total += file.size_bytes;
  size_t threads = options_.threads ? options_.threads : processor_count();
  {
    std::vector<std::jthread> workers;
    for (size_t i = 0; i < threads; ++i) workers.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
}

// What is right in a segment that is wrong elsewhere, and stands nowhere else: also of packs that can't be read, or aren't there now.
void IndexRepair::keep_right_entries(const Segment& segment) {
  auto id = id_in_name<SegmentId>(segment.name);
  for (PackInfo& pack : decode_segment(read_whole(backend_, segment.name, kMostSegmentBytes), *id, keys_)) {
    auto claims = claims_.find(pack.id);
    if (claims == claims_.end() || written_.contains(pack.id)) continue;
    if (std::ranges::any_of(claims->second, [&](const Claim& claim) { return segments_[claim.segment].why.empty(); })) continue;
    try {
      verify_pack_signature(pack, keys_);
    } catch (const Error&) {
      continue;
    }
    keep(std::move(pack));
  }
}

// Requires: mu_ is held, or no worker runs.
void IndexRepair::keep(PackInfo pack) {
  if (!written_.insert(pack.id).second) return;
  ++report_.packs_added;
  report_.chunks_added += pack.chunks.size();
  batch_chunks_ += pack.chunks.size();
  batch_.push_back(std::move(pack));
  if (batch_chunks_ >= kRebuiltSegmentChunks) write_batch();
}

void IndexRepair::write_batch() {
  if (batch_.empty()) return;
  if (!options_.dry_run) {
    auto id = random_id<SegmentId>();
    put(backend_, segment_name(id), encode_segment(id, keys_, batch_));
  }
  ++report_.segments_written;
  batch_.clear();
  batch_chunks_ = 0;
}

RepairIndexReport IndexRepair::run() {
  if (!keys_.may_write()) throw Error(ErrorCode::kWrongKey, "this key may only read: repairing the index needs one that may write");
  std::optional<Lease> lease;
  join(lease);
  // Packs are listed before segments are read: one that a backup adds meanwhile isn't missed in a segment that came later.
  std::vector<StoredFile> packs = backend_.list("packs/");
  progress_.phase("reading index segments");
  for (const StoredFile& file : backend_.list("index/")) {
    progress_.check_interrupted();
    read_segment(file);
  }
  progress_.phase("reading tables of packs");
  read_packs(std::move(packs));
  for (const Segment& segment : segments_)
    if (!segment.why.empty() && segment.readable) keep_right_entries(segment);
  write_batch();
  for (const Segment& segment : segments_) {
    if (segment.why.empty()) continue;
    RepairFile file{segment.name, segment.why, segment.replaceable, false};
    if (options_.remove && !options_.dry_run && segment.replaceable) file.removed = backend_.remove(segment.name);
    report_.segments.push_back(std::move(file));
  }
  if (lease) lease->close();
  return std::move(report_);
}

}  // namespace

RepairIndexReport repair_index(Repository& repository, const RepairIndexOptions& options, CheckProgress& progress) {
  return IndexRepair(repository, options, progress).run();
}

}  // namespace cairn
