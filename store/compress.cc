#include "store/compress.h"

#include <zstd.h>

#include <new>
#include <string>

#include "store/error.h"

namespace cairn {

namespace {

ZSTD_CCtx* as_compressor(void* context) { return static_cast<ZSTD_CCtx*>(context); }
ZSTD_DCtx* as_decompressor(void* context) { return static_cast<ZSTD_DCtx*>(context); }

}  // namespace

void Compressor::Free::operator()(void* context) const { ZSTD_freeCCtx(as_compressor(context)); }

Compressor::Compressor(int level) : level_(level), context_(ZSTD_createCCtx()) {
  if (!context_) throw std::bad_alloc();
  set_level(level);
}
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

void Compressor::set_level(int level) {
  level_ = level;
  ZSTD_CCtx_setParameter(as_compressor(context_.get()), ZSTD_c_compressionLevel, level);
}

bool Compressor::compress(ByteView plain, Buffer& out) { return run(plain, out); }

bool Compressor::compress_delta(ByteView plain, ByteView prefix, Buffer& out) {
  if (size_t r = ZSTD_CCtx_refPrefix(as_compressor(context_.get()), prefix.data(), prefix.size()); ZSTD_isError(r))
    throw Error(ErrorCode::kIo, std::string("zstd: ") + ZSTD_getErrorName(r));
  return run(plain, out);
}

bool Compressor::run(ByteView plain, Buffer& out) {
  size_t bound = ZSTD_compressBound(plain.size());
  if (out.capacity() < bound) out = Buffer(bound);
  size_t size = ZSTD_compress2(as_compressor(context_.get()), out.data(), bound, plain.data(), plain.size());
  if (ZSTD_isError(size)) throw Error(ErrorCode::kIo, std::string("zstd: ") + ZSTD_getErrorName(size));
  out.set_size(size);
  return size < plain.size() - plain.size() / 32;
}

void Decompressor::Free::operator()(void* context) const { ZSTD_freeDCtx(as_decompressor(context)); }

Decompressor::Decompressor() : context_(ZSTD_createDCtx()) {
  if (!context_) throw std::bad_alloc();
}
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;

Buffer Decompressor::decompress(ByteView packed, size_t plain_bytes, std::string_view what) {
  Buffer out(plain_bytes);
  size_t size = ZSTD_decompressDCtx(as_decompressor(context_.get()), out.data(), plain_bytes, packed.data(), packed.size());
  if (ZSTD_isError(size) || size != plain_bytes)
    throw Error(ErrorCode::kCorrupt, std::string(what) + ": can't be decompressed to " + std::to_string(plain_bytes) + " bytes");
  return out;
}

Buffer Decompressor::decompress_delta(ByteView packed, ByteView prefix, size_t plain_bytes, std::string_view what) {
  if (size_t r = ZSTD_DCtx_refPrefix(as_decompressor(context_.get()), prefix.data(), prefix.size()); ZSTD_isError(r))
    throw Error(ErrorCode::kIo, std::string("zstd: ") + ZSTD_getErrorName(r));
  return decompress(packed, plain_bytes, what);
}

}  // namespace cairn
