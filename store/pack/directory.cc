#include "store/pack/directory.h"

#include <algorithm>
#include <bit>

#include "store/crypto/blake3.h"

namespace cairn {

Bytes PackInfo::encode_body() const {
  Encoder out;
  out.raw(blake3(key_box));
  out.raw(commitment);
  out.varint(frames.size());
  for (const FrameInfo& frame : frames) {
    out.varint(frame.number);
    out.varint(frame.stored_bytes);
    out.varint(frame.plain_bytes);
    out.u8(static_cast<uint8_t>(frame.codec));
    out.varint(frame.bases.size());
    for (const ChunkId& base : frame.bases) out.raw(base.view());
    out.varint(frame.chunk_count);
  }
  for (const ChunkInfo& chunk : chunks) {
    out.raw(chunk.id.view());
    out.varint(chunk.length_bytes);
  }
  return out.take();
}

namespace {

FrameInfo decode_frame(Decoder& in, uint64_t offset) {
  FrameInfo frame;
  frame.number = static_cast<uint32_t>(in.varint_up_to(UINT32_MAX));
  frame.offset = offset;
  frame.stored_bytes = static_cast<uint32_t>(in.varint_up_to(kMostFrameBytes + kTagBytes));
  frame.plain_bytes = static_cast<uint32_t>(in.varint_up_to(kMostFrameBytes));
  if (frame.stored_bytes < kTagBytes) in.fail("a frame shorter than its tag");
  uint8_t codec = in.u8();
  if (codec > static_cast<uint8_t>(Codec::kZstdDelta))
    throw Error(ErrorCode::kUnsupported, "pack directory: codec " + std::to_string(codec) + " is not known");
  frame.codec = static_cast<Codec>(codec);
  if (frame.codec == Codec::kRaw && frame.stored_bytes != frame.plain_bytes + kTagBytes) in.fail("a raw frame whose lengths disagree");
  size_t bases = static_cast<size_t>(in.varint_up_to(kMostBases));
  if ((bases > 0) != (frame.codec == Codec::kZstdDelta)) in.fail("bases and codec disagree");
  for (size_t i = 0; i < bases; ++i) frame.bases.push_back(ChunkId::from_bytes(in.raw(32)));
  frame.chunk_count = static_cast<uint32_t>(in.varint_up_to(UINT32_MAX));
  return frame;
}

}  // namespace

namespace {

// Key box hash, commitment and frames; returns the number of chunks that follow.
uint64_t decode_frames(Decoder& in, PackInfo& pack) {
  if (!std::ranges::equal(in.raw(32), blake3(pack.key_box))) in.fail("its key box was altered");
  std::ranges::copy(in.raw(32), pack.commitment.begin());
  size_t frame_count = in.count(6);
  pack.frames.clear();
  pack.chunks.clear();
  uint64_t offset = kFirstFrameOffset, chunk_total = 0;
  for (size_t i = 0; i < frame_count; ++i) {
    pack.frames.push_back(decode_frame(in, offset));
    offset += pack.frames.back().stored_bytes;
    chunk_total += pack.frames.back().chunk_count;
  }
  if (offset + kPackFooterBytes > pack.size_bytes) in.fail("frames reach beyond the end of the pack");
  return chunk_total;
}

}  // namespace

void PackInfo::decode_bare_body(ByteView body) {
  Decoder in(body, pack_name(id) + ": directory");
  decode_frames(in, *this);
  in.finish();
}

void PackInfo::decode_body(ByteView body) {
  Decoder in(body, pack_name(id) + ": directory");
  uint64_t chunk_total = decode_frames(in, *this);
  if (chunk_total > in.remaining() / 33) in.fail("more chunks than bytes");
  chunks.reserve(chunk_total);
  for (const FrameInfo& frame : frames) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < frame.chunk_count; ++i) {
      ChunkInfo chunk{ChunkId::from_bytes(in.raw(32)), static_cast<uint32_t>(in.varint_up_to(kMostFrameBytes))};
      sum += chunk.length_bytes;
      chunks.push_back(chunk);
    }
    if (sum != frame.plain_bytes) in.fail("the chunks of a frame don't fill it");
  }
  in.finish();
}

Bytes pack_header(const PackInfo& pack, const RepositoryId& repository) {
  return Header{pack.version, pack.type, pack.suite, repository, pack.id.bytes}.encode();
}

namespace {

constexpr std::string_view kPackDomain = "cairn pack v1";

// A hash, because a body may have megabytes.
Blake3Hash signed_hash(const PackInfo& pack, const RepositoryId& repository) {
  Encoder out;
  out.raw(pack_header(pack, repository));
  out.u64(pack.size_bytes);
  out.raw(pack.encode_body());
  return blake3(out.out());
}

}  // namespace

void sign_pack(PackInfo& pack, const Keyring& keys) {
  pack.author = keys.certificate;
  pack.signature = sign(*keys.signing_seed, kPackDomain, signed_hash(pack, keys.repository));
}

void verify_pack_signature(const PackInfo& pack, const Keyring& keys) {
  if (!pack.author.may_write(keys.repository, keys.maintenance_public) ||
      !verify(pack.author.signer, kPackDomain, signed_hash(pack, keys.repository), pack.signature))
    throw Error(ErrorCode::kCorrupt, pack_name(pack.id) + ": its directory was not signed by a writer of this repository");
}

std::array<uint8_t, 32> pack_commitment(const Secret& pack_key, const PackId& id) {
  return keyed_commitment(pack_key, "cairn pack commitment v1", id.view());
}

Bytes frame_associated_data(ByteView pack_header, const FrameInfo& frame) {
  Encoder out;
  out.raw(pack_header);
  out.u32(frame.number);
  out.u32(frame.plain_bytes);
  out.u8(static_cast<uint8_t>(frame.codec));
  Blake3Hash bases{};
  if (!frame.bases.empty()) {
    Encoder ids;
    for (const ChunkId& base : frame.bases) ids.raw(base.view());
    bases = blake3(ids.out());
  }
  out.raw(bases);
  return out.take();
}

uint64_t padded_bytes(uint64_t size_bytes) {
  constexpr uint64_t kLeast = 4096;
  uint64_t step = std::max<uint64_t>(kLeast, std::bit_floor(size_bytes) / 128);
  return (size_bytes + step - 1) / step * step;
}

}  // namespace cairn
