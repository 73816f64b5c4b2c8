#include "ingest/redis/order.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <string>

#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kSmallGroup = 48;         // sorted by insertion
constexpr unsigned kMostStartBits = 32;
constexpr uint32_t kNobody = std::numeric_limits<uint32_t>::max();   // no rank: kMostRecords

uint64_t mark_mask(unsigned width) { return UINT64_MAX >> (64 - 8 * width); }

// The marks of records with the positions these had, sorted by both.
class SortedMarks {
 public:
  // kInvalidArgument for more than kMostRecords, or an impossible width.
  SortedMarks(std::vector<uint64_t> hashes, unsigned width) : marks_(std::move(hashes)), width_(width) {
    if (width < 1 || width > 8 || marks_.size() > OrderTable::kMostRecords)
      throw Error(ErrorCode::kInvalidArgument, "order of records: " + std::to_string(marks_.size()) + " marks of " +
                                                   std::to_string(width) + " bytes");
    for (uint64_t& mark : marks_) mark &= mark_mask(width);
  }
  // In place, by the highest byte and then within it: hash values spread, and what is made not to is no worse than that.
  void sort() {
    positions_.resize(marks_.size());
    for (size_t i = 0; i < positions_.size(); ++i) positions_[i] = static_cast<uint32_t>(i);
    sort(0, size(), width_);
  }
  size_t size() const { return marks_.size(); }
  unsigned width() const { return width_; }
  // Of the record at this position; sorted: in sorted order.
  uint64_t mark(size_t i) const { return marks_[i]; }
  uint32_t& position(size_t i) { return positions_[i]; }

 private:
  // Sorts [begin, end), whose marks differ only in the lowest `bytes`.
  void sort(size_t begin, size_t end, unsigned bytes) {
    if (end - begin <= kSmallGroup) return insertion_sort(begin, end);
    if (bytes == 0) return std::sort(at(begin), at(end));
    const unsigned shift = 8 * (bytes - 1);
    std::array<size_t, 256> next{}, ends;
    for (size_t i = begin; i < end; ++i) ++next[marks_[i] >> shift & 0xff];
    size_t sum = begin;
    for (size_t b = 0; b < next.size(); ++b) {
      const size_t count = std::exchange(next[b], sum);
      ends[b] = sum += count;
    }
    // Each is carried to where it belongs, and what was there goes on.
    for (size_t b = 0; b < next.size(); ++b) {
      while (next[b] < ends[b]) {
        uint64_t mark = marks_[next[b]];
        uint32_t position = positions_[next[b]];
        for (size_t home = mark >> shift & 0xff; home != b; home = mark >> shift & 0xff) {
          const size_t to = next[home]++;
          std::swap(mark, marks_[to]);
          std::swap(position, positions_[to]);
        }
        marks_[next[b]] = mark;
        positions_[next[b]++] = position;
      }
    }
    for (size_t b = 0; b < ends.size(); begin = ends[b++])
      if (ends[b] - begin > 1) sort(begin, ends[b], bytes - 1);
  }
  void insertion_sort(size_t begin, size_t end) {
    for (size_t i = begin + 1; i < end; ++i) {
      const uint64_t mark = marks_[i];
      const uint32_t position = positions_[i];
      size_t to = i;
      for (; to > begin && (marks_[to - 1] > mark || (marks_[to - 1] == mark && positions_[to - 1] > position)); --to) {
        marks_[to] = marks_[to - 1];
        positions_[to] = positions_[to - 1];
      }
      marks_[to] = mark;
      positions_[to] = position;
    }
  }
  std::vector<uint32_t>::iterator at(size_t i) { return positions_.begin() + static_cast<std::ptrdiff_t>(i); }

  std::vector<uint64_t> marks_;
  std::vector<uint32_t> positions_;
  unsigned width_;
};

std::vector<uint64_t> marks_of(ByteView list, unsigned width) {
  if (width < 1 || width > 8 || list.size() % width != 0 || list.size() / width > OrderTable::kMostRecords)
    throw Error(ErrorCode::kCorrupt, "order of records: a list of " + std::to_string(list.size()) + " bytes, " + std::to_string(width) +
                                         " a record");
  std::vector<uint64_t> marks(list.size() / width);
  for (size_t i = 0; i < marks.size(); ++i) std::memcpy(&marks[i], list.data() + i * width, width);
  return marks;
}

}  // namespace

uint64_t sip_hash(uint64_t key_low, uint64_t key_high, ByteView bytes) {
  uint64_t a = key_low ^ 0x736f6d6570736575, b = key_high ^ 0x646f72616e646f6d;
  uint64_t c = key_low ^ 0x6c7967656e657261, d = key_high ^ 0x7465646279746573;
  auto rounds = [&](int count) {
    for (; count > 0; --count) {
      a += b, c += d;
      b = std::rotl(b, 13) ^ a, d = std::rotl(d, 16) ^ c;
      a = std::rotl(a, 32);
      c += b, a += d;
      b = std::rotl(b, 17) ^ c, d = std::rotl(d, 21) ^ a;
      c = std::rotl(c, 32);
    }
  };
  auto take = [&](uint64_t word) {
    d ^= word;
    rounds(2);
    a ^= word;
  };
  const size_t tail = bytes.size() % 8;
  uint64_t last = uint64_t{bytes.size() & 0xff} << 56;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    take(word);
  }
  for (size_t i = 0; i < tail; ++i) last |= uint64_t{bytes[i]} << (8 * i);
  take(last);
  c ^= 0xff;
  rounds(4);
  return a ^ b ^ c ^ d;
}

uint64_t order_hash(std::string_view name) { return sip_hash(0, 0, view(name)); }

unsigned order_width(uint64_t count) {
  unsigned width = 1;
  while (width < 8 && count > (uint64_t{1} << (8 * width)) / 8) ++width;
  return width;
}

struct OrderTable::State {
  State(std::vector<uint64_t> hashes, unsigned width, std::span<const OrderException> given)
      : marks(std::move(hashes), width), begun(marks.size()) {
    take_exceptions(given);
    marks.sort();
    // Four to eight records a bucket.
    const unsigned mark_bits = 8 * width;
    const unsigned bits = std::min({static_cast<unsigned>(std::bit_width(marks.size() / 8)), mark_bits, kMostStartBits});
    shift = mark_bits - bits;
    starts.resize((size_t{1} << bits) + 1);
    size_t bucket = 0;
    for (size_t i = 0; i < marks.size(); ++i)
      for (const size_t own = bucket_of(marks.mark(i)); bucket < own;) starts[++bucket] = static_cast<uint32_t>(i);
    while (bucket + 1 < starts.size()) starts[++bucket] = static_cast<uint32_t>(marks.size());
  }

  // While the marks are in the original order.
  void take_exceptions(std::span<const OrderException> given) {
    if (given.empty()) return;
    excepted.resize(marks.size());
    exceptions.reserve(std::min(given.size(), marks.size()));
    for (const auto& [rank, position] : given) {
      const bool ascends = exceptions.empty() || rank > exceptions.back().rank;
      if (!ascends || rank >= marks.size() || position >= marks.size() || excepted[position])
        throw Error(ErrorCode::kCorrupt, "order of records: an impossible exception, of record " + std::to_string(rank) + " at " +
                                             std::to_string(position));
      excepted[position] = true;
      exceptions.push_back({static_cast<uint32_t>(rank), static_cast<uint32_t>(position), marks.mark(position)});
    }
  }

  size_t bucket_of(uint64_t mark) const { return shift == 64 ? 0 : mark >> shift; }

  uint64_t place(uint64_t hash) {
    const uint64_t mark = hash & mark_mask(marks.width());
    const uint64_t rank = placed++;
    if (next_exception < exceptions.size() && exceptions[next_exception].rank == rank) {
      const Exception& exception = exceptions[next_exception++];
      if (exception.mark != mark) throw unplaced(rank);
      return exception.position;
    }
    const size_t bucket = bucket_of(mark);
    size_t first = starts[bucket];
    for (size_t left = starts[bucket + 1] - first; left > 0;) {
      const size_t half = left / 2;
      if (marks.mark(first + half) < mark) first += half + 1, left -= half + 1;
      else left = half;
    }
    if (first == marks.size() || marks.mark(first) != mark) throw unplaced(rank);
    // Once something was placed, the first of a mark has the number of the next instead of its position.
    size_t at = begun[first] ? marks.position(first) : first;
    while (at < marks.size() && marks.mark(at) == mark && !excepted.empty() && excepted[marks.position(at)]) ++at;
    if (at == marks.size() || marks.mark(at) != mark) throw unplaced(rank);
    const uint64_t position = marks.position(at);
    begun[first] = true;
    marks.position(first) = static_cast<uint32_t>(at + 1);
    return position;
  }

  static Error unplaced(uint64_t rank) {
    return Error(ErrorCode::kCorrupt, "order of records: no place is left for record " + std::to_string(rank) + " in sorted order");
  }

  struct Exception {
    uint32_t rank, position;
    uint64_t mark;
  };
  SortedMarks marks;
  std::vector<Exception> exceptions;   // ascending by rank
  std::vector<bool> excepted;          // by position; empty without exceptions
  std::vector<bool> begun;             // by number in the sorted marks, of the first of each
  std::vector<uint32_t> starts;        // where the marks with these high bits begin
  unsigned shift = 0;
  uint64_t placed = 0;
  size_t next_exception = 0;
};

OrderTable::OrderTable(std::vector<uint64_t> hashes, unsigned width)
    : state_(std::make_unique<State>(std::move(hashes), width, std::span<const OrderException>())) {}
OrderTable::OrderTable(ByteView list, unsigned width, std::span<const OrderException> exceptions)
    : state_(std::make_unique<State>(marks_of(list, width), width, exceptions)) {}
OrderTable::~OrderTable() = default;
OrderTable::OrderTable(OrderTable&&) noexcept = default;
OrderTable& OrderTable::operator=(OrderTable&&) noexcept = default;

uint64_t OrderTable::count() const { return state_->marks.size(); }
uint64_t OrderTable::place(uint64_t hash) { return state_->place(hash); }

struct OrderWriter::State {
  State(std::vector<uint64_t> hashes, unsigned width) : marks(std::move(hashes), width), ranks(marks.size(), kNobody) {}

  SortedMarks marks;
  std::vector<uint32_t> ranks;   // by position
  uint32_t added = 0;
};

OrderWriter::OrderWriter(std::vector<uint64_t> hashes, unsigned width)
    : state_(std::make_unique<State>(std::move(hashes), width)) {}
OrderWriter::~OrderWriter() = default;

void OrderWriter::add(uint64_t hash, uint64_t position) {
  State& state = *state_;
  if (position >= state.ranks.size() || state.ranks[position] != kNobody ||
      state.marks.mark(position) != (hash & mark_mask(state.marks.width())))
    throw Error(ErrorCode::kInvalidArgument, "order of records: another record stood at " + std::to_string(position));
  state.ranks[position] = state.added++;
}

// Where the ranks of a mark don't ascend with the positions, the table would be wrong.
std::vector<OrderException> OrderWriter::finish() {
  State& state = *state_;
  if (state.added != state.ranks.size())
    throw Error(ErrorCode::kInvalidArgument, "order of records: " + std::to_string(state.added) + " of " +
                                                 std::to_string(state.ranks.size()) + " came");
  SortedMarks& marks = state.marks;
  marks.sort();
  std::vector<OrderException> exceptions;
  for (size_t begin = 0, end; begin < marks.size(); begin = end) {
    bool ascends = true;
    for (end = begin + 1; end < marks.size() && marks.mark(end) == marks.mark(begin); ++end)
      ascends &= state.ranks[marks.position(end - 1)] < state.ranks[marks.position(end)];
    for (size_t i = begin; i < end && !ascends; ++i) exceptions.push_back({state.ranks[marks.position(i)], marks.position(i)});
  }
  std::ranges::sort(exceptions, {}, &OrderException::rank);
  return exceptions;
}

}  // namespace cairn
