// LZ4 frames as pg_dump 16 and newer write them.  The one file that knows liblz4.
#include <lz4frame.h>

#include <algorithm>

#include "ingest/postgres/archive/codec.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kLz4PieceBytes = 64 << 10;
constexpr size_t kInputBytes = 4096;     // pg_dump's buffer: what it gives the compressor at a time, at most

class Lz4Unpacker : public Unpacker {
 public:
  Lz4Unpacker() : out_(kLz4PieceBytes) {
    if (LZ4F_isError(::LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0) {
      throw Error(ErrorCode::kIo, "unpacking lz4: no memory");
    }
  }
  ~Lz4Unpacker() override { ::LZ4F_freeDecompressionContext(context_); }
  Lz4Unpacker(const Lz4Unpacker&) = delete;
  Lz4Unpacker& operator=(const Lz4Unpacker&) = delete;

  State add(ByteView packed, size_t& used, const TakeBytes& plain) override {
    used = 0;
    for (;;) {
      size_t in = packed.size() - used, out = out_.size();
      const size_t hint = ::LZ4F_decompress(context_, out_.data(), &out, packed.data() + used, &in, nullptr);
      if (LZ4F_isError(hint) != 0) return State::kDamaged;
      used += in;
      if (out > 0) plain(ByteView(out_).first(out));
      if (hint == 0) return State::kEnd;
      if (in == 0 && out == 0) return State::kMore;
      if (used == packed.size() && out < out_.size()) return State::kMore;
    }
  }

 private:
  ::LZ4F_dctx* context_ = nullptr;
  Bytes out_;
};

class Lz4Packer : public Packer {
 public:
  explicit Lz4Packer(int level) {
    preferences_.compressionLevel = level;
    if (LZ4F_isError(::LZ4F_createCompressionContext(&context_, LZ4F_VERSION)) != 0) {
      throw Error(ErrorCode::kIo, "packing lz4: no memory");
    }
    out_.resize(std::max<size_t>(::LZ4F_compressBound(kInputBytes, &preferences_), LZ4F_HEADER_SIZE_MAX));
  }
  ~Lz4Packer() override { ::LZ4F_freeCompressionContext(context_); }
  Lz4Packer(const Lz4Packer&) = delete;
  Lz4Packer& operator=(const Lz4Packer&) = delete;

  void add(ByteView plain, Bytes& packed) override {
    begin(packed);
    for (; !plain.empty(); plain = plain.subspan(std::min(plain.size(), kInputBytes))) {
      append(::LZ4F_compressUpdate(context_, out_.data(), out_.size(), plain.data(), std::min(plain.size(), kInputBytes), nullptr), packed);
    }
  }
  void finish(Bytes& packed) override {
    begin(packed);
    append(::LZ4F_compressEnd(context_, out_.data(), out_.size(), nullptr), packed);
  }

 private:
  void begin(Bytes& packed) {
    if (!begun_) append(::LZ4F_compressBegin(context_, out_.data(), out_.size(), &preferences_), packed);
    begun_ = true;
  }
  void append(size_t size, Bytes& packed) {
    if (LZ4F_isError(size) != 0) throw Error(ErrorCode::kIo, std::string("packing lz4: ") + ::LZ4F_getErrorName(size));
    packed.insert(packed.end(), out_.begin(), out_.begin() + static_cast<ptrdiff_t>(size));
  }
  ::LZ4F_cctx* context_ = nullptr;
  ::LZ4F_preferences_t preferences_{};
  Bytes out_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<Unpacker> make_lz4_unpacker() { return std::make_unique<Lz4Unpacker>(); }

std::unique_ptr<Packer> make_lz4_packer(int level) { return std::make_unique<Lz4Packer>(level); }

}  // namespace cairn
