#include "store/crypto/blake3_kernel.h"

namespace cairn {

void blake3_hash_nodes_avx2(const uint32_t key[8], const Blake3Node* nodes, size_t count) {
  constexpr size_t kLanes = 8;
  for (size_t at = 0; at < count; at += kLanes) hash_group<kLanes>(key, nodes + at, count - at < kLanes ? count - at : kLanes);
}

}  // namespace cairn
