#include "ingest/diff/content_diff.h"

#include <algorithm>

namespace cairn {

namespace {

uint64_t length(std::span<const Extent> extents) {
  uint64_t sum = 0;
  for (const Extent& extent : extents) sum += extent.length_bytes;
  return sum;
}

bool all_zeros(ByteView bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

void advance(ContentRun& run, uint64_t bytes) {
  run.skip_bytes += bytes;
  run.length_bytes -= bytes;
}

}  // namespace

bool ContentComparer::equal(std::span<const Extent> of_a, std::span<const Extent> of_b) {
  if (length(of_a) != length(of_b)) return false;
  auto in_runs = [](const Content& content) { return content.kind == Content::Kind::kChunks || content.kind == Content::Kind::kList; };
  if (of_a.size() != 1 || of_b.size() != 1 || !in_runs(a_) || !in_runs(b_)) return equal_read(of_a, of_b);
  return equal_runs(of_a.front(), of_b.front());
}

bool ContentComparer::equal_runs(const Extent& of_a, const Extent& of_b) {
  runs_a_.seek(of_a.offset_bytes, of_a.length_bytes);
  runs_b_.seek(of_b.offset_bytes, of_b.length_bytes);
  auto a = runs_a_.next(), b = runs_b_.next();
  while (a && b) {
    const uint64_t bytes = std::min(a->length_bytes, b->length_bytes);
    const bool same_place = a->ref.id == b->ref.id && a->skip_bytes == b->skip_bytes;
    if (!same_place && !equal_bytes(*a, *b, bytes)) return false;
    advance(*a, bytes);
    advance(*b, bytes);
    if (a->length_bytes == 0) a = runs_a_.next();
    if (b->length_bytes == 0) b = runs_b_.next();
  }
  return true;
}

// A chunk is valid until the next one is asked for.
bool ContentComparer::equal_bytes(const ContentRun& a, const ContentRun& b, uint64_t bytes) {
  auto of = [&](const ContentRun& run) {
    ContentRun piece = run;
    piece.length_bytes = bytes;
    return bytes_of(reader_, piece);
  };
  if (a.ref.is_zeros() && b.ref.is_zeros()) return true;
  if (a.ref.is_zeros()) return all_zeros(of(b));
  if (b.ref.is_zeros()) return all_zeros(of(a));
  const ByteView first = of(a);
  scratch_.assign(first.begin(), first.end());
  const ByteView second = of(b);
  return std::memcmp(scratch_.data(), second.data(), scratch_.size()) == 0;
}

// Several extents, or a content that is no chunks: the rare case.  Compared by a hash, so that neither side must be held.
bool ContentComparer::equal_read(std::span<const Extent> of_a, std::span<const Extent> of_b) {
  auto hash = [&](const Content& content, std::span<const Extent> extents) {
    Blake3 hasher;
    ContentReader reader(reader_, content);
    for (const Extent& extent : extents) reader.read(extent.offset_bytes, extent.length_bytes, [&](ByteView bytes) { hasher.update(bytes); });
    return hasher.finish();
  };
  return hash(a_, of_a) == hash(b_, of_b);
}

}  // namespace cairn
