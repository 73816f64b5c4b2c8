// What the targets share.  A target is a function of bytes that must neither crash, hang nor allocate without bounds, and that
// aborts when a decoder contradicts its encoder.  clang builds them with libFuzzer (-DFUZZ=ON); everyone else replays the corpus.
#pragma once

#include <cstdint>
#include <cstdlib>

#include "store/bytes.h"
#include "store/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace cairn {

inline void require(bool holds) {
  if (!holds) std::abort();
}

// Runs `decode`; an Error is an ordinary answer to bytes from nowhere, anything else is a bug.
template <class Decode>
void refuse_or(Decode decode) {
  try {
    decode();
  } catch (const Error& e) {
    require(e.code() == ErrorCode::kCorrupt || e.code() == ErrorCode::kUnsupported);
  }
}

}  // namespace cairn
