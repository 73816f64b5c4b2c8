// A temporary file for what memory shouldn't hold: without a name, and sealed under a key that nobody but this object ever has, so
// that neither a crash nor a look at the disk shows anything of a user's data.
//
// Threads:  append() by one thread at a time; read() also beside it, by several, of what was appended before.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "store/bytes.h"

namespace cairn {

// $TMPDIR, else /var/tmp: files may be larger than memory, which /tmp may be made of.
std::string spill_directory();

class SpillFile {
 public:
  static constexpr size_t kBlockBytes = 64 << 10;   // reads and writes of whole blocks, at multiples of it, are the fastest
  static constexpr uint64_t kMostBytes = (uint64_t{1} << 32) * kBlockBytes;   // 256 TiB: a block's number is its nonce

  // The file is made when something is first written.
  explicit SpillFile(std::string directory = spill_directory());
  ~SpillFile();
  SpillFile(SpillFile&&) noexcept;
  SpillFile& operator=(SpillFile&&) noexcept;

  // Returns the offset at which the bytes begin.   Errors: kNoSpace, kIo, which name the directory and TMPDIR; whoever appends
  // after an error gets it again.
  uint64_t append(ByteView bytes);
  // Requires: what is read was appended.   Errors: kIo; kCorrupt when the disk gave back something else.
  void read(uint64_t offset, std::span<uint8_t> into) const;
  uint64_t size_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
