#include "store/notes/witness.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

TEST(Witness, ComesBackFromItsText) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Witness witness;
    std::ranges::copy(noise(witness.size(), seed), witness.begin());
    const std::string text = witness_text(witness);
    EXPECT_EQ(text.size(), 19u);
    EXPECT_EQ(parse_witness(text), witness) << text;
  }
}

TEST(Witness, HasTheFirstBitsFirst) {
  EXPECT_EQ(witness_text(Witness{}), "0000-0000-0000-0000");
  EXPECT_EQ(witness_text(Witness{0x08, 0x42, 0x10, 0x84, 0x21, 0xff, 0xff, 0xff, 0xff, 0xff}), "1111-1111-zzzz-zzzz");
  EXPECT_EQ(parse_witness("ABCD efgh-JKMN-pqrs"), parse_witness("abcd-efgh-jkmn-pqrs"));
}

TEST(Witness, WhatIsNoneIsRefused) {
  for (const char* bad : {"", "abcd", "abcd-efgh-jkmn-pqr", "abcd-efgh-jkmn-pqrst", "abcd-efgh-jkmn-pqri", "abcd-efgh-jkmn-pqr!", "abcd-efgh-jkmn-pqru"})
    EXPECT_FALSE(parse_witness(bad)) << bad;
}

TEST(Witness, DependsOnRepositorySnapshotAndEveryByte) {
  const RepositoryId repository{{1}};
  const SnapshotId snapshot{{2}};
  const Bytes file = noise(500, 1);
  const Witness witness = witness_of(repository, snapshot, file);
  EXPECT_EQ(witness_of(repository, snapshot, file), witness);
  EXPECT_NE(witness_of(RepositoryId{{3}}, snapshot, file), witness);
  EXPECT_NE(witness_of(repository, SnapshotId{{3}}, file), witness);
  Bytes other = file;
  other[250] ^= 1;
  EXPECT_NE(witness_of(repository, snapshot, other), witness);
}

}  // namespace
}  // namespace cairn
