#include "store/repair/salvage.h"

#include <algorithm>

#include "store/crypto/blake3.h"

namespace cairn {

namespace {

constexpr size_t kBaseCacheBytes = 4 << 20;
constexpr uint64_t kHashStepBytes = 1 << 20;

bool is_finding(const Error& e) {
  return e.code() != ErrorCode::kInterrupted && e.code() != ErrorCode::kWrongKey && e.code() != ErrorCode::kUnsupported;
}

}  // namespace

PackSalvage::PackSalvage(Backend& backend, const Keyring& keys, const Index& index, StoredFile file, std::optional<PackInfo> by_segment)
    : backend_(backend), keys_(keys), file_(std::move(file)), info_(std::move(by_segment)),
      bases_(backend, keys, index, kBaseCacheBytes) {
  try {
    info_ = read_directory(backend, keys, *id_in_name<PackId>(file_.name), file_.size_bytes);
  } catch (const Error& e) {
    if (!is_finding(e)) throw;
    why_no_directory_ = e.what();
  }
}

PackExamination PackSalvage::read(const std::function<void(const ChunkId&, ByteView)>& good, const std::function<void()>& frame_done) {
  result_ = {};
  if (!why_no_directory_.empty()) result_.reasons.push_back(why_no_directory_);
  result_.known = info_.has_value();
  if (!info_) return std::move(result_);
  result_.chunks = info_->chunks.size();
  std::optional<PackOpener> opener;
  try {
    opener.emplace(keys_, *info_);
  } catch (const Error& e) {
    if (!is_finding(e)) throw;
    result_.reasons.push_back(e.what());
    lose(0, info_->chunks.size());
    return std::move(result_);
  }
  size_t first_chunk = 0;
  for (const FrameInfo& next : info_->frames) {
    frame(*opener, next, first_chunk, good);
    frame_done();
    first_chunk += next.chunk_count;
  }
  if (result_.reasons.empty()) check_hash();
  return std::move(result_);
}

void PackSalvage::lose(size_t first_chunk, size_t count) {
  for (size_t i = first_chunk; i < first_chunk + count; ++i) result_.bad.push_back(info_->chunks[i].id);
}

void PackSalvage::frame(const PackOpener& opener, const FrameInfo& frame, size_t first_chunk,
                        const std::function<void(const ChunkId&, ByteView)>& good) {
  std::string what = file_.name + ": frame " + std::to_string(frame.number);
  Buffer plain;
  try {
    plain = opener.open(frame, backend_.read(file_.name, frame.offset, frame.stored_bytes));
    if (frame.codec == Codec::kZstd) plain = decompressor_.decompress(plain, frame.plain_bytes, what);
    if (frame.codec == Codec::kZstdDelta) plain = decompressor_.decompress_delta(plain, bases_.base_bytes(frame), frame.plain_bytes, what);
  } catch (const Error& e) {
    if (!is_finding(e)) throw;
    result_.reasons.push_back(e.what());
    return lose(first_chunk, frame.chunk_count);
  }
  std::vector<ByteView> views;
  size_t offset = 0;
  for (size_t i = first_chunk; i < first_chunk + frame.chunk_count; ++i) {
    views.push_back(plain.view().subspan(offset, info_->chunks[i].length_bytes));
    offset += views.back().size();
  }
  std::vector<Blake3Hash> hashes(views.size());
  blake3_keyed_many(keys_.id_key, views, hashes);
  for (size_t i = 0; i < views.size(); ++i) {
    const ChunkId& id = info_->chunks[first_chunk + i].id;
    if (hashes[i] == id.bytes) {
      good(id, views[i]);
      continue;
    }
    result_.reasons.push_back(what + " holds other bytes for chunk " + id.hex());
    lose(first_chunk + i, 1);
  }
}

// Bytes outside of the frames: nobody reads them, but they tell of a disk that changes what it was given.
void PackSalvage::check_hash() {
  try {
    Blake3 whole;
    uint64_t end = file_.size_bytes - kTrailerBytes;
    for (uint64_t at = 0; at < end; at += kHashStepBytes) whole.update(backend_.read(file_.name, at, std::min(kHashStepBytes, end - at)));
    if (!std::ranges::equal(whole.finish(), backend_.read(file_.name, end, kTrailerBytes).view()))
      result_.reasons.push_back(file_.name + ": its bytes don't match the hash at its end");
  } catch (const Error& e) {
    if (!is_finding(e)) throw;
    result_.reasons.push_back(e.what());
  }
}

}  // namespace cairn
