#include "store/prune/compaction.h"

#include <algorithm>
#include <thread>
#include <unordered_set>

#include "store/index/segment.h"
#include "store/prune/reseal.h"
#include "store/parallel.h"

namespace cairn {

namespace {

constexpr size_t kBasesCacheBytes = 8 << 20;        // a thread, for bases
constexpr size_t kMovedSegmentChunks = 512 << 10;

class Compaction {
 public:
  Compaction(Repository& repository, int level, PruneProgress& progress, PruneReport& report)
      : repository_(repository), index_(repository.writable_index()), level_(level), progress_(progress), report_(report),
        suite_(repository.config().suite == Suite::kAes256Gcm ? best_suite() : Suite::kXChaCha20Poly1305) {}

  Moved run(const std::vector<CompactionPack>& packs) {
    for (ObjectType type : {ObjectType::kTreePack, ObjectType::kDataPack}) move(packs, type);
    for (size_t begin = 0, end = 0, chunks = 0; end < written_.size();) {
      chunks += written_[end++].chunks.size();
      if (chunks < kMovedSegmentChunks && end < written_.size()) continue;
      std::span<const PackInfo> some(written_.data() + begin, end - begin);
      auto id = random_id<SegmentId>();
      put(repository_.backend(), segment_name(id), encode_segment(id, repository_.keys(), some));
      index_.add_segment(id, some);
      begin = end;
      chunks = 0;
    }
    Moved moved;
    for (const PackInfo& pack : written_) {
      report_.written_bytes += pack.size_bytes;
      for (const ChunkInfo& chunk : pack.chunks) moved.chunks.push_back(chunk.id);
    }
    report_.written_packs += written_.size();
    moved.emptied = std::move(emptied_);
    return moved;
  }

 private:
  // All packs of one type, on several threads.
  void move(const std::vector<CompactionPack>& packs, ObjectType type) {
    std::vector<const CompactionPack*> wanted;
    for (const CompactionPack& pack : packs)
      if (pack.type == type) wanted.push_back(&pack);
    if (wanted.empty()) return;
    // The longest work first: the threads end together.
    std::ranges::sort(wanted, std::greater(), [](const CompactionPack* pack) { return pack->live_share * static_cast<double>(pack->size_bytes); });
    PackSet out(repository_.backend(), repository_.keys(), type, suite_, [this](PackInfo pack) {
      std::lock_guard lock(mu_);
      written_.push_back(std::move(pack));
    });
    std::atomic<size_t> next{0};
    std::exception_ptr failure;
    auto work = [&] {
      try {
        ChunkReader bases(repository_.backend(), repository_.keys(), index_, kBasesCacheBytes);
        const bool data = type == ObjectType::kDataPack;
        FrameBuilder builder(out, data ? kFilePolicy : kTreePolicy);
        Resealer resealer(repository_.backend(), repository_.keys(), bases, builder, level_ != 0 && data);
        if (data) resealer.policy = [this](const FrameInfo& frame) { return policy_of(frame); };
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

  // Streams have the shorter frames, and compress as well by their level; what was left of a file's frame is taken for one, too.
  FramePolicy policy_of(const FrameInfo& frame) const {
    FramePolicy policy = frame.plain_bytes <= kStreamPolicy.frame_bytes ? kStreamPolicy : kFilePolicy;
    policy.level = level_ != 0 ? level_ : repository_.config().content.compression.level_for(policy.level);
    return policy;
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

Moved compact(Repository& repository, const std::vector<CompactionPack>& packs, int recompress_level, PruneProgress& progress, PruneReport& report) {
  return Compaction(repository, recompress_level, progress, report).run(packs);
}

}  // namespace cairn
