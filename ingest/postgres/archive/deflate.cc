// The one file that knows zlib.
#include <zlib.h>

#include <array>

#include "ingest/postgres/archive/codec.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr int kWindowBits = 15;
constexpr int kGzipBits = 16;          // added to the window's: a gzip wrapper instead of zlib's
constexpr size_t kDeflatePieceBytes = 64 << 10;

// zlib wants non-const input; it doesn't write there.
Bytef* input(ByteView bytes) { return const_cast<Bytef*>(bytes.data()); }

class Inflater : public Unpacker {
 public:
  explicit Inflater(bool gzip) {
    if (::inflateInit2(&stream_, kWindowBits + (gzip ? kGzipBits : 0)) != Z_OK) {
      throw Error(ErrorCode::kIo, "inflating: no memory");
    }
  }
  ~Inflater() override { ::inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  State add(ByteView packed, size_t& used, const TakeBytes& plain) override {
    stream_.next_in = input(packed);
    stream_.avail_in = static_cast<uInt>(packed.size());
    State state = State::kMore;
    for (bool full = true; full && state == State::kMore;) {
      stream_.next_out = out_.data();
      stream_.avail_out = static_cast<uInt>(out_.size());
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      full = stream_.avail_out == 0;
      if (!full || result == Z_OK || result == Z_STREAM_END) {
        const size_t size = out_.size() - stream_.avail_out;
        if (size > 0) plain(ByteView(out_).first(size));
      }
      if (result == Z_STREAM_END) state = State::kEnd;
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) state = State::kDamaged;
    }
    used = packed.size() - stream_.avail_in;
    return state;
  }

 private:
  ::z_stream stream_{};
  std::array<uint8_t, kDeflatePieceBytes> out_;
};

class Deflater : public Packer {
 public:
  Deflater(bool gzip, int level, int memory) {
    if (::deflateInit2(&stream_, level, Z_DEFLATED, kWindowBits + (gzip ? kGzipBits : 0), memory, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw Error(ErrorCode::kIo, "deflating: no memory");
    }
  }
  ~Deflater() override { ::deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  void add(ByteView plain, Bytes& packed) override {
    stream_.next_in = input(plain);
    stream_.avail_in = static_cast<uInt>(plain.size());
    run(Z_NO_FLUSH, packed);
  }
  void finish(Bytes& packed) override {
    stream_.avail_in = 0;
    run(Z_FINISH, packed);
  }

 private:
  void run(int flush, Bytes& packed) {
    do {
      stream_.next_out = out_.data();
      stream_.avail_out = static_cast<uInt>(out_.size());
      ::deflate(&stream_, flush);
      packed.insert(packed.end(), out_.begin(), out_.end() - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }
  ::z_stream stream_{};
  std::array<uint8_t, kDeflatePieceBytes> out_;
};

}  // namespace

std::unique_ptr<Unpacker> make_inflater(bool gzip) { return std::make_unique<Inflater>(gzip); }

std::unique_ptr<Packer> make_deflater(bool gzip, int level, int memory) { return std::make_unique<Deflater>(gzip, level, memory); }

}  // namespace cairn
