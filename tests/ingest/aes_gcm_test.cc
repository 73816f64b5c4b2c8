#include "ingest/crypto/aes_gcm.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <random>

namespace cairn {
namespace {

constexpr GcmNonce kNonce = {1, 2, 3}, kOther = {4, 5, 6};

Bytes random_bytes(std::mt19937_64& random, size_t size) {
  Bytes bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

// The message with its tag behind it, passed in pieces of up to `piece` bytes.
Bytes seal(AesGcm& gcm, ByteView plain, size_t piece) {
  Bytes out(plain.size());
  for (size_t at = 0; at < plain.size(); at += piece) {
    const size_t size = std::min(piece, plain.size() - at);
    gcm.update(plain.subspan(at, size), std::span(out).subspan(at, size));
  }
  const GcmTag tag = gcm.sealed();
  out.insert(out.end(), tag.begin(), tag.end());
  return out;
}

// In place.
bool open(AesGcm& gcm, Bytes& sealed) {
  GcmTag tag;
  std::copy_n(sealed.end() - kGcmTagBytes, kGcmTagBytes, tag.begin());
  sealed.erase(sealed.end() - kGcmTagBytes, sealed.end());
  gcm.update(sealed, sealed);
  return gcm.opened(tag);
}

TEST(AesGcm, SealsAsLibsodiumDoes) {
  ASSERT_GE(sodium_init(), 0);
  if (crypto_aead_aes256gcm_is_available() == 0) GTEST_SKIP() << "libsodium has no AES on this processor";
  std::mt19937_64 random(1);
  const Secret key = Secret::random();
  for (size_t size : {0, 1, 15, 16, 17, 1000, 70'000}) {
    const Bytes plain = random_bytes(random, size);
    Bytes expected(size + kGcmTagBytes);
    crypto_aead_aes256gcm_encrypt(expected.data(), nullptr, plain.data(), plain.size(), nullptr, 0, nullptr, kNonce.data(),
                                  key.view().data());
    AesGcm at_once(AesGcm::Direction::kSeal, key, kNonce), in_pieces(AesGcm::Direction::kSeal, key, kNonce);
    EXPECT_EQ(seal(at_once, plain, 1 << 20), expected) << size;
    EXPECT_EQ(seal(in_pieces, plain, 7), expected) << size;
  }
}

TEST(AesGcm, BeginsAnotherMessageLikeTheFirst) {
  std::mt19937_64 random(2);
  const Secret key = Secret::random();
  const Bytes plain = random_bytes(random, 1000);
  AesGcm first(AesGcm::Direction::kSeal, key, kOther), again(AesGcm::Direction::kSeal, key, kNonce);
  const Bytes expected = seal(first, plain, 1000);
  const Bytes before = seal(again, plain, 100);
  again.restart(kOther);
  EXPECT_EQ(seal(again, plain, 1000), expected);
  EXPECT_NE(before, expected);

  AesGcm opening(AesGcm::Direction::kOpen, key, kNonce);
  for (int i = 0; i < 3; ++i) {
    Bytes changed = expected;
    changed[static_cast<size_t>(i) * 500] ^= 1;   // the last one: its tag
    opening.restart(kOther);
    EXPECT_FALSE(open(opening, changed)) << i;
    Bytes whole = expected;
    opening.restart(kOther);
    EXPECT_TRUE(open(opening, whole)) << "after one that was changed";
    EXPECT_EQ(whole, plain);
  }
  Bytes of_another = before;
  opening.restart(kOther);
  EXPECT_FALSE(open(opening, of_another)) << "another nonce";
  // One that breaks off.
  opening.restart(kOther);
  Bytes half(500);
  opening.update(ByteView(expected).first(500), half);
  Bytes whole = expected;
  opening.restart(kOther);
  EXPECT_TRUE(open(opening, whole));
}

}  // namespace
}  // namespace cairn
