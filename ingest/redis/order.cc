#include "ingest/redis/order.h"

#include <algorithm>
#include <array>
#include <bit>
#include <future>
#include <limits>
#include <numeric>
#include <optional>
#include <string>

#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kSmallGroup = 32;         // sorted by insertion
constexpr size_t kUsualGroup = 8;          // that sorting by bits leaves
constexpr unsigned kMostSortBits = 10;     // at a time
constexpr size_t kSortedBeside = 64 << 10;   // marks, and more: by another thread
constexpr unsigned kMostStartBits = 32;
constexpr uint32_t kNobody = std::numeric_limits<uint32_t>::max();   // no rank: kMostRecords

uint64_t mark_mask(unsigned width) { return UINT64_MAX >> (64 - 8 * width); }

struct Place {
  uint64_t mark;
  uint32_t position;
  auto operator<=>(const Place&) const = default;
};

// Marks with their positions, in two arrays.
struct WidePlaces {
  uint64_t* marks;
  uint32_t* positions;
  uint64_t mark(size_t i) const { return marks[i]; }
  Place get(size_t i) const { return {marks[i], positions[i]}; }
  void put(size_t i, Place place) const { marks[i] = place.mark, positions[i] = place.position; }
  void sort_positions(size_t begin, size_t end) const { std::sort(positions + begin, positions + end); }
};

// Of marks of up to 32 bits, in one number.
struct NarrowPlaces {
  uint64_t* places;
  uint64_t mark(size_t i) const { return places[i] >> 32; }
  Place get(size_t i) const { return {places[i] >> 32, static_cast<uint32_t>(places[i])}; }
  void put(size_t i, Place place) const { places[i] = place.mark << 32 | place.position; }
  void sort_positions(size_t begin, size_t end) const { std::sort(places + begin, places + end); }
};

template <class Places>
void insertion_sort(const Places& places, size_t begin, size_t end) {
  for (size_t i = begin + 1; i < end; ++i) {
    const Place place = places.get(i);
    size_t to = i;
    for (; to > begin && place < places.get(to - 1); --to) places.put(to, places.get(to - 1));
    places.put(to, place);
  }
}

// So many bits that what is left of `count` hash values are a few each.
unsigned sort_bits(size_t count, unsigned most) {
  return std::min({static_cast<unsigned>(std::bit_width(count / kUsualGroup)), most, kMostSortBits});
}

// Sorts [begin, end), whose marks differ only in the lowest `bits`, by mark and position.  In place, by the highest bits and then
// within them: hash values spread, and what is made not to is no worse than that.
template <class Places>
void sort_places(const Places& places, size_t begin, size_t end, unsigned bits) {
  if (end - begin <= kSmallGroup) return insertion_sort(places, begin, end);
  if (bits == 0) return places.sort_positions(begin, end);
  const unsigned taken = sort_bits(end - begin, bits), shift = bits - taken;
  const size_t buckets = size_t{1} << taken, mask = buckets - 1;
  std::array<uint32_t, size_t{1} << kMostSortBits> next, ends;
  std::fill_n(next.begin(), buckets, 0);
  for (size_t i = begin; i < end; ++i) ++next[places.mark(i) >> shift & mask];
  auto sum = static_cast<uint32_t>(begin);
  for (size_t b = 0; b < buckets; ++b) {
    const uint32_t count = std::exchange(next[b], sum);
    ends[b] = sum += count;
  }
  // Each is carried to where it belongs, and what was there goes on.
  for (size_t b = 0; b < buckets; ++b) {
    while (next[b] < ends[b]) {
      Place place = places.get(next[b]);
      for (size_t home = place.mark >> shift & mask; home != b; home = place.mark >> shift & mask) {
        const Place met = places.get(next[home]);
        places.put(next[home]++, place);
        place = met;
      }
      places.put(next[b]++, place);
    }
  }
  for (size_t b = 0; b < buckets; begin = ends[b++])
    if (ends[b] - begin > 1) sort_places(places, begin, ends[b], shift);
}

// kInvalidArgument for more than kMostRecords, or an impossible width.
void check_marks(size_t count, unsigned width) {
  if (width < 1 || width > 8 || count > OrderTable::kMostRecords)
    throw Error(ErrorCode::kInvalidArgument,
                "order of records: " + std::to_string(count) + " marks of " + std::to_string(width) + " bytes");
}

// The marks of records with the positions these had, sorted by both.
class SortedMarks {
 public:
  // Errors: as check_marks().
  SortedMarks(std::vector<uint64_t> hashes, unsigned width) : marks_(std::move(hashes)), width_(width) {
    check_marks(marks_.size(), width);
    for (uint64_t& mark : marks_) mark &= mark_mask(width);
  }
  void sort() {
    positions_.resize(marks_.size());
    for (size_t i = 0; i < positions_.size(); ++i) positions_[i] = static_cast<uint32_t>(i);
    sort_places(WidePlaces{marks_.data(), positions_.data()}, 0, size(), 8 * width_);
  }
  size_t size() const { return marks_.size(); }
  unsigned width() const { return width_; }
  // Of the record at this position; sorted: in sorted order.
  uint64_t mark(size_t i) const { return marks_[i]; }
  uint32_t& position(size_t i) { return positions_[i]; }
  uint32_t position(size_t i) const { return positions_[i]; }

 private:
  std::vector<uint64_t> marks_;
  std::vector<uint32_t> positions_;
  unsigned width_;
};

// The same of marks of up to 4 bytes: most files.
class NarrowMarks {
 public:
  static constexpr unsigned kMostWidth = 4;
  NarrowMarks(std::vector<uint64_t> hashes, unsigned width) : bits_(8 * width), marks_(hashes.size()) {
    for (size_t i = 0; i < marks_.size(); ++i) marks_[i] = static_cast<uint32_t>(hashes[i] & mark_mask(width));
  }
  // Once.
  void sort() {
    // The first time to another place: so many lie about in memory, and this way none waits for another.
    const unsigned shift = bits_ - sort_bits(marks_.size(), bits_);
    std::array<uint32_t, (size_t{1} << kMostSortBits) + 1> begins{};
    for (const uint32_t mark : marks_) ++begins[(uint64_t{mark} >> shift) + 1];
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    places_ = std::make_unique_for_overwrite<uint64_t[]>(marks_.size());
    for (size_t i = 0; i < marks_.size(); ++i) places_[begins[uint64_t{marks_[i]} >> shift]++] = uint64_t{marks_[i]} << 32 | i;
    // Each begins where the one before ends, now.
    size_t begin = 0;
    for (const uint32_t end : begins) {
      if (end > begin) sort_places(NarrowPlaces{places_.get()}, begin, end, shift);
      begin = end;
    }
  }
  size_t size() const { return marks_.size(); }
  // Of those sorted.
  uint64_t mark(size_t i) const { return places_[i] >> 32; }
  uint32_t position(size_t i) const { return static_cast<uint32_t>(places_[i]); }

 private:
  unsigned bits_;
  std::vector<uint32_t> marks_;
  std::unique_ptr<uint64_t[]> places_;
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
  auto round = [&] {
    a += b, c += d;
    b = std::rotl(b, 13) ^ a, d = std::rotl(d, 16) ^ c;
    a = std::rotl(a, 32);
    c += b, a += d;
    b = std::rotl(b, 17) ^ c, d = std::rotl(d, 21) ^ a;
    c = std::rotl(c, 32);
  };
  auto take = [&](uint64_t word) {
    d ^= word;
    round(), round();
    a ^= word;
  };
  const uint8_t* const begin = bytes.data();
  const size_t tail = bytes.size() % 8;
  uint64_t last = uint64_t{bytes.size() & 0xff} << 56, word = 0;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    std::memcpy(&word, bytes.data(), sizeof word);
    take(word);
  }
  if (tail > 0 && bytes.data() != begin) {   // in one piece, with bytes that were taken
    std::memcpy(&word, bytes.data() + tail - sizeof word, sizeof word);
    last |= word >> (8 * (sizeof word - tail));
  } else {
    for (size_t i = 0; i < tail; ++i) last |= uint64_t{bytes[i]} << (8 * i);
  }
  take(last);
  c ^= 0xff;
  round(), round(), round(), round();
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
  State(std::vector<uint64_t> hashes, unsigned width) {
    check_marks(hashes.size(), width);
    const size_t count = hashes.size();
    if (width <= NarrowMarks::kMostWidth) {
      narrow.emplace(std::move(hashes), width);
      if (count >= kSortedBeside) sorting = std::async(std::launch::async, [this] { narrow->sort(); });
      else narrow->sort();
    } else wide.emplace(std::move(hashes), width);
    ranks.assign(count, kNobody);
  }

  // Where the ranks of a mark don't ascend with the positions, the table would be wrong.
  template <class Marks>
  std::vector<OrderException> exceptions(const Marks& marks) const {
    std::vector<OrderException> found;
    for (size_t begin = 0, end; begin < marks.size(); begin = end) {
      bool ascends = true;
      for (end = begin + 1; end < marks.size() && marks.mark(end) == marks.mark(begin); ++end)
        ascends &= ranks[marks.position(end - 1)] < ranks[marks.position(end)];
      for (size_t i = begin; i < end && !ascends; ++i) found.push_back({ranks[marks.position(i)], marks.position(i)});
    }
    std::ranges::sort(found, {}, &OrderException::rank);
    return found;
  }

  std::optional<NarrowMarks> narrow;
  std::optional<SortedMarks> wide;
  std::vector<uint32_t> ranks;   // by position
  uint32_t added = 0;
  std::future<void> sorting;     // of `narrow`; last: ends before that goes
};

OrderWriter::OrderWriter(std::vector<uint64_t> hashes, unsigned width)
    : state_(std::make_unique<State>(std::move(hashes), width)) {}
OrderWriter::~OrderWriter() = default;

void OrderWriter::add(uint64_t position) {
  State& state = *state_;
  if (position >= state.ranks.size() || state.ranks[position] != kNobody)
    throw Error(ErrorCode::kInvalidArgument, "order of records: another record stood at " + std::to_string(position));
  state.ranks[position] = state.added++;
}

std::vector<OrderException> OrderWriter::finish() {
  State& state = *state_;
  if (state.added != state.ranks.size())
    throw Error(ErrorCode::kInvalidArgument, "order of records: " + std::to_string(state.added) + " of " +
                                                 std::to_string(state.ranks.size()) + " came");
  if (state.sorting.valid()) state.sorting.get();
  if (state.narrow) return state.exceptions(*state.narrow);
  state.wide->sort();
  return state.exceptions(*state.wide);
}

}  // namespace cairn
