#include "store/crypto/blake3_kernel.h"

namespace cairn {

void blake3_hash_nodes_avx512(const uint32_t key[8], const Blake3Node* nodes, size_t count) {
  for (; count > 8; nodes += 16) {
    const size_t now = count < 16 ? count : 16;
    hash_group<16>(key, nodes, now);
    count -= now;
  }
  if (count > 0) hash_group<8>(key, nodes, count);  // half a vector takes two thirds of the time: three ports instead of two
}

}  // namespace cairn
