#include "ingest/sort/record_merge.h"

#include <algorithm>
#include <array>
#include <utility>

namespace cairn::sorting {

namespace {

constexpr size_t kFarBytes = 16 << 10;   // of keys too long for memory, compared at a time

// Whether a's key is less than b's (< 0), or greater, or the same; the first `same` bytes are.
int compare_far(const Source& a, const Source& b, size_t same) {
  std::array<uint8_t, kFarBytes> left, right;
  const size_t both = std::min(a.key_bytes(), b.key_bytes());
  for (size_t at = same; at < both;) {
    const size_t piece = std::min(both - at, kFarBytes);
    a.read_key(at, std::span(left).first(piece));
    b.read_key(at, std::span(right).first(piece));
    const int order = std::memcmp(left.data(), right.data(), piece);
    if (order != 0) return order;
    at += piece;
  }
  return a.key_bytes() < b.key_bytes() ? -1 : a.key_bytes() > b.key_bytes();
}

int compare(const Source& a, const Source& b) {
  const ByteView left = a.key_here(), right = b.key_here();
  const size_t both = std::min(left.size(), right.size());
  const int order = both > 0 ? std::memcmp(left.data(), right.data(), both) : 0;
  return order != 0 ? order : compare_far(a, b, both);
}

}  // namespace

Source* Merge::next() {
  if (tree_[0].source >= kEnded) return nullptr;
  if (begun_) {
    const uint64_t source = tree_[0].source;
    Player winner = load(source);
    for (size_t node = (source + tree_.size()) / 2; node > 0; node /= 2) {
      // The one that is before wins; without a branch, as nobody can guess which.
      Player& other = tree_[node];
      const uint64_t wins = -uint64_t{before(other, winner)};
      const uint64_t chunk = (other.chunk ^ winner.chunk) & wins, who = (other.source ^ winner.source) & wins;
      other.chunk ^= chunk, other.source ^= who;
      winner.chunk ^= chunk, winner.source ^= who;
    }
    tree_[0].chunk = winner.chunk;
    tree_[0].source = winner.source;
  }
  begun_ = true;
  return tree_[0].source >= kEnded ? nullptr : &sources_[tree_[0].source];
}

Merge::Player Merge::load(uint64_t source) {
  Source& from = sources_[source];
  if (!from.advance()) return {UINT64_MAX, source | kEnded};
  return {chunk_of(from.key_here().data(), from.key_bytes(), depth_), source};
}

Merge::Player Merge::play(size_t node) {
  if (node >= tree_.size()) return load(node - tree_.size());
  Player winner = play(2 * node), loser = play(2 * node + 1);
  if (before(loser, winner)) std::swap(winner, loser);
  tree_[node] = loser;
  return winner;
}

bool Merge::before_far(const Player& a, const Player& b) const {
  if (a.source >= kEnded || b.source >= kEnded) return a.source < kEnded;
  const int order = compare(sources_[a.source], sources_[b.source]);
  return order != 0 ? order < 0 : a.source < b.source;
}

}  // namespace cairn::sorting
