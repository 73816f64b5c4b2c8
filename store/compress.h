// zstd, for frames and for the sealed small files.  The only file that knows zstd.
// Threads:  one thread at a time; a worker keeps its own, because contexts cost megabytes.
#pragma once

#include <memory>

#include "store/bytes.h"

namespace cairn {

class Compressor {
 public:
  explicit Compressor(int level);
  ~Compressor();
  Compressor(Compressor&&) noexcept;
  Compressor& operator=(Compressor&&) noexcept;
  // Compresses into `out` (grown as needed); false when that saves less than 3 %, so storing it raw is better.
  bool compress(ByteView plain, Buffer& out);
  // The same with `prefix` as history: what both sides know before the frame begins.
  bool compress_delta(ByteView plain, ByteView prefix, Buffer& out);
  // Of the next frames.
  void set_level(int level);
  int level() const { return level_; }

 private:
  struct Free {
    void operator()(void* context) const;
  };
  bool run(ByteView plain, Buffer& out);
  int level_;
  std::unique_ptr<void, Free> context_;
};

class Decompressor {
 public:
  Decompressor();
  ~Decompressor();
  Decompressor(Decompressor&&) noexcept;
  Decompressor& operator=(Decompressor&&) noexcept;
  // Exactly plain_bytes, or kCorrupt naming `what`.  Never allocates more than plain_bytes.
  Buffer decompress(ByteView packed, size_t plain_bytes, std::string_view what);
  Buffer decompress_delta(ByteView packed, ByteView prefix, size_t plain_bytes, std::string_view what);

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

}  // namespace cairn
