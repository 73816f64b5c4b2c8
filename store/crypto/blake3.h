// BLAKE3 (keyed and plain), 256-bit output: chunk ids and the trailer hash of every stored file.
// Own code because Debian 12 has no package of it and libsodium's fastest hash costs 5-7 times as much.
//
// Speed:    16 lanes with AVX-512, 8 with AVX2, 4 otherwise; chosen once at run time (__builtin_cpu_supports).
//           64 KiB inputs on one Xeon core at 3 GHz, GB/s: 4.9, 2.9, 1.3 (bench micro, hash_64k).
//           Inputs shorter than 16 KiB can't fill the lanes alone, so blake3_keyed_many() hashes several side by side.
// Threads:  functions are thread-safe; a Blake3 object is used by one thread at a time.
// Source:   https://github.com/BLAKE3-team/BLAKE3-specs/blob/master/blake3.pdf
#pragma once

#include <array>
#include <span>

#include "store/bytes.h"

namespace cairn {

using Blake3Key = std::array<uint8_t, 32>;
using Blake3Hash = std::array<uint8_t, 32>;

// Incremental hashing of a long run.
class Blake3 {
 public:
  Blake3();                               // plain
  explicit Blake3(const Blake3Key& key);  // keyed
  // Any split gives the same hash; pieces of 256 KiB and more cost least (64 KiB: a fifth slower).
  void update(ByteView bytes);
  // The hash of everything so far; more may be appended afterwards.
  Blake3Hash finish() const;

 private:
  void push_leaves(ByteView bytes);

  uint32_t key_[8];
  uint8_t flags_;
  uint64_t leaves_ = 0;        // whole 1024-byte leaves pushed to the stack
  uint8_t tail_[1024];         // bytes not yet hashed: kept until we know whether they are the last leaf
  size_t tail_size_ = 0;
  uint32_t stack_[54][8];      // chaining values of complete subtrees, largest first; 54 levels are 2^64 bytes
  size_t stack_size_ = 0;
};

Blake3Hash blake3(ByteView bytes);
Blake3Hash blake3_keyed(const Blake3Key& key, ByteView bytes);

// out[i] = blake3_keyed(key, inputs[i]) for all i, filling the vector lanes across inputs.
// Requires: out.size() == inputs.size().
void blake3_keyed_many(const Blake3Key& key, std::span<const ByteView> inputs, std::span<Blake3Hash> out);

// "avx512", "avx2" or "baseline"; for `cairn version` and the bench.
std::string_view blake3_implementation();
// For tests: run with a given implementation if the CPU has it (false if not).
bool blake3_force(std::string_view implementation);

}  // namespace cairn
