// Chunk ids that this session brings: the first to claim one must store it, everyone after may rely on it.
//
// Memory:   about 100 bytes an id; ids leave when the index knows them, so some hundred thousand at most.
// Threads:  thread-safe; sharded, because every worker asks for every new chunk.
#pragma once

#include <array>
#include <mutex>
#include <unordered_set>

#include "store/id.h"

namespace cairn {

class Claims {
 public:
  // True for the first caller.
  bool claim(const ChunkId& id) {
    Shard& shard = shards_[id.bytes[31] % kShards];
    std::lock_guard lock(shard.mu);
    return shard.ids.insert(id).second;
  }
  void release(const ChunkId& id) {
    Shard& shard = shards_[id.bytes[31] % kShards];
    std::lock_guard lock(shard.mu);
    shard.ids.erase(id);
  }

 private:
  static constexpr size_t kShards = 16;
  struct Shard {
    std::mutex mu;
    std::unordered_set<ChunkId, IdHash> ids;  // guarded by mu
  };
  std::array<Shard, kShards> shards_;
};

}  // namespace cairn
