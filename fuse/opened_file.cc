#include "fuse/opened_file.h"

#include <algorithm>
#include <cstring>

#include "store/read/content_reader.h"

namespace cairn {

namespace {

constexpr uint64_t kNear = 2 << 20;      // reads that overtake each other are at most this far apart
constexpr unsigned kReadsInOrder = 2;    // before it counts as reading in order

uint64_t bytes_of(const PartPiece& piece) { return piece.text.empty() ? piece.extent.length_bytes : piece.text.size(); }

uint64_t sum(const std::vector<PartPiece>& pieces) {
  uint64_t bytes = 0;
  for (const PartPiece& piece : pieces) bytes += bytes_of(piece);
  return bytes;
}

}  // namespace

bool OpenedFile::goes_on(uint64_t offset, uint64_t length) {
  std::lock_guard lock(mu_);
  const bool near = offset <= end_ + kNear && offset + kNear >= end_;
  in_order_ = near ? in_order_ + 1 : 0;
  end_ = near ? std::max(end_, offset + length) : offset + length;
  return in_order_ > kReadsInOrder;
}

std::pair<uint64_t, uint64_t> OpenedFile::blocks_ahead(uint64_t number, uint64_t depth, uint64_t count) {
  std::lock_guard lock(mu_);
  if (ahead_ > number + 2 * depth || ahead_ < number + 1) ahead_ = number + 1;   // it was read elsewhere
  const uint64_t first = ahead_, last = std::min(count, number + 1 + depth);
  ahead_ = std::max(first, last);
  return {first, std::max(first, last)};
}

PiecewiseFile::PiecewiseFile(Content content, uint64_t size_bytes) : OpenedFile(size_bytes), content_(std::move(content)) {
  pieces_.push_back({{}, {0, size_bytes}});
  begins_.push_back(0);
}

PiecewiseFile::PiecewiseFile(Content content, std::vector<PartPiece> pieces)
    : OpenedFile(sum(pieces)), content_(std::move(content)), pieces_(std::move(pieces)) {
  uint64_t begin = 0;
  for (const PartPiece& piece : pieces_) {
    begins_.push_back(begin);
    begin += bytes_of(piece);
  }
}

size_t PiecewiseFile::memory_bytes() const {
  size_t bytes = sizeof *this + content_.inline_bytes.size() + content_.chunks.size() * sizeof(ChunkRef);
  for (const PartPiece& piece : pieces_) bytes += sizeof piece + sizeof(uint64_t) + piece.text.size();
  return bytes;
}

void PiecewiseFile::read(ChunkReader& reader, uint64_t offset, std::span<uint8_t> out) {
  ContentReader content(reader, content_);
  auto piece = static_cast<size_t>(std::ranges::upper_bound(begins_, offset) - begins_.begin()) - 1;
  while (!out.empty()) {
    const PartPiece& here = pieces_.at(piece);
    const uint64_t skip = offset - begins_[piece];
    const auto length = static_cast<size_t>(std::min<uint64_t>(out.size(), bytes_of(here) - skip));
    uint8_t* to = out.data();
    if (length > 0 && !here.text.empty()) std::memcpy(to, here.text.data() + skip, length);
    if (length > 0 && here.text.empty())
      content.read(here.extent.offset_bytes + skip, length, [&](ByteView bytes) {
        std::memcpy(to, bytes.data(), bytes.size());
        to += bytes.size();
      });
    out = out.subspan(length);
    offset += length;
    ++piece;
  }
}

}  // namespace cairn
