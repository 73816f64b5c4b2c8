// A pack as a file: frames one after the other, then a sealed directory; streamed out as it grows.
//
// Layout (FORMAT.md, "Pack"):
//   header 80 | key box 80 | frames | random padding | directory: nonce 24, ciphertext, tag 16 | key box 80 |
//   directory length 4 | zero 4 | trailer 32
// The directory's plaintext: body length 4 | body (store/pack/directory.h) | certificate 105 | signature 64 | zeros to 1 KiB
// The key box stands at both ends (and in the index), because a flipped bit in it would cost the whole pack.
#pragma once

#include <exception>
#include <memory>
#include <mutex>

#include "store/backend/backend.h"
#include "store/crypto/blake3.h"
#include "store/crypto/frame_cipher.h"
#include "store/keys/keyring.h"
#include "store/pack/directory.h"

namespace cairn {

// A pack being written.  Threads: reserve() and append() are thread-safe; seal_frame() may run on many threads at once.
// Errors: kIo, kNoSpace; the pack is lost then, and nothing of it becomes visible.
class PackWriter {
 public:
  // `backend` and `keys` must outlive this.
  PackWriter(Backend& backend, const Keyring& keys, ObjectType type, Suite suite);

  // The number of the next frame; used exactly once.
  uint32_t reserve();
  // Seals `packed` (compressed as `frame` says) under the pack's key: returns ciphertext and tag.  frame.number must be reserved.
  Buffer seal_frame(const FrameInfo& frame, ByteView packed) const;
  // Appends a sealed frame and the chunks it holds.  frame.offset and stored_bytes are set here.
  void append(FrameInfo frame, ByteView sealed, std::vector<ChunkInfo> chunks);
  uint64_t size_bytes() const;    // so far
  size_t chunk_count() const;     // so far

  // Pads, writes directory and footer, makes the pack durable.  Requires: every reserved frame was appended.
  PackInfo finish();

 private:
  void write(ByteView bytes);
  const Keyring& keys_;
  PackInfo info_;                   // guarded by mu_
  Bytes header_;                    // constant
  FrameCipher cipher_;              // constant
  mutable std::mutex mu_;
  std::unique_ptr<Upload> upload_;  // guarded by mu_
  std::exception_ptr failure_;      // guarded by mu_; what ended it
  Blake3 hash_;                     // guarded by mu_
  uint32_t next_number_ = 0;        // guarded by mu_
  uint64_t written_bytes_ = 0;      // guarded by mu_
};

// Opens the directory of a pack: checks both key boxes, the directory and that it fits the file.  kCorrupt, kIo, kNotFound.
PackInfo read_directory(Backend& backend, const Keyring& keys, const PackId& id, uint64_t size_bytes);
// The same from the whole file in memory (check --read-data); also checks the trailer.
PackInfo parse_pack(ByteView file, const Keyring& keys, const PackId& id);

// Opens frames of one pack.  Requires: keys.may_read().  Threads: immutable, thread-safe.
class PackOpener {
 public:
  // kCorrupt when the key box doesn't open or the commitment doesn't fit.
  PackOpener(const Keyring& keys, const PackInfo& pack);
  // The compressed bytes of a frame.  kCorrupt.
  Buffer open(const FrameInfo& frame, ByteView sealed) const;
  Buffer open(const FrameInfo& frame, Buffer&& sealed) const;   // in the same memory

 private:
  void open(const FrameInfo& frame, ByteView sealed, uint8_t* out) const;
  Bytes header_;
  FrameCipher cipher_;
  std::string name_;
};

}  // namespace cairn
