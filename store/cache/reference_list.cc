#include "store/cache/reference_list.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr size_t kFewest = 8;         // shorter lists are whole
constexpr size_t kMostBeyond = 8;     // one in so many may differ
constexpr size_t kLookAhead = 32;     // for where two versions are alike again
constexpr uint64_t kMostReferences = 4 << 20;   // an object is no longer (store/tree/object.h), and each takes more than a byte of it

void put_difference(Encoder& out, int64_t& before, uint32_t number) {
  out.svarint(int64_t{number} - before);
  before = number;
}

uint32_t get_number(Decoder& in, int64_t& before, uint32_t numbers) {
  before += static_cast<int32_t>(in.svarint());
  if (before < 0 || before >= numbers) in.fail("a number beyond the last");
  return static_cast<uint32_t>(before);
}

// Two versions side by side.
struct Comparison {
  const ReferenceList& list;
  const ReferenceList& base;
  bool same(size_t i, size_t j) const { return list.numbers[i] == base.numbers[j] && list.is_object(i) == base.is_object(j); }
  size_t alike(size_t i, size_t j) const {
    size_t count = 0;
    while (i + count < list.numbers.size() && j + count < base.numbers.size() && same(i + count, j + count)) ++count;
    return count;
  }
  // The nearest places from here on that are the same; the ends when there are none near.
  std::pair<size_t, size_t> next_alike(size_t i, size_t j) const {
    for (size_t distance = 1; distance <= kLookAhead; ++distance)
      for (size_t of_list = 0; of_list <= distance; ++of_list) {
        const size_t a = i + of_list, b = j + distance - of_list;
        if (a < list.numbers.size() && b < base.numbers.size() && same(a, b)) return {a, b};
      }
    return {list.numbers.size(), base.numbers.size()};
  }
};

}  // namespace

void encode_whole(Encoder& out, uint32_t self, const ReferenceList& list) {
  const std::vector<uint32_t>& numbers = list.numbers;
  out.varint(0);
  out.varint(list.objects);
  out.varint(numbers.size() - list.objects);
  int64_t before = self;
  for (size_t i = 0; i < numbers.size();) {
    const size_t begin = i++;
    while (i < numbers.size() && numbers[i] == numbers[i - 1] + 1) ++i;
    put_difference(out, before, numbers[begin]);
    out.varint(i - begin - 1);
    before = numbers[i - 1];
  }
}

bool encode_beyond(Encoder& out, uint32_t self, const ReferenceList& list, uint32_t base_number, const ReferenceList& base) {
  const size_t all = list.numbers.size();
  if (all < kFewest) return false;
  Encoder steps;
  size_t differ = 0;
  int64_t before = self;
  const Comparison versions{list, base};
  for (size_t i = 0, j = 0; i < all;) {
    const size_t alike = versions.alike(i, j);
    i += alike;
    j += alike;
    const auto [next_i, next_j] = i < all ? versions.next_alike(i, j) : std::pair(i, j);
    steps.varint(alike);
    steps.varint(next_j - j);
    steps.varint(next_i - i);
    differ += next_i - i;
    if (differ > all / kMostBeyond) return false;
    for (; i < next_i; ++i) put_difference(steps, before, list.numbers[i]);
    j = next_j;
  }
  const int64_t distance = int64_t{base_number} - self;
  out.varint(1 + ((static_cast<uint64_t>(distance) << 1) ^ static_cast<uint64_t>(distance >> 63)));
  out.varint(list.objects);
  out.varint(all - list.objects);
  out.raw(steps.out());
  return true;
}

ReferenceHead decode_head(Decoder& in, uint32_t self, uint32_t numbers) {
  ReferenceHead head;
  if (const uint64_t zigzag = in.varint(); zigzag != 0) {
    const int64_t base = int64_t{self} + static_cast<int32_t>(static_cast<int64_t>((zigzag - 1) >> 1) ^ -static_cast<int64_t>((zigzag - 1) & 1));
    if (base < 0 || base >= numbers || base == self) in.fail("a base beyond the last");
    head.base = static_cast<uint32_t>(base);
  }
  head.objects = in.varint_up_to(kMostReferences);
  head.chunks = in.varint_up_to(kMostReferences);
  return head;
}

void decode_rest(Decoder& in, uint32_t self, const ReferenceHead& head, const ReferenceList* base, uint32_t numbers, ReferenceList& out) {
  const size_t all = head.objects + head.chunks;
  out.numbers.clear();
  out.objects = head.objects;
  int64_t before = self;
  if (!head.base) {
    while (out.numbers.size() < all) {
      const uint32_t first = get_number(in, before, numbers);
      const uint64_t more = in.varint_up_to(std::min<uint64_t>(all - out.numbers.size(), numbers - first) - 1);
      for (uint64_t i = 0; i <= more; ++i) out.numbers.push_back(first + static_cast<uint32_t>(i));
      before += static_cast<int64_t>(more);
    }
    return;
  }
  size_t beyond_objects = 0;
  for (size_t i = 0, j = 0; i < all;) {
    const uint64_t alike = in.varint_up_to(all - i);
    if (base) {
      if (alike > base->numbers.size() - j) in.fail("more than the base has");
      out.numbers.insert(out.numbers.end(), base->numbers.begin() + static_cast<std::ptrdiff_t>(j), base->numbers.begin() + static_cast<std::ptrdiff_t>(j + alike));
    }
    i += alike;
    j += alike + in.varint_up_to(base ? base->numbers.size() - j - alike : kMostReferences);
    const uint64_t others = in.varint_up_to(all - i);
    for (uint64_t left = others; left > 0; --left, ++i) {
      beyond_objects += i < head.objects;
      out.numbers.push_back(get_number(in, before, numbers));
    }
  }
  if (!base) out.objects = beyond_objects;
}

}  // namespace cairn
