#include "store/crypto/blake3.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>

#include "store/crypto/blake3_node.h"

namespace cairn {
namespace {

static_assert(std::endian::native == std::endian::little, "words and chaining values are used as bytes");

constexpr size_t kLeafBytes = 1024;
constexpr size_t kHashBytes = 32;
constexpr size_t kParentBytes = 2 * kHashBytes;
// Leaves hashed in one go: enough that the narrow levels near the top of the tree, which don't fill the lanes, cost 1 %; 8 KiB of
// results on the stack.
constexpr size_t kBatchLeaves = 256;

// Flags, section 2.2 of the specification.
constexpr uint8_t kLeafStart = 1, kLeafEnd = 2, kParent = 4, kRoot = 8, kKeyed = 16;

constexpr uint32_t kPlainKey[8] = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                   0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};

struct Implementation {
  std::string_view name;
  Blake3Kernel hash_nodes;
  bool available;
};

// Fastest first.
std::span<const Implementation> implementations() {
#if defined(__x86_64__)
  static const Implementation all[] = {
      {"avx512", blake3_hash_nodes_avx512,
       __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")},
      {"avx2", blake3_hash_nodes_avx2, static_cast<bool>(__builtin_cpu_supports("avx2"))},
      {"baseline", blake3_hash_nodes_baseline, true},
  };
#else
  static const Implementation all[] = {{"baseline", blake3_hash_nodes_baseline, true}};
#endif
  return all;
}

std::atomic<const Implementation*>& chosen() {
  static std::atomic<const Implementation*> implementation = [] {
    std::span<const Implementation> all = implementations();
    return &*std::find_if(all.begin(), all.end(), [](const Implementation& each) { return each.available; });
  }();
  return implementation;
}

void hash_nodes(const uint32_t key[8], const Blake3Node* nodes, size_t count) {
  chosen().load(std::memory_order_relaxed)->hash_nodes(key, nodes, count);
}

size_t leaf_count(size_t size_bytes) { return size_bytes == 0 ? 1 : (size_bytes - 1) / kLeafBytes + 1; }

Blake3Node leaf_node(ByteView bytes, uint64_t number, uint8_t flags, bool root, uint8_t* result) {
  return {.bytes = bytes.data(),
          .size_bytes = static_cast<uint32_t>(bytes.size()),
          .flags = flags,
          .first_flags = kLeafStart,
          .last_flags = static_cast<uint8_t>(kLeafEnd | (root ? kRoot : 0)),
          .counter = number,
          .result = result};
}

Blake3Node parent_node(const uint8_t* children, uint8_t flags, bool root, uint8_t* result) {
  return {.bytes = children,
          .size_bytes = kParentBytes,
          .flags = static_cast<uint8_t>(flags | kParent | (root ? kRoot : 0)),
          .first_flags = 0,
          .last_flags = 0,
          .counter = 0,
          .result = result};
}

// Results of the nodes of one level, side by side; the level above overwrites them from the left.
using Results = uint8_t[kBatchLeaves][kHashBytes];

// Some inputs of at most kBatchLeaves leaves together, hashed level by level, each level over all inputs: lanes stay filled
// although the inputs are short.  The tree of BLAKE3 is what comes of pairing neighbours and passing an odd last one upwards.
class Batch {
 public:
  Batch(const uint32_t key[8], uint8_t flags) : key_(key), flags_(flags) {}

  bool has_room(size_t leaves) const { return leaves_ + leaves <= kBatchLeaves; }
  // Requires: has_room(leaf_count(bytes.size())).
  void add(ByteView bytes, Blake3Hash* out) {
    Tree& tree = trees_[tree_count_++];
    tree = {.first = leaves_, .width = leaf_count(bytes.size()), .out = out};
    for (size_t i = 0; i < tree.width; ++i) {
      const ByteView leaf = bytes.subspan(i * kLeafBytes, std::min(kLeafBytes, bytes.size() - i * kLeafBytes));
      // Whole leaves from the front, short ones from the back: lanes run in step when neighbours are equally long.
      const size_t slot = leaf.size() == kLeafBytes ? whole_++ : kBatchLeaves - ++short_;
      nodes_[slot] = leaf_node(leaf, i, flags_, tree.width == 1, results_[leaves_ + i]);
    }
    leaves_ += tree.width;
  }
  // Writes the hash of each input, and is empty again.
  void finish() {
    hash_leaves();
    while (hash_parents()) {}
    for (size_t i = 0; i < tree_count_; ++i) std::memcpy(trees_[i].out->data(), results_[trees_[i].first], kHashBytes);
    tree_count_ = leaves_ = whole_ = short_ = 0;
  }

 private:
  struct Tree {
    size_t first;  // its results are [first, first + width)
    size_t width;  // of the level that was hashed last
    Blake3Hash* out;
  };

  void hash_leaves() {
    std::sort(nodes_ + kBatchLeaves - short_, nodes_ + kBatchLeaves,
              [](const Blake3Node& a, const Blake3Node& b) { return a.size_bytes > b.size_bytes; });
    std::copy(nodes_ + kBatchLeaves - short_, nodes_ + kBatchLeaves, nodes_ + whole_);
    hash_nodes(key_, nodes_, whole_ + short_);
  }
  // One level; false if every tree has its root already.
  bool hash_parents() {
    size_t count = 0;
    for (size_t t = 0; t < tree_count_; ++t) {
      const Tree& tree = trees_[t];
      for (size_t i = 0; i + 1 < tree.width; i += 2) {
        nodes_[count++] = parent_node(results_[tree.first + i], flags_, tree.width == 2, results_[tree.first + i / 2]);
      }
    }
    if (count == 0) return false;
    hash_nodes(key_, nodes_, count);
    for (size_t t = 0; t < tree_count_; ++t) {
      Tree& tree = trees_[t];
      uint8_t(*level)[kHashBytes] = results_ + tree.first;
      if (tree.width % 2 == 1) std::memmove(level[tree.width / 2], level[tree.width - 1], kHashBytes);
      tree.width = (tree.width + 1) / 2;
    }
    return true;
  }

  const uint32_t* key_;
  uint8_t flags_;
  size_t tree_count_ = 0, leaves_ = 0, whole_ = 0, short_ = 0;
  Tree trees_[kBatchLeaves];
  Blake3Node nodes_[kBatchLeaves];
  Results results_;
};

void words_of(const Blake3Key& key, uint32_t (&words)[8]) { std::memcpy(words, key.data(), sizeof words); }

Blake3Hash hash_one(const uint32_t key[8], uint8_t flags, ByteView bytes) {
  Blake3Hash hash;
  Batch batch(key, flags);
  batch.add(bytes, &hash);
  batch.finish();
  return hash;
}

}  // namespace

Blake3::Blake3() : flags_(0) { std::memcpy(key_, kPlainKey, sizeof key_); }

Blake3::Blake3(const Blake3Key& key) : flags_(kKeyed) { words_of(key, key_); }

void Blake3::update(ByteView bytes) {
  while (!bytes.empty()) {
    if (tail_size_ == kLeafBytes) {  // more follows, so it is not the last leaf
      push_leaves(ByteView(tail_, kLeafBytes));
      tail_size_ = 0;
    }
    if (tail_size_ == 0 && bytes.size() > kLeafBytes) {
      // No run may cross a multiple of its own subtree's size; the last leaf stays in tail_.
      const size_t aligned = size_t{1} << std::min(std::countr_zero(leaves_), std::countr_zero(kBatchLeaves));
      const size_t run = std::min(aligned, leaf_count(bytes.size()) - 1) * kLeafBytes;
      push_leaves(bytes.first(run));
      bytes = bytes.subspan(run);
      continue;
    }
    const size_t taken = std::min(kLeafBytes - tail_size_, bytes.size());
    std::memcpy(tail_ + tail_size_, bytes.data(), taken);
    tail_size_ += taken;
    bytes = bytes.subspan(taken);
  }
}

// Hashes whole leaves and leaves one chaining value on the stack for each bit of leaves_.
// Requires: at most kBatchLeaves, and leaves_ is a multiple of the next power of two of their number.
void Blake3::push_leaves(ByteView bytes) {
  Results results;
  Blake3Node nodes[kBatchLeaves];
  size_t width = bytes.size() / kLeafBytes;
  for (size_t i = 0; i < width; ++i) {
    nodes[i] = leaf_node(bytes.subspan(i * kLeafBytes, kLeafBytes), leaves_ + i, flags_, false, results[i]);
  }
  hash_nodes(key_, nodes, width);
  const size_t added = width;
  // Odd ones at the end of a level are whole subtrees, the smallest at the lowest level: they go on the stack in reverse.
  uint32_t subtrees[std::countr_zero(kBatchLeaves) + 1][8];
  size_t subtree_count = 0;
  for (;; width /= 2) {
    if (width % 2 == 1) std::memcpy(subtrees[subtree_count++], results[width - 1], kHashBytes);
    if (width < 2) break;
    for (size_t i = 0; i < width / 2; ++i) nodes[i] = parent_node(results[2 * i], flags_, false, results[i]);
    hash_nodes(key_, nodes, width / 2);
  }
  while (subtree_count > 0) std::memcpy(stack_[stack_size_++], subtrees[--subtree_count], kHashBytes);
  leaves_ += added;
  while (stack_size_ > static_cast<size_t>(std::popcount(leaves_))) {
    --stack_size_;
    uint8_t* children = reinterpret_cast<uint8_t*>(stack_[stack_size_ - 1]);
    const Blake3Node parent = parent_node(children, flags_, false, children);
    hash_nodes(key_, &parent, 1);
  }
}

Blake3Hash Blake3::finish() const {
  uint8_t children[kParentBytes];
  uint8_t* right = children + kHashBytes;
  const Blake3Node tail = leaf_node(ByteView(tail_, tail_size_), leaves_, flags_, stack_size_ == 0, right);
  hash_nodes(key_, &tail, 1);
  for (size_t i = stack_size_; i-- > 0;) {
    std::memcpy(children, stack_[i], kHashBytes);
    const Blake3Node parent = parent_node(children, flags_, i == 0, right);
    hash_nodes(key_, &parent, 1);
  }
  Blake3Hash hash;
  std::memcpy(hash.data(), right, kHashBytes);
  return hash;
}

Blake3Hash blake3(ByteView bytes) {
  if (leaf_count(bytes.size()) <= kBatchLeaves) return hash_one(kPlainKey, 0, bytes);
  Blake3 hash;
  hash.update(bytes);
  return hash.finish();
}

Blake3Hash blake3_keyed(const Blake3Key& key, ByteView bytes) {
  Blake3Hash hash;
  blake3_keyed_many(key, {&bytes, 1}, {&hash, 1});
  return hash;
}

void blake3_keyed_many(const Blake3Key& key, std::span<const ByteView> inputs, std::span<Blake3Hash> out) {
  assert(out.size() == inputs.size());
  uint32_t words[8];
  words_of(key, words);
  Batch batch(words, kKeyed);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const size_t leaves = leaf_count(inputs[i].size());
    if (leaves > kBatchLeaves) {  // fills the lanes alone
      Blake3 hash(key);
      hash.update(inputs[i]);
      out[i] = hash.finish();
      continue;
    }
    if (!batch.has_room(leaves)) batch.finish();
    batch.add(inputs[i], &out[i]);
  }
  batch.finish();
}

std::string_view blake3_implementation() { return chosen().load()->name; }

bool blake3_force(std::string_view implementation) {
  for (const Implementation& each : implementations()) {
    if (each.name != implementation || !each.available) continue;
    chosen().store(&each);
    return true;
  }
  return false;
}

}  // namespace cairn
