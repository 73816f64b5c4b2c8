#include "ingest/postgres/archive/layout.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr uint64_t kMostStreamBytes = uint64_t{1} << 60;   // of a stream; sums of two can't overflow

void append(std::vector<Extent>& out, uint64_t offset, uint64_t length) {
  if (length == 0) return;
  if (!out.empty() && out.back().offset_bytes + out.back().length_bytes == offset) {
    out.back().length_bytes += length;
  } else {
    out.push_back({offset, length});
  }
}

}  // namespace

void Layout::add_text(uint64_t length_bytes) { text_ += length_bytes; }

void Layout::add_verbatim(uint64_t length_bytes) {
  if (length_bytes == 0) return;
  if (!runs_.empty() && runs_.back().text_before == text_) {
    runs_.back().length += length_bytes;
  } else {
    runs_.push_back({text_, verbatim_, length_bytes});
  }
  verbatim_ += length_bytes;
}

std::vector<Extent> Layout::find(Extent piece, bool verbatim) const {
  const uint64_t total = verbatim ? verbatim_ : text_;
  if (piece.length_bytes > total || piece.offset_bytes > total - piece.length_bytes) {
    throw Error(ErrorCode::kCorrupt, "recipe of an archive: it refers to more than the stored stream has");
  }
  std::vector<Extent> out;
  uint64_t at = piece.offset_bytes;
  const uint64_t end = at + piece.length_bytes;
  if (verbatim) {
    auto run = std::ranges::upper_bound(runs_, at, {}, &Run::verbatim_before);
    if (run != runs_.begin()) --run;
    for (; at < end && run != runs_.end(); ++run) {
      const uint64_t length = std::min(end, run->verbatim_before + run->length) - at;
      append(out, run->text_before + at, length);
      at += length;
    }
    return out;
  }
  // The first run that stands behind byte `at`.
  auto run = std::ranges::upper_bound(runs_, at, {}, &Run::text_before);
  while (at < end) {
    const uint64_t before = run == runs_.begin() ? 0 : (run - 1)->verbatim_before + (run - 1)->length;
    const uint64_t length = (run == runs_.end() ? end : std::min(end, run->text_before)) - at;
    append(out, at + before, length);
    at += length;
    if (run != runs_.end()) ++run;
  }
  return out;
}

uint64_t Layout::text_place(uint64_t offset_bytes) const {
  const auto run = std::ranges::upper_bound(runs_, offset_bytes, {}, &Run::text_before);
  return offset_bytes + (run == runs_.begin() ? 0 : (run - 1)->verbatim_before + (run - 1)->length);
}

void Layout::encode(Encoder& out) const {
  out.varint(text_);
  out.varint(runs_.size());
  uint64_t text = 0;
  for (const Run& run : runs_) {
    out.varint(run.text_before - text);
    out.varint(run.length);
    text = run.text_before;
  }
}

Layout Layout::decode(Decoder& in) {
  Layout out;
  const uint64_t text = in.varint_up_to(kMostStreamBytes);
  for (size_t left = in.count(2); left > 0; --left) {
    const uint64_t gap = in.varint_up_to(text - out.text_);
    if (gap == 0 && !out.runs_.empty()) in.fail("verbatim bytes that aren't apart");
    out.add_text(gap);
    const uint64_t length = in.varint_up_to(kMostStreamBytes - out.verbatim_);
    if (length == 0) in.fail("verbatim bytes that are none");
    out.add_verbatim(length);
  }
  out.text_ = text;
  return out;
}

}  // namespace cairn
