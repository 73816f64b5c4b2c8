#include "store/crypto/frame_cipher.h"

#include <sodium.h>

#include <set>

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

Bytes sealed_frame(const FrameCipher& cipher, uint32_t number, ByteView associated, ByteView plain) {
  Bytes out(plain.size() + kTagBytes);
  cipher.seal(number, associated, plain, out.data());
  return out;
}
bool opens(const FrameCipher& cipher, uint32_t number, ByteView associated, const Bytes& sealed, const Bytes& expected) {
  Bytes out(sealed.size() < kTagBytes ? 0 : sealed.size() - kTagBytes);
  if (!cipher.open(number, associated, sealed, out.data())) return false;
  EXPECT_EQ(out, expected);
  return true;
}

TEST(FrameCipher, OpensOnlyWithTheSameKeyNumberAndAssociatedData) {
  for (Suite suite : {Suite::kXChaCha20Poly1305, Suite::kAes256Gcm}) {
    Secret key = Secret::random();
    FrameCipher cipher(suite, key), other(suite, Secret::random());
    Bytes associated = noise(40, 1), wrong = noise(40, 2);
    for (const Bytes& plain : {Bytes{}, noise(1, 3), noise(70000, 4)}) {
      Bytes sealed = sealed_frame(cipher, 7, associated, plain);
      EXPECT_TRUE(opens(cipher, 7, associated, sealed, plain));
      EXPECT_TRUE(opens(FrameCipher(suite, key), 7, associated, sealed, plain));
      EXPECT_FALSE(opens(cipher, 8, associated, sealed, plain));
      EXPECT_FALSE(opens(cipher, 7, wrong, sealed, plain));
      EXPECT_FALSE(opens(cipher, 7, {}, sealed, plain));
      EXPECT_FALSE(opens(other, 7, associated, sealed, plain));
    }
    Bytes sealed = sealed_frame(cipher, 0, associated, noise(100, 5));
    for (size_t at = 0; at < sealed.size(); ++at) {
      Bytes bad = sealed;
      bad[at] ^= 1;
      EXPECT_FALSE(opens(cipher, 0, associated, bad, {}));
      EXPECT_FALSE(opens(cipher, 0, associated, Bytes(sealed.begin(), sealed.begin() + static_cast<ptrdiff_t>(at)), {}));
    }
  }
}

TEST(FrameCipher, AnotherNumberOrSuiteGivesOtherBytes) {
  Secret key = Secret::random();
  std::set<Bytes> seen;
  for (Suite suite : {Suite::kXChaCha20Poly1305, Suite::kAes256Gcm})
    for (uint32_t number : {0u, 1u, 255u, 256u, 65536u, 1u << 24, UINT32_MAX})
      seen.insert(sealed_frame(FrameCipher(suite, key), number, {}, Bytes(64)));
  EXPECT_EQ(seen.size(), 14u);
}

// An independent implementation reads and writes the same bytes.
TEST(FrameCipher, IsLibsodiums) {
  const Secret key = Secret::random();   // first: it makes libsodium look at the CPU
  if (!crypto_aead_aes256gcm_is_available()) GTEST_SKIP() << "libsodium has no AES-256-GCM on this CPU: nothing to compare with";
  const Bytes associated = noise(120, 1), plain = noise(100'001, 2);
  const uint8_t nonce[12] = {0x15, 0xcd, 0x5b, 0x07};   // 123456789
  Bytes expected(plain.size() + kTagBytes);
  crypto_aead_aes256gcm_encrypt(expected.data(), nullptr, plain.data(), plain.size(), associated.data(), associated.size(), nullptr, nonce,
                                key.view().data());
  EXPECT_EQ(sealed_frame(FrameCipher(Suite::kAes256Gcm, key), 123456789, associated, plain), expected);
}

}  // namespace
}  // namespace cairn
