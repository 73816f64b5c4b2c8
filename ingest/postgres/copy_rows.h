// Passes the rows behind COPY … FROM stdin up to the line `\.`, at the speed of memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn {

class SqlHandler;

// Threads:  one thread at a time.
class CopyRows {
 public:
  // `offset`: of the first row.
  void begin(uint64_t offset);
  // Goes on at piece[at], where piece[0] stands at `offset`; hands rows and their end to `handler`.  Returns where it stopped: behind
  // the line `\.` when that came, at `size` otherwise.
  size_t pass(SqlHandler& handler, const uint8_t* piece, size_t at, size_t size, uint64_t offset);

  bool ended() const { return ended_; }
  uint64_t begin_offset() const { return begin_; }
  // How many bytes of what may be the line `\.` came last: they aren't handed over until that is known.
  size_t held() const { return at_ == At::kBackslash ? 1 : at_ == At::kDot ? 2 : at_ == At::kReturn ? 3 : 0; }

 private:
  enum class At : uint8_t { kInside, kRowBegin, kBackslash, kDot, kReturn };
  size_t inside(const uint8_t* piece, size_t at, size_t size, uint64_t& lines);

  uint64_t begin_ = 0;
  At at_ = At::kRowBegin;
  bool ended_ = false;
};

}  // namespace cairn
