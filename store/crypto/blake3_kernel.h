// The BLAKE3 compression function over N nodes of the tree at once, one in each 32-bit lane of the vectors.
// One text for every instruction set: blake3_<set>.cc includes this and is compiled with the flags of that set.
//
// Everything sits in an unnamed namespace and uses nothing inline of the standard library: the linker keeps one copy of an inline
// function that several files share, and if that was the AVX-512 copy, the program would die on other CPUs.
//
// Layout:  a vector of the state or the message holds one word of all lanes; blocks are loaded as rows and transposed.
// Source:  BLAKE3 specification, sections 2.2 and 5.3; word order little-endian, as the machines we run on.
#pragma once

#include <cstring>
#include <utility>

#include "store/crypto/blake3_node.h"

namespace cairn {
namespace {

constexpr uint32_t kBlockBytes = 64;
constexpr uint32_t kInitial[8] = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};

// Which message word each round mixes in where: every round permutes the order of the one before.
struct Schedule {
  uint8_t word[7][16];
};
constexpr Schedule make_schedule() {
  constexpr uint8_t kPermutation[16] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
  Schedule schedule{};
  for (uint8_t i = 0; i < 16; ++i) schedule.word[0][i] = i;
  for (int round = 1; round < 7; ++round) {
    for (int i = 0; i < 16; ++i) schedule.word[round][i] = schedule.word[round - 1][kPermutation[i]];
  }
  return schedule;
}
constexpr Schedule kSchedule = make_schedule();

template <int N>
struct Lanes {
  typedef uint32_t Words __attribute__((vector_size(4 * N)));
  typedef uint8_t Bytes __attribute__((vector_size(4 * N)));
};
template <int N>
using Vector = typename Lanes<N>::Words;
template <int N>
using LaneNumbers = std::make_integer_sequence<int, N>;  // a parameter pack, for shuffles whose pattern is computed

#define CAIRN_INLINE inline __attribute__((always_inline))

template <int N>
CAIRN_INLINE Vector<N> load(const void* from) {
  Vector<N> to;
  std::memcpy(&to, from, sizeof to);
  return to;
}
template <int N>
CAIRN_INLINE Vector<N> all(uint32_t value) {
  return Vector<N>{} + value;
}

template <int N, int kBytes, int... kByte>
CAIRN_INLINE Vector<N> rotate_bytes(Vector<N> v, std::integer_sequence<int, kByte...>) {
  const typename Lanes<N>::Bytes bytes = (typename Lanes<N>::Bytes)v;
  return (Vector<N>)__builtin_shufflevector(bytes, bytes, ((kByte & ~3) + ((kByte + kBytes) & 3))...);
}
// Rotates each lane to the right.
template <int N, int kBits>
CAIRN_INLINE Vector<N> rotate(Vector<N> v) {
#if defined(__AVX2__) && !defined(__AVX512VL__)
  // One byte shuffle instead of two shifts and an or; AVX-512 can rotate, and SSE2 can't shuffle bytes.
  if constexpr (kBits % 8 == 0) return rotate_bytes<N, kBits / 8>(v, LaneNumbers<4 * N>());
#endif
  return (v >> kBits) | (v << (32 - kBits));
}

// One quarter round on four words of the state, all lanes; x and y are message words.
template <int N>
CAIRN_INLINE void mix(Vector<N>& a, Vector<N>& b, Vector<N>& c, Vector<N>& d, const Vector<N>& x, const Vector<N>& y) {
  a = a + x + b;  // b comes last out of the step before
  d ^= a;
  d = rotate<N, 16>(d);
  c += d;
  b ^= c;
  b = rotate<N, 12>(b);
  a = a + y + b;
  d ^= a;
  d = rotate<N, 8>(d);
  c += d;
  b ^= c;
  b = rotate<N, 7>(b);
}

template <int N, int kRound>
CAIRN_INLINE void rounds_from(Vector<N> (&v)[16], const Vector<N> (&m)[16]) {
  if constexpr (kRound < 7) {
    constexpr const uint8_t(&w)[16] = kSchedule.word[kRound];
    mix<N>(v[0], v[4], v[8], v[12], m[w[0]], m[w[1]]);
    mix<N>(v[1], v[5], v[9], v[13], m[w[2]], m[w[3]]);
    mix<N>(v[2], v[6], v[10], v[14], m[w[4]], m[w[5]]);
    mix<N>(v[3], v[7], v[11], v[15], m[w[6]], m[w[7]]);
    mix<N>(v[0], v[5], v[10], v[15], m[w[8]], m[w[9]]);
    mix<N>(v[1], v[6], v[11], v[12], m[w[10]], m[w[11]]);
    mix<N>(v[2], v[7], v[8], v[13], m[w[12]], m[w[13]]);
    mix<N>(v[3], v[4], v[9], v[14], m[w[14]], m[w[15]]);
    rounds_from<N, kRound + 1>(v, m);
  }
}

// Within each group of four lanes, interleaves runs of kRun words (1 or 2) of the lower (kHigh = 0) or upper halves of a and b.
template <int N, int kRun, int kHigh, int... kLane>
CAIRN_INLINE Vector<N> interleave(Vector<N> a, Vector<N> b, std::integer_sequence<int, kLane...>) {
  return __builtin_shufflevector(
      a, b, ((kLane & ~3) + 2 * kHigh + (kRun == 1 ? (kLane & 3) / 2 + (kLane & 1) * N : (kLane & 1) + (kLane & 2) / 2 * N))...);
}
// Takes the runs of kRun lanes with even (kOdd = 0) or odd numbers from a into the even places and from b into the odd ones.
template <int N, int kRun, int kOdd, int... kLane>
CAIRN_INLINE Vector<N> exchange(Vector<N> a, Vector<N> b, std::integer_sequence<int, kLane...>) {
  return __builtin_shufflevector(a, b, ((kLane & ~kRun) + kOdd * kRun + ((kLane & kRun) ? N : 0))...);
}

// Swaps runs of kRun lanes between the rows whose numbers differ in that bit, then the same for 2 kRun.
template <int N, int kRun>
CAIRN_INLINE void exchange_runs(Vector<N>* rows) {
  if constexpr (kRun < N) {
    for (int row = 0; row < N; ++row) {
      if (row & kRun) continue;
      const Vector<N> a = rows[row], b = rows[row + kRun];
      rows[row] = exchange<N, kRun, 0>(a, b, LaneNumbers<N>());
      rows[row + kRun] = exchange<N, kRun, 1>(a, b, LaneNumbers<N>());
    }
    exchange_runs<N, 2 * kRun>(rows);
  }
}

// Transposes N rows of N words: first 4x4 squares, where every instruction set has cheap interleaving, then runs of four.
template <int N>
CAIRN_INLINE void transpose(Vector<N>* rows) {
  constexpr LaneNumbers<N> lanes;
  for (int i = 0; i < N; i += 4) {
    const Vector<N> a = rows[i], b = rows[i + 1], c = rows[i + 2], d = rows[i + 3];
    const Vector<N> ab0 = interleave<N, 1, 0>(a, b, lanes), ab1 = interleave<N, 1, 1>(a, b, lanes);
    const Vector<N> cd0 = interleave<N, 1, 0>(c, d, lanes), cd1 = interleave<N, 1, 1>(c, d, lanes);
    rows[i] = interleave<N, 2, 0>(ab0, cd0, lanes);
    rows[i + 1] = interleave<N, 2, 1>(ab0, cd0, lanes);
    rows[i + 2] = interleave<N, 2, 0>(ab1, cd1, lanes);
    rows[i + 3] = interleave<N, 2, 1>(ab1, cd1, lanes);
  }
  exchange_runs<N, 4>(rows);
}

// What N nodes need at every block, lane by lane.
template <int N>
struct Group {
  const uint8_t* bytes[N];
  const uint8_t* last_block[N];  // the node's own bytes, or a padded copy in `padded`
  uint32_t last[N];              // number of the last block
  uint32_t last_size[N];         // bytes in it
  uint32_t first_flags[N], last_flags[N], flags[N];
  uint32_t counter_low[N], counter_high[N];
  uint32_t blocks;  // of the longest node
  uint8_t padded[N][kBlockBytes];
};

// Lanes from `count` on repeat the first node; nobody reads their result.
template <int N>
void gather(const Blake3Node* nodes, size_t count, Group<N>& group) {
  group.blocks = 0;
  for (size_t lane = 0; lane < N; ++lane) {
    const Blake3Node& node = nodes[lane < count ? lane : 0];
    const uint32_t last = node.size_bytes == 0 ? 0 : (node.size_bytes - 1) / kBlockBytes;
    const uint32_t last_size = node.size_bytes - last * kBlockBytes;
    group.bytes[lane] = node.bytes;
    group.last_block[lane] = node.bytes + last * kBlockBytes;
    if (last_size != kBlockBytes) {
      std::memset(group.padded[lane], 0, kBlockBytes);
      if (last_size != 0) std::memcpy(group.padded[lane], group.last_block[lane], last_size);
      group.last_block[lane] = group.padded[lane];
    }
    group.last[lane] = last;
    group.last_size[lane] = last_size;
    group.flags[lane] = node.flags;
    group.first_flags[lane] = node.first_flags;
    group.last_flags[lane] = node.last_flags;
    group.counter_low[lane] = static_cast<uint32_t>(node.counter);
    group.counter_high[lane] = static_cast<uint32_t>(node.counter >> 32);
    if (last >= group.blocks) group.blocks = last + 1;
  }
}

// Loads block number `block` of every lane, transposed: message[w] holds word w of all.
template <int N>
CAIRN_INLINE void load_message(const Group<N>& group, uint32_t block, Vector<N> (&message)[16]) {
  const uint8_t* from[N];
  for (int lane = 0; lane < N; ++lane) {
    from[lane] = block < group.last[lane] ? group.bytes[lane] + block * kBlockBytes : group.last_block[lane];
  }
  for (int word = 0; word < 16; word += N) {
    for (int lane = 0; lane < N; ++lane) message[word + lane] = load<N>(from[lane] + 4 * word);
    transpose<N>(message + word);
  }
}

// Writes the chaining values of the first `count` lanes.
template <int N>
CAIRN_INLINE void store_results(const Vector<N> (&chain)[8], const Blake3Node* nodes, size_t count) {
  constexpr int kRows = N < 8 ? 8 : N;  // whole squares; the rows past 8 are filler
  Vector<N> rows[kRows];
  for (int i = 0; i < kRows; ++i) rows[i] = chain[i % 8];
  for (int square = 0; square < kRows; square += N) {
    transpose<N>(rows + square);
    constexpr size_t kBytes = N < 8 ? 4 * N : 32;
    for (size_t lane = 0; lane < count; ++lane) std::memcpy(nodes[lane].result + 4 * square, rows + square + lane, kBytes);
  }
}

// Hashes up to N nodes, block by block; a lane whose node has ended keeps its chaining value.
template <int N>
void hash_group(const uint32_t key[8], const Blake3Node* nodes, size_t count) {
  Group<N> group;
  gather<N>(nodes, count, group);
  const Vector<N> last = load<N>(group.last), last_size = load<N>(group.last_size), flags = load<N>(group.flags);
  Vector<N> chain[8];
  for (int i = 0; i < 8; ++i) chain[i] = all<N>(key[i]);
  for (uint32_t block = 0; block < group.blocks; ++block) {
    Vector<N> message[16], v[16];
    load_message<N>(group, block, message);
    const Vector<N> is_last = (Vector<N>)(last == block), is_there = (Vector<N>)(last >= block);
    for (int i = 0; i < 8; ++i) v[i] = chain[i];
    for (int i = 0; i < 4; ++i) v[8 + i] = all<N>(kInitial[i]);
    v[12] = load<N>(group.counter_low);
    v[13] = load<N>(group.counter_high);
    v[14] = (is_last & last_size) | (~is_last & kBlockBytes);
    v[15] = flags | (is_last & load<N>(group.last_flags));
    if (block == 0) v[15] |= load<N>(group.first_flags);
    rounds_from<N, 0>(v, message);
    for (int i = 0; i < 8; ++i) chain[i] = ((v[i] ^ v[i + 8]) & is_there) | (chain[i] & ~is_there);
  }
  store_results<N>(chain, nodes, count);
}

}  // namespace
}  // namespace cairn

#undef CAIRN_INLINE
