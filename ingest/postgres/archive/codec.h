// The compressors of pg_dump, both ways, behind one face: what unpacks a stream of an archive, and what packs its plain bytes
// again in the very same way.
//
// Threads:  an object is used by one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "store/bytes.h"

namespace cairn {

// Values stand in recipes.
enum class PackCodec : uint8_t { kNone = 0, kZlib = 1, kGzip = 2, kLz4 = 3, kZstd = 4 };

// How many packed bytes are unpacked at a time: at most some 16 MiB of plain ones (zstd's smallest block is 4 bytes, and 128 KiB).
inline size_t piece_bytes(PackCodec codec) { return codec == PackCodec::kZstd ? 256 : 16 << 10; }

// How a stream was packed.
struct Packing {
  PackCodec codec = PackCodec::kNone;
  int level = 0;
  int memory = 0;      // zlib's memLevel; else 0
  bool operator==(const Packing&) const = default;
};

using TakeBytes = std::function<void(ByteView)>;

class Unpacker {
 public:
  enum class State { kMore, kEnd, kDamaged };
  virtual ~Unpacker() = default;
  // Unpacks packed bytes, handing on what they hold in pieces of at most 64 KiB; `used`: how many were part of the stream (all,
  // unless it ended or broke).  Not called again after kEnd or kDamaged.
  virtual State add(ByteView packed, size_t& used, const TakeBytes& plain) = 0;
};

class Packer {
 public:
  virtual ~Packer() = default;
  // Appends to `packed` what the compressor gives for more plain bytes.
  virtual void add(ByteView plain, Bytes& packed) = 0;
  // The end of the stream.  Once.
  virtual void finish(Bytes& packed) = 0;
};

// A packer whose input is always split alike, so that what it gives can't depend on how the bytes come.
class SteadyPacker {
 public:
  explicit SteadyPacker(const Packing& packing);
  void add(ByteView plain, Bytes& packed);
  void finish(Bytes& packed);

 private:
  std::unique_ptr<Packer> packer_;
  Bytes piece_;
};

// Errors: kUnsupported for a codec or parameters that don't exist.
std::unique_ptr<Unpacker> make_unpacker(PackCodec codec);
std::unique_ptr<Packer> make_packer(const Packing& packing);
// Whether make_packer() would take it.
bool valid_packing(const Packing& packing);
// How a stream that begins so may have been packed, the likeliest first.
std::vector<Packing> likely_packings(PackCodec codec, ByteView beginning);

// The pieces the functions above are made of, one pair a library.
std::unique_ptr<Unpacker> make_inflater(bool gzip);
std::unique_ptr<Packer> make_deflater(bool gzip, int level, int memory);
std::unique_ptr<Unpacker> make_lz4_unpacker();
std::unique_ptr<Packer> make_lz4_packer(int level);
std::unique_ptr<Unpacker> make_zstd_unpacker();
std::unique_ptr<Packer> make_zstd_packer(int level);

}  // namespace cairn
