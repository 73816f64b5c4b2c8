// Merges sorted records: a part of the RecordSorter.
//
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "ingest/sort/record_runs.h"

namespace cairn::sorting {

// A loser tree: each inner node has the loser of the match between what won beneath it; the winner of all is on top.
class Merge {
 public:
  // Requires: sources, in the order their records were added; keys have the first `depth` bytes in common.
  void start(std::vector<Source> sources, size_t depth) {
    sources_ = std::move(sources);
    depth_ = depth;
    tree_.resize(sources_.size());
    tree_[0] = play(1);
  }
  // The source of the next record; nullptr at the end.
  Source* next();

 private:
  struct Player {
    uint64_t chunk = 0;    // of the key, beyond what all have in common; the largest at the end
    uint64_t source = 0;   // and kEnded
  };
  static constexpr uint64_t kEnded = uint64_t{1} << 32;
  Player load(uint64_t source);
  Player play(size_t node);
  bool before(const Player& a, const Player& b) const { return a.chunk != b.chunk ? a.chunk < b.chunk : before_far(a, b); }
  bool before_far(const Player& a, const Player& b) const;

  std::vector<Source> sources_;
  std::vector<Player> tree_;
  size_t depth_ = 0;
  bool begun_ = false;
};

}  // namespace cairn::sorting
