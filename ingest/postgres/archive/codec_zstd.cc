// Zstandard frames as pg_dump 16 and newer write them.
#include <zstd.h>

#include "ingest/postgres/archive/codec.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kZstdPieceBytes = 64 << 10;
constexpr int kMostWindowBits = 26;      // of a frame that is read: 64 MiB

class ZstdUnpacker : public Unpacker {
 public:
  ZstdUnpacker() : stream_(::ZSTD_createDStream()), out_(kZstdPieceBytes) {
    if (!stream_) throw Error(ErrorCode::kIo, "unpacking zstd: no memory");
    ::ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kMostWindowBits);
  }
  ~ZstdUnpacker() override { ::ZSTD_freeDStream(stream_); }
  ZstdUnpacker(const ZstdUnpacker&) = delete;
  ZstdUnpacker& operator=(const ZstdUnpacker&) = delete;

  State add(ByteView packed, size_t& used, const TakeBytes& plain) override {
    ::ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    for (;;) {
      ::ZSTD_outBuffer out{out_.data(), out_.size(), 0};
      const size_t left = ::ZSTD_decompressStream(stream_, &out, &in);
      used = in.pos;
      if (::ZSTD_isError(left) != 0) return State::kDamaged;
      if (out.pos > 0) plain(ByteView(out_).first(out.pos));
      if (left == 0) return State::kEnd;
      if (in.pos == in.size && out.pos < out.size) return State::kMore;
    }
  }

 private:
  ::ZSTD_DStream* stream_;
  Bytes out_;
};

class ZstdPacker : public Packer {
 public:
  explicit ZstdPacker(int level) : stream_(::ZSTD_createCStream()), out_(::ZSTD_CStreamOutSize()) {
    if (!stream_) throw Error(ErrorCode::kIo, "packing zstd: no memory");
    ::ZSTD_CCtx_setParameter(stream_, ZSTD_c_compressionLevel, level);
  }
  ~ZstdPacker() override { ::ZSTD_freeCStream(stream_); }
  ZstdPacker(const ZstdPacker&) = delete;
  ZstdPacker& operator=(const ZstdPacker&) = delete;

  void add(ByteView plain, Bytes& packed) override {
    ::ZSTD_inBuffer in{plain.data(), plain.size(), 0};
    while (in.pos < in.size) run(in, ZSTD_e_continue, packed);
  }
  void finish(Bytes& packed) override {
    ::ZSTD_inBuffer in{nullptr, 0, 0};
    while (run(in, ZSTD_e_end, packed) != 0) {
    }
  }

 private:
  size_t run(::ZSTD_inBuffer& in, ::ZSTD_EndDirective how, Bytes& packed) {
    ::ZSTD_outBuffer out{out_.data(), out_.size(), 0};
    const size_t left = ::ZSTD_compressStream2(stream_, &out, &in, how);
    if (::ZSTD_isError(left) != 0) throw Error(ErrorCode::kIo, std::string("packing zstd: ") + ::ZSTD_getErrorName(left));
    packed.insert(packed.end(), out_.begin(), out_.begin() + static_cast<ptrdiff_t>(out.pos));
    return left;
  }
  ::ZSTD_CStream* stream_;
  Bytes out_;
};

}  // namespace

std::unique_ptr<Unpacker> make_zstd_unpacker() { return std::make_unique<ZstdUnpacker>(); }

std::unique_ptr<Packer> make_zstd_packer(int level) { return std::make_unique<ZstdPacker>(level); }

}  // namespace cairn
