// What the golden repositories hold: the same for every format, so that one test reads them all.
#pragma once

#include "tests/store/store_fixture.h"

namespace cairn {

constexpr std::string_view kGoldenPassword = "golden";

// The older snapshot has the first, the newer one the second.
inline Files golden_files(int snapshot) {
  Files files = {{"docs/letter.txt", prose(2500, 1)}, {"docs/old/long.bin", noise(41 << 10, 2)}, {"empty", {}}, {"one", {42}}};
  if (snapshot == 2) {
    files["docs/letter.txt"] = prose(2700, 3);
    files["docs/new name \xc3\xa4\n"] = noise(100, 4);
    files.erase("one");
  }
  return files;
}
inline Bytes golden_delta_base() { return prose(6000, 5); }
inline Bytes golden_delta_chunk() {
  Bytes chunk = golden_delta_base();
  for (size_t i = 0; i < chunk.size(); i += 500) chunk[i] ^= 1;
  return chunk;
}
inline Bytes golden_aes_chunk() { return prose(900, 6); }

}  // namespace cairn
