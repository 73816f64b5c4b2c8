// One compressed stream of an archive: unpacked as it comes, packed again in lock-step, and compared with what came.
//
// Memory:   a few MiB.   Speed: that of the compressor, which runs once more (zlib's level 6: some 40 MB/s of plain rows).
// Threads:  one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ingest/postgres/archive/codec.h"

namespace cairn {

// What worked for the streams before: all of an archive are packed alike.
struct UndoHints {
  std::optional<Packing> last;
  int failures = 0;      // streams in turn that nothing could pack again
};

class Undo {
 public:
  // `plain` gets what the stream holds; `unmatched` gets, in order, the packed bytes from the first one on that packing again
  // doesn't make.
  Undo(PackCodec codec, UndoHints& hints, TakeBytes plain, TakeBytes unmatched);
  void add(ByteView packed);
  // From here on nothing is compared: everything not matched yet is unmatched.
  void stop_matching();
  // Where the stream ended well: "".  Otherwise why it didn't, for people: "is damaged".  Once.
  std::string finish();

  // How the first matched_bytes() of the stream are made.
  const Packing& packing() const { return packing_; }
  uint64_t matched_bytes() const { return matched_; }

 private:
  enum class State { kSampling, kMatching, kUnmatched };
  void take_plain(ByteView plain);
  void choose();
  bool fits(const Packing& packing);
  void compare();
  void mismatch();

  PackCodec codec_;
  UndoHints& hints_;
  TakeBytes plain_, unmatched_;
  std::unique_ptr<Unpacker> unpacker_;
  State state_ = State::kSampling;
  bool any_ = false, ended_ = false, damaged_ = false, trailing_ = false;
  Bytes sample_;                        // plain bytes, while sampling
  Bytes came_, made_;                   // packed bytes that were not compared yet; one of them is short
  std::unique_ptr<SteadyPacker> packer_;
  Packing packing_;
  uint64_t matched_ = 0;
};

}  // namespace cairn
