#include "ingest/postgres/copy_rows.h"

#include <cstring>

#include "ingest/postgres/sql_lexer.h"

namespace cairn {

namespace {

// Sixteen bytes at once: the compilers' vector extension, which every target has.
using Lanes = uint8_t __attribute__((vector_size(16)));

Lanes load(const uint8_t* at) {
  Lanes lanes;
  std::memcpy(&lanes, at, sizeof lanes);
  return lanes;
}

bool any(Lanes lanes) {
  uint64_t halves[2];
  std::memcpy(halves, &lanes, sizeof halves);
  return (halves[0] | halves[1]) != 0;
}

// Passes blocks of 64 bytes that hold no line beginning with `\.`, counting their line ends; the rest, at most 66 bytes or from
// the first such block on, is left.
size_t pass_rows(const uint8_t* bytes, size_t at, size_t size, uint64_t& lines) {
  constexpr size_t kBlock = 4 * sizeof(Lanes);
  while (at + kBlock + 2 <= size) {
    Lanes counts{};
    bool hit = false;
    // A lane holds at most 255.
    for (size_t round = 0; round < 60 && at + kBlock + 2 <= size; ++round, at += kBlock) {
      Lanes hits{}, found{};
      for (size_t i = at; i < at + kBlock; i += sizeof(Lanes)) {
        const Lanes newline = reinterpret_cast<Lanes>(load(bytes + i) == '\n');
        found -= newline;
        hits |= newline & reinterpret_cast<Lanes>(load(bytes + i + 1) == '\\') & reinterpret_cast<Lanes>(load(bytes + i + 2) == '.');
      }
      hit = any(hits);
      if (hit) break;
      counts += found;
    }
    for (size_t i = 0; i < sizeof(Lanes); ++i) lines += counts[i];
    if (hit) break;
  }
  return at;
}

}  // namespace

void CopyRows::begin(uint64_t offset) {
  begin_ = offset;
  at_ = At::kRowBegin;
  ended_ = false;
}

size_t CopyRows::pass(SqlHandler& handler, const uint8_t* piece, size_t at, size_t size, uint64_t offset) {
  const size_t first = at;
  size_t earlier = held();   // held bytes that came in earlier pieces
  uint64_t lines = 0;
  const auto hand_over = [&](size_t end) {
    if (end > first) handler.on_rows(offset + first, ByteView(piece + first, end - first), lines);
  };
  const auto not_the_end = [&] {
    at_ = At::kInside;
    if (earlier > 0) handler.on_rows(offset - earlier, view(std::string_view("\\.\r")).first(earlier), 0);
    earlier = 0;
  };
  while (at < size) {
    const uint8_t c = piece[at];
    switch (at_) {
      case At::kInside: at = inside(piece, at, size, lines); break;
      case At::kRowBegin:
        at_ = c == '\\' ? At::kBackslash : At::kInside;
        if (c == '\\') ++at;
        break;
      case At::kBackslash:
        if (c == '.') {
          at_ = At::kDot;
          ++at;
        } else {
          not_the_end();
        }
        break;
      case At::kDot:
        if (c == '\r') {   // psql takes that line end too
          at_ = At::kReturn;
          ++at;
          break;
        }
        [[fallthrough]];
      case At::kReturn:
        if (c == '\n') {
          const size_t marker = held();
          hand_over(at + earlier - marker);
          ended_ = true;
          handler.on_rows_end(begin_, offset + at - marker, offset + at + 1);
          return at + 1;
        }
        not_the_end();
        break;
    }
  }
  hand_over(size + earlier - held());
  return at;
}

// To the begin of the next row, or the end of the piece.
size_t CopyRows::inside(const uint8_t* piece, size_t at, size_t size, uint64_t& lines) {
  at = pass_rows(piece, at, size, lines);
  const void* found = std::memchr(piece + at, '\n', size - at);
  if (!found) return size;
  ++lines;
  at_ = At::kRowBegin;
  return static_cast<size_t>(static_cast<const uint8_t*>(found) - piece) + 1;
}

}  // namespace cairn
