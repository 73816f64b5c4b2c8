#include "ingest/postgres/archive/codec.h"

#include <algorithm>

#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kPieceBytes = 64 << 10;
constexpr int kMostZstdLevel = 19;    // beyond, a compressor wants more memory than a backup may take
constexpr int kMostLz4Level = 12;

// The levels that write this compression hint into the second byte of a zlib stream (RFC 1950, FLEVEL), the likeliest first.
std::vector<int> zlib_levels(int hint) {
  if (hint == 0) return {1};
  if (hint == 1) return {5, 4, 3, 2};
  if (hint == 2) return {6};
  return {9, 7, 8};
}

// The same for gzip (RFC 1952, XFL).
std::vector<int> gzip_levels(uint8_t extra) {
  if (extra == 4) return {1};
  if (extra == 2) return {9};
  return {6, 5, 7, 3, 4, 8, 2};
}

}  // namespace

SteadyPacker::SteadyPacker(const Packing& packing) : packer_(make_packer(packing)) { piece_.reserve(kPieceBytes); }

void SteadyPacker::add(ByteView plain, Bytes& packed) {
  while (!plain.empty()) {
    if (piece_.empty() && plain.size() >= kPieceBytes) {
      packer_->add(plain.first(kPieceBytes), packed);
      plain = plain.subspan(kPieceBytes);
      continue;
    }
    const size_t take = std::min(plain.size(), kPieceBytes - piece_.size());
    piece_.insert(piece_.end(), plain.begin(), plain.begin() + static_cast<ptrdiff_t>(take));
    plain = plain.subspan(take);
    if (piece_.size() < kPieceBytes) return;
    packer_->add(piece_, packed);
    piece_.clear();
  }
}

void SteadyPacker::finish(Bytes& packed) {
  if (!piece_.empty()) packer_->add(piece_, packed);
  piece_.clear();
  packer_->finish(packed);
}

bool valid_packing(const Packing& packing) {
  const int level = packing.level;
  switch (packing.codec) {
    case PackCodec::kZlib:
    case PackCodec::kGzip: return level >= 1 && level <= 9 && packing.memory >= 1 && packing.memory <= 9;
    case PackCodec::kLz4: return level >= 0 && level <= kMostLz4Level && packing.memory == 0;
    case PackCodec::kZstd: return level >= 1 && level <= kMostZstdLevel && packing.memory == 0;
    case PackCodec::kNone: return false;
  }
  return false;
}

std::unique_ptr<Unpacker> make_unpacker(PackCodec codec) {
  switch (codec) {
    case PackCodec::kZlib: return make_inflater(false);
    case PackCodec::kGzip: return make_inflater(true);
    case PackCodec::kLz4: return make_lz4_unpacker();
    case PackCodec::kZstd: return make_zstd_unpacker();
    case PackCodec::kNone: break;
  }
  throw Error(ErrorCode::kUnsupported, "unpacking: compression " + std::to_string(static_cast<int>(codec)) + ": not known");
}

std::unique_ptr<Packer> make_packer(const Packing& packing) {
  if (!valid_packing(packing)) {
    throw Error(ErrorCode::kUnsupported, "packing: compression " + std::to_string(static_cast<int>(packing.codec)) + " at level " +
                                             std::to_string(packing.level) + ": not known");
  }
  if (packing.codec == PackCodec::kLz4) return make_lz4_packer(packing.level);
  if (packing.codec == PackCodec::kZstd) return make_zstd_packer(packing.level);
  return make_deflater(packing.codec == PackCodec::kGzip, packing.level, packing.memory);
}

std::vector<Packing> likely_packings(PackCodec codec, ByteView beginning) {
  std::vector<Packing> out;
  std::vector<int> levels;
  switch (codec) {
    case PackCodec::kZlib:
      if (beginning.size() >= 2) levels = zlib_levels(beginning[1] >> 6);
      break;
    case PackCodec::kGzip:
      if (beginning.size() >= 9) levels = gzip_levels(beginning[8]);
      break;
    case PackCodec::kLz4: return {{codec, 0, 0}, {codec, 9, 0}, {codec, 3, 0}, {codec, 12, 0}};
    case PackCodec::kZstd:
      levels = {3, 1, 2, 4, 5, 6, 7, 8, 9};
      for (const int level : levels) out.push_back({codec, level, 0});
      return out;
    case PackCodec::kNone: return {};
  }
  for (const int memory : {8, 9}) {
    for (const int level : levels) out.push_back({codec, level, memory});
  }
  return out;
}

}  // namespace cairn
