#include "store/prune/compaction.h"

#include <algorithm>
#include <thread>
#include <unordered_set>

#include "store/index/segment.h"
#include "store/prune/reseal.h"
#include "store/parallel.h"

namespace cairn {

namespace {

constexpr FramePolicy kDataPolicy{3, 1 << 20};
constexpr size_t kCacheBytes = 8 << 20;        // a thread, for bases
constexpr size_t kSegmentChunks = 512 << 10;

class Compaction {
 public:
  Compaction(Repository& repository, int level, PruneProgress& progress, PruneReport& report)
      : repository_(repository), index_(repository.writable_index()), level_(level), progress_(progress), report_(report),
        suite_(repository.config().suite == Suite::kAes256Gcm ? best_suite() : Suite::kXChaCha20Poly1305) {}

  std::set<PackId> run(const std::vector<CompactionPack>& packs) {
    for (ObjectType type : {ObjectType::kTreePack, ObjectType::kDataPack}) move(packs, type);
    for (size_t begin = 0, end = 0, chunks = 0; end < written_.size();) {
      chunks += written_[end++].chunks.size();
      if (chunks < kSegmentChunks && end < written_.size()) continue;
      std::span<const PackInfo> some(written_.data() + begin, end - begin);
      auto id = random_id<SegmentId>();
      put(repository_.backend(), segment_name(id), encode_segment(id, repository_.keys(), some));
      index_.add_segment(id, some);
      begin = end;
      chunks = 0;
    }
    for (const PackInfo& pack : written_) report_.written_bytes += pack.size_bytes;
    report_.written_packs += written_.size();
    return std::move(emptied_);
  }

 private:
  // All packs of one type, on several threads.
  void move(const std::vector<CompactionPack>& packs, ObjectType type) {
    std::vector<const CompactionPack*> wanted;
    for (const CompactionPack& pack : packs)
      if (pack.type == type) wanted.push_back(&pack);
    if (wanted.empty()) return;
    PackSet out(repository_.backend(), repository_.keys(), type, suite_, [this](PackInfo pack) {
      std::lock_guard lock(mu_);
      written_.push_back(std::move(pack));
    });
    std::atomic<size_t> next{0};
    std::exception_ptr failure;
    auto work = [&] {
      try {
        ChunkReader bases(repository_.backend(), repository_.keys(), index_, kCacheBytes);
        FramePolicy policy = type == ObjectType::kTreePack ? kTreePolicy : kDataPolicy;
        if (type == ObjectType::kDataPack)
          policy.level = level_ != 0 ? level_ : repository_.config().content.compression.level_for(policy.level);
        FrameBuilder builder(out, policy);
        Resealer resealer(repository_.backend(), repository_.keys(), bases, builder, level_ != 0 && type == ObjectType::kDataPack);
        for (size_t i = next++; i < wanted.size(); i = next++) move_pack(*wanted[i], resealer);
        builder.flush();
      } catch (...) {
        std::lock_guard lock(mu_);
        if (!failure) failure = std::current_exception();
        next = wanted.size();
      }
    };
    {
      std::vector<std::jthread> workers;
      const size_t threads = std::min<size_t>(wanted.size(), processor_count());
      for (size_t i = 0; i < threads; ++i) workers.emplace_back(work);
    }
    if (failure) std::rethrow_exception(failure);
    out.finish();
  }

  void move_pack(const CompactionPack& candidate, Resealer& resealer) {
    progress_.check_interrupted();
    PackInfo pack;
    try {
      pack = read_directory(repository_.backend(), repository_.keys(), candidate.id, candidate.size_bytes);
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kNoSpace || e.code() == ErrorCode::kInterrupted) throw;
      return damaged(candidate, e.what());
    }
    std::unordered_set<ChunkId, IdHash> needed;
    for (size_t i = 0; i < pack.chunks.size() && i < candidate.use->chunks.size(); ++i)
      if (candidate.use->chunks[i]) needed.insert(pack.chunks[i].id);
    ResealReport moved = resealer.reseal(pack, [&](const ChunkId& id) { return needed.contains(id); });
    progress_.bytes_done += candidate.size_bytes;
    if (!moved.damage.empty()) return damaged(candidate, moved.damage.front().what);
    std::lock_guard lock(mu_);
    emptied_.insert(candidate.id);
    ++report_.moved_packs;
    report_.moved_bytes += candidate.size_bytes;
  }

  // One that is gone isn't damaged: what needed it was forgotten, and another prune took it away.  The marking after this one tells if not.
  void damaged(const CompactionPack& pack, const std::string& why) {
    if (repository_.backend().list(pack_name(pack.id)).empty()) return;
    std::lock_guard lock(mu_);
    report_.damaged.push_back(pack_name(pack.id) + ": " + why);
  }

  Repository& repository_;
  Index& index_;
  int level_;
  PruneProgress& progress_;
  PruneReport& report_;
  Suite suite_;
  std::mutex mu_;
  std::vector<PackInfo> written_;   // guarded by mu_
  std::set<PackId> emptied_;        // guarded by mu_
};

}  // namespace

std::set<PackId> compact(Repository& repository, const std::vector<CompactionPack>& packs, int recompress_level, PruneProgress& progress,
                         PruneReport& report) {
  return Compaction(repository, recompress_level, progress, report).run(packs);
}

}  // namespace cairn
