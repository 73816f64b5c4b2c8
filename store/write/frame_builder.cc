#include "store/write/frame_builder.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr int kFastest = 1;   // for a compressor that isn't used

}  // namespace

FrameBuilder::FrameBuilder(PackSet& packs, FramePolicy policy)
    : packs_(packs), policy_(policy), compressor_(std::max(policy.level, kFastest)) {}

void FrameBuilder::set_policy(FramePolicy policy) {
  if (policy == policy_) return;
  flush();
  policy_ = policy;
  compressor_.set_level(std::max(policy.level, kFastest));
}

void FrameBuilder::add(const ChunkId& id, ByteView bytes) {
  if (used_bytes_ > 0 && used_bytes_ + bytes.size() > policy_.frame_bytes) flush();
  size_t wanted = std::max(policy_.frame_bytes, bytes.size());
  if (plain_.capacity() < wanted) plain_ = Buffer(wanted);
  std::memcpy(plain_.data() + used_bytes_, bytes.data(), bytes.size());
  used_bytes_ += bytes.size();
  chunks_.push_back({id, static_cast<uint32_t>(bytes.size())});
}

void FrameBuilder::flush() {
  if (chunks_.empty()) return;
  ByteView plain = {plain_.data(), used_bytes_};
  bool smaller = policy_.level > 0 && compressor_.compress(plain, packed_);
  if (smaller) verify(plain);
  FrameInfo frame;
  frame.plain_bytes = static_cast<uint32_t>(used_bytes_);
  frame.codec = smaller ? Codec::kZstd : Codec::kRaw;
  stored_bytes_ += packs_.add(std::move(frame), smaller ? packed_.view() : plain, std::exchange(chunks_, {}));
  used_bytes_ = 0;
}

void FrameBuilder::add_compressed(FrameInfo frame, ByteView packed, std::vector<ChunkInfo> chunks) {
  flush();
  stored_bytes_ += packs_.add(std::move(frame), packed, std::move(chunks));
}

// A compressor that emits what can't be undone has happened to others; here it is noticed while the plaintext is still at hand.
void FrameBuilder::verify(ByteView plain) {
  Buffer undone = decompressor_.decompress(packed_, plain.size(), "new frame");
  if (std::memcmp(undone.data(), plain.data(), plain.size()) != 0)
    throw Error(ErrorCode::kIo, "new frame: compressing and undoing it gave other bytes: faulty memory, or a fault in zstd");
}

}  // namespace cairn
