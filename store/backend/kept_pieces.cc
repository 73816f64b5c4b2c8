#include "store/backend/kept_pieces.h"

#include <algorithm>
#include <functional>

namespace cairn {

namespace {

constexpr size_t kMostRecent = 16;

}  // namespace

std::string KeptPieces::leaf(std::string_view name, uint64_t piece) {
  return std::string(name.substr(name.rfind('/') + 1)) + "." + std::to_string(piece);
}

bool KeptPieces::copy_recent(const std::string& leaf, uint64_t offset, std::span<uint8_t> out) {
  std::lock_guard lock(mu_);
  const auto found = std::ranges::find(recent_, leaf, &Piece::leaf);
  if (found == recent_.end()) return false;
  recent_.splice(recent_.begin(), recent_, found);
  std::memcpy(out.data(), found->bytes.data() + offset, out.size());
  return true;
}

// What lies in one piece.
void KeptPieces::copy(Backend& inner, std::string_view name, uint64_t file_bytes, uint64_t offset, std::span<uint8_t> out) {
  const uint64_t begin = offset / kPieceBytes * kPieceBytes, length = std::min(kPieceBytes, file_bytes - begin);
  const std::string file = leaf(name, begin / kPieceBytes);
  std::lock_guard fetching(fetching_[std::hash<std::string>{}(file) % fetching_.size()]);
  if (copy_recent(file, offset - begin, out)) return;
  auto bytes = files_.load(file, kPieceBytes);
  if (!bytes || bytes->size() != length) {
    bytes = inner.read(name, begin, length);
    files_.save(file, *bytes);
  }
  std::memcpy(out.data(), bytes->data() + (offset - begin), out.size());
  std::lock_guard lock(mu_);
  recent_.push_front({file, std::move(*bytes)});
  if (recent_.size() > kMostRecent) recent_.pop_back();
}

Buffer KeptPieces::read(Backend& inner, std::string_view name, uint64_t file_bytes, uint64_t offset, uint64_t length) {
  require_valid_name(name);
  require_range(name, offset, length, file_bytes);
  Buffer out(static_cast<size_t>(length));
  for (uint64_t done = 0; done < length;) {
    const uint64_t at = offset + done, step = std::min(length - done, kPieceBytes - at % kPieceBytes);
    copy(inner, name, file_bytes, at, out.span().subspan(static_cast<size_t>(done), static_cast<size_t>(step)));
    done += step;
  }
  return out;
}

bool KeptPieces::drop(std::string_view name, uint64_t most_file_bytes) {
  bool any = false;
  for (uint64_t piece = 0; piece * kPieceBytes < most_file_bytes; ++piece) any |= files_.remove(leaf(name, piece));
  std::lock_guard lock(mu_);
  const std::string begin = leaf(name, 0), pack = begin.substr(0, begin.rfind('.') + 1);
  any |= std::erase_if(recent_, [&](const Piece& kept) { return kept.leaf.starts_with(pack); }) > 0;
  return any;
}

}  // namespace cairn
