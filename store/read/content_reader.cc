#include "store/read/content_reader.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr uint64_t kZeroStep = 64 << 10;

}  // namespace

bool ContentRuns::load() {
  refs_ = {};   // what it viewed is gone, also when the next run can't be had
  at_ = 0;
  refs_ = list_.next();
  return !refs_.empty();
}

void ContentRuns::seek(uint64_t offset_bytes, uint64_t length_bytes) {
  to_end_ = false;
  place_ = offset_bytes;
  left_ = length_bytes;
  if (length_bytes == 0) return;
  uint64_t end = begin_;   // of what is loaded
  for (size_t i = at_; i < refs_.size(); ++i) end += refs_[i].length_bytes;
  if (at_ < refs_.size() && offset_bytes >= begin_ && offset_bytes < end) return;
  refs_ = {};
  at_ = 0;
  begin_ = list_.seek(offset_bytes);
  load();
}

void ContentRuns::all() {
  to_end_ = true;
  load();
}

std::optional<ContentRun> ContentRuns::next(uint64_t most_bytes) {
  if (!to_end_ && left_ == 0) return std::nullopt;
  for (;;) {
    if (at_ == refs_.size() && !load()) {
      if (to_end_) return std::nullopt;
      throw Error(ErrorCode::kCorrupt, "a content ends " + std::to_string(left_) + " bytes before what is read of it");
    }
    const ChunkRef& ref = refs_[at_];
    if (place_ - begin_ >= ref.length_bytes) {   // behind it, or it is empty
      begin_ += ref.length_bytes;
      ++at_;
      continue;
    }
    ContentRun run{ref, place_ - begin_, ref.length_bytes - (place_ - begin_)};
    if (!to_end_) run.length_bytes = std::min(run.length_bytes, left_);
    if (ref.is_zeros()) run.length_bytes = std::min(run.length_bytes, most_bytes);
    place_ += run.length_bytes;
    left_ -= to_end_ ? 0 : run.length_bytes;
    return run;
  }
}

ByteView bytes_of(ChunkReader& reader, const ContentRun& run) {
  ByteView chunk = reader.chunk(run.ref.id);
  if (chunk.size() != run.ref.length_bytes) throw Error(ErrorCode::kCorrupt, "chunk " + run.ref.id.hex() + ": has another length");
  return chunk.subspan(run.skip_bytes, run.length_bytes);
}

ContentReader::ContentReader(ChunkReader& reader, Content content)
    : reader_(reader), content_(std::move(content)), runs_(reader.object_source(), content_) {}

void ContentReader::read(uint64_t offset_bytes, uint64_t length_bytes, const std::function<void(ByteView)>& write) {
  if (content_.kind == Content::Kind::kInline) {
    uint64_t size = content_.inline_bytes.size();
    if (length_bytes > size || offset_bytes > size - length_bytes)
      throw Error(ErrorCode::kCorrupt, "a content of " + std::to_string(size) + " bytes is read at byte " + std::to_string(offset_bytes));
    if (length_bytes > 0) write(ByteView(content_.inline_bytes).subspan(offset_bytes, length_bytes));
    return;
  }
  runs_.seek(offset_bytes, length_bytes);
  static const Bytes kZeros(kZeroStep);
  while (auto run = runs_.next(kZeroStep)) {
    if (run->ref.is_zeros()) write(ByteView(kZeros).first(static_cast<size_t>(run->length_bytes)));
    else write(bytes_of(reader_, *run));
  }
}

}  // namespace cairn
