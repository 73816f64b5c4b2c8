// What the BLAKE3 tree asks of its kernels: hash many nodes, leaves and parents alike.
// No inline functions: this is included by files compiled for CPUs that may not be there (see blake3_kernel.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn {

// One node of the tree: a leaf of 0 to 1024 bytes, or a parent, whose 64 bytes are the results of its children.
struct Blake3Node {
  const uint8_t* bytes;
  uint32_t size_bytes;
  uint8_t flags;        // of every block
  uint8_t first_flags;  // added to those of the first block
  uint8_t last_flags;   // added to those of the last block
  uint64_t counter;     // number of the leaf in its input; 0 for parents
  uint8_t* result;      // 32 bytes; may lie in the bytes of a node with this or a smaller index, not of a later one
};

// result of nodes[i] = its chaining value (the hash, if it is the root), for i in [0, count).
using Blake3Kernel = void (*)(const uint32_t key[8], const Blake3Node* nodes, size_t count);

// Callable only if the CPU has AVX2, or AVX-512 F, VL and BW.
void blake3_hash_nodes_baseline(const uint32_t key[8], const Blake3Node* nodes, size_t count);
void blake3_hash_nodes_avx2(const uint32_t key[8], const Blake3Node* nodes, size_t count);
void blake3_hash_nodes_avx512(const uint32_t key[8], const Blake3Node* nodes, size_t count);

}  // namespace cairn
