#include "store/cache/reference_list.h"

#include <gtest/gtest.h>

#include <random>

namespace cairn {
namespace {

constexpr uint32_t kNumbers = 1'000'000, kSelf = 500'000, kBase = 499'000;

ReferenceList decoded(ByteView bytes, const ReferenceList* base, bool with_base = true) {
  Decoder in(bytes, "test");
  const ReferenceHead head = decode_head(in, kSelf, kNumbers);
  EXPECT_EQ(head.base.has_value(), base != nullptr);
  if (head.base) { EXPECT_EQ(*head.base, kBase); }
  ReferenceList out;
  decode_rest(in, kSelf, head, with_base ? base : nullptr, kNumbers, out);
  in.finish();
  return out;
}

ErrorCode code_of_decoding(const Bytes& bytes, const ReferenceList* base) {
  try {
    Decoder in(bytes, "test");
    const ReferenceHead head = decode_head(in, kSelf, kNumbers);
    ReferenceList out;
    decode_rest(in, kSelf, head, base, kNumbers, out);
  } catch (const Error& e) {
    return e.code();
  }
  return ErrorCode::kNotFound;
}

ReferenceList random_list(std::mt19937& random, size_t size) {
  ReferenceList list;
  auto any = [&] { return static_cast<uint32_t>(random() % kNumbers); };
  for (uint32_t number = any(); list.numbers.size() < size; number = random() % 4 ? number + 1 : any()) list.numbers.push_back(number % kNumbers);
  list.objects = size == 0 ? 0 : random() % (size + 1);
  return list;
}

ReferenceList edited(std::mt19937& random, ReferenceList list, size_t edits) {
  for (; edits > 0 && !list.numbers.empty(); --edits) {
    const size_t place = random() % list.numbers.size();
    const auto at = list.numbers.begin() + static_cast<std::ptrdiff_t>(place);
    switch (random() % 3) {
      case 0: *at = static_cast<uint32_t>(random() % kNumbers); break;
      case 1:
        list.numbers.insert(at, static_cast<uint32_t>(random() % kNumbers));
        list.objects += place < list.objects;
        break;
      case 2:
        list.numbers.erase(at);
        list.objects -= place < list.objects;
    }
  }
  return list;
}

TEST(ReferenceList, WholeListsComeBack) {
  std::mt19937 random(1);
  for (size_t size = 0; size < 200; ++size) {
    const ReferenceList list = random_list(random, size);
    Encoder out;
    encode_whole(out, kSelf, list);
    EXPECT_EQ(decoded(out.out(), nullptr), list) << size;
  }
}

TEST(ReferenceList, AnotherVersionTakesAFewBytesAndComesBack) {
  std::mt19937 random(2);
  size_t shorter = 0;
  for (int round = 0; round < 2000; ++round) {
    const ReferenceList base = random_list(random, random() % 300), list = edited(random, base, random() % 12);
    Encoder out;
    if (!encode_beyond(out, kSelf, list, kBase, base)) {
      EXPECT_EQ(out.size(), 0u);
      continue;
    }
    ++shorter;
    ASSERT_EQ(decoded(out.out(), &base), list) << round;
    EXPECT_LE(out.size(), 12u * 9 + 10 + list.numbers.size() / 8 * 5);
  }
  EXPECT_GT(shorter, 1000u);
}

TEST(ReferenceList, WithoutTheBaseOnlyWhatIsNotInIt) {
  ReferenceList base, list;
  for (uint32_t i = 0; i < 40; ++i) base.numbers.push_back(100 + i);
  base.objects = 20;
  list = base;
  list.numbers[3] = 7777;    // an object
  list.numbers[30] = 8888;   // a chunk
  Encoder out;
  ASSERT_TRUE(encode_beyond(out, kSelf, list, kBase, base));
  EXPECT_EQ(decoded(out.out(), &base, false), (ReferenceList{{7777, 8888}, 1}));
}

// One and the same id may be an object here and content there.
TEST(ReferenceList, WhatIsAnObjectIsNotTakenForAChunk) {
  ReferenceList base, list;
  for (uint32_t i = 0; i < 40; ++i) base.numbers.push_back(100 + i);
  base.objects = 20;
  list = base;
  list.objects = 21;
  Encoder out;
  ASSERT_TRUE(encode_beyond(out, kSelf, list, kBase, base));
  EXPECT_EQ(decoded(out.out(), &base), list);
  EXPECT_EQ(decoded(out.out(), &base, false), (ReferenceList{{120}, 1}));
}

TEST(ReferenceList, MuchThatDiffersIsWrittenWhole) {
  std::mt19937 random(3);
  const ReferenceList base = random_list(random, 100);
  Encoder out;
  EXPECT_FALSE(encode_beyond(out, kSelf, random_list(random, 100), kBase, base));
  EXPECT_EQ(out.size(), 0u);
}

TEST(ReferenceList, NonsenseIsCorrupt) {
  std::mt19937 random(4);
  const ReferenceList base = random_list(random, 100), list = edited(random, base, 3);
  Encoder beyond, whole;
  ASSERT_TRUE(encode_beyond(beyond, kSelf, list, kBase, base));
  encode_whole(whole, kSelf, list);
  for (const auto& [bytes, its_base] : {std::pair(beyond.out(), &base), std::pair(whole.out(), static_cast<const ReferenceList*>(nullptr))}) {
    for (size_t size = 0; size < bytes.size(); ++size)
      EXPECT_EQ(code_of_decoding(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)), its_base), ErrorCode::kCorrupt) << size;
    for (int round = 0; round < 5000; ++round) {   // whatever comes of it, every number is below the last
      Bytes broken = bytes;
      broken[random() % broken.size()] = static_cast<uint8_t>(random());
      try {
        Decoder in(broken, "test");
        const ReferenceHead head = decode_head(in, kSelf, kNumbers);
        ReferenceList out;
        decode_rest(in, kSelf, head, head.base ? &base : nullptr, kNumbers, out);
        EXPECT_EQ(out.numbers.size(), head.objects + head.chunks);
        for (const uint32_t number : out.numbers) ASSERT_LT(number, kNumbers);
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), ErrorCode::kCorrupt);
      }
    }
  }
}

}  // namespace
}  // namespace cairn
