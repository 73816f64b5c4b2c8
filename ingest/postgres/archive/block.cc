#include "ingest/postgres/archive/block.h"

#include <array>

namespace cairn {

namespace {

constexpr size_t kMostRuns = 400'000;   // of chunks, in one block: 10 MB of memory, 1 MB of the recipe

}  // namespace

std::string data_of(const TocEntry& entry) {
  const std::string name = entry.schema && !entry.schema->empty() ? *entry.schema + "." + entry.tag : entry.tag;
  return Renderer::holds_large_objects(entry) ? "the large objects" : "the data of " + printable(name);
}

Block::Block(ArchiveJob& job, PackCodec codec, bool framed, PlainSource::Form form, TakeBytes plain)
    : job_(job), codec_(codec), framed_(framed), plain_(std::move(plain)) {
  op_.kind = RecipeOp::Kind::kBlock;
  op_.source.form = form;
  op_.source.offset_bytes = job.out.text_bytes();
  if (codec_ != PackCodec::kNone) {
    undo_.emplace(codec_, job.hints, [this](ByteView bytes) { take_plain(bytes); }, [this](ByteView bytes) { unmatched(bytes); });
  }
}

void Block::take_plain(ByteView bytes) {
  plain_bytes_ += bytes.size();
  plain_(bytes);
}

void Block::unmatched(ByteView bytes) {
  if (verbatim_) {
    job_.verbatim(bytes);
  } else {
    job_.out.verbatim(bytes);
    op_.verbatim_bytes += bytes.size();
  }
}

void Block::chunk(uint32_t size_bytes) {
  end_chunk();
  if (!verbatim_ && op_.frames.size() >= kMostRuns) {
    note();
    verbatim_ = true;
  }
  if (verbatim_) {
    std::array<uint8_t, kArchiveIntBytes> length{};
    std::memcpy(length.data() + 1, &size_bytes, sizeof size_bytes);
    job_.verbatim(length);
    return;
  }
  chunk_bytes_ = size_bytes;
  chunk_done_ = 0;
  newline_ = line_ = false;
}

// The chunk that was begun joins the runs.
void Block::end_chunk() {
  if (chunk_bytes_ == 0) return;
  const bool line = line_ && chunk_bytes_ <= kMostLineBytes;
  const uint64_t size = line ? 0 : chunk_bytes_;
  chunk_bytes_ = 0;
  if (!op_.frames.empty() && op_.frames.back().lines == line && op_.frames.back().size_bytes == size) {
    ++op_.frames.back().count;
  } else {
    op_.frames.push_back({line, 1, size});
  }
}

void Block::payload(ByteView bytes) {
  if (codec_ != PackCodec::kNone) {
    undo_->add(bytes);
    return;
  }
  if (verbatim_) {
    job_.verbatim(bytes);
  } else if (framed_) {
    const void* newline = newline_ ? nullptr : std::memchr(bytes.data(), '\n', bytes.size());
    if (newline) {
      newline_ = true;
      const size_t behind = static_cast<size_t>(static_cast<const uint8_t*>(newline) - bytes.data()) + 1;
      line_ = chunk_done_ + behind == chunk_bytes_;
    }
    chunk_done_ += bytes.size();
  }
  take_plain(bytes);
}

// Writes down how what came so far is made.
void Block::note() {
  if (undo_) {
    undo_->stop_matching();
    op_.made_bytes = undo_->matched_bytes();
    if (op_.made_bytes > 0) op_.packing = undo_->packing();
  } else {
    op_.made_bytes = plain_bytes_;
  }
  op_.source.length_bytes = op_.made_bytes > 0 ? plain_bytes_ : 0;
  if (op_.made_bytes == 0 && op_.verbatim_bytes == 0 && op_.frames.empty()) return;
  if (op_.packing.codec == PackCodec::kNone && op_.source.form == PlainSource::Form::kText && op_.frames.empty() && op_.verbatim_bytes == 0) {
    job_.recipe.text(op_.source.offset_bytes, op_.source.length_bytes);
  } else {
    job_.recipe.block(op_);
  }
}

std::string Block::end() {
  end_chunk();
  const std::string problem = undo_ ? undo_->finish() : "";
  if (!verbatim_) note();
  return problem;
}

}  // namespace cairn
