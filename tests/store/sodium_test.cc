#include "store/crypto/sodium.h"

#include <algorithm>
#include <set>

#include "store/parallel.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

TEST(SealedShared, OpensOnlyWhatWasSealedWithThisKeyAndData) {
  Secret key = Secret::random();
  Bytes associated = noise(10, 1), plain = noise(50, 2);
  Bytes sealed = seal_shared(key, associated, plain);
  EXPECT_EQ(sealed.size(), plain.size() + kSharedNonceBytes + kTagBytes);
  EXPECT_EQ(open_shared(key, associated, sealed), plain);
  EXPECT_EQ(open_shared(Secret::random(), associated, sealed), std::nullopt);
  EXPECT_EQ(open_shared(key, noise(10, 3), sealed), std::nullopt);
  for (size_t at = 0; at < sealed.size(); ++at) {
    Bytes bad = sealed;
    bad[at] ^= 0x80;
    EXPECT_EQ(open_shared(key, associated, bad), std::nullopt);
    EXPECT_EQ(open_shared(key, associated, ByteView(sealed).first(at)), std::nullopt);
  }
  EXPECT_NE(seal_shared(key, associated, plain), sealed);   // a nonce of its own
}

TEST(Secrets, AreApartAndWipedWhenTheyGo) {
  const uint8_t* place = nullptr;
  {
    Secret secret = Secret::random();
    place = secret.data();
    EXPECT_NE(Bytes(place, place + Secret::kBytes), Bytes(Secret::kBytes));
  }
  EXPECT_EQ(Bytes(place, place + Secret::kBytes), Bytes(Secret::kBytes));   // its place is kept for the next one
  std::vector<Secret> secrets;
  std::set<uintptr_t> places;
  for (int i = 0; i < 1000; ++i) {
    Secret& secret = secrets.emplace_back();
    EXPECT_EQ(Bytes(secret.view().begin(), secret.view().end()), Bytes(Secret::kBytes));
    std::ranges::fill(std::span(secret.data(), Secret::kBytes), static_cast<uint8_t>(i));
    places.insert(reinterpret_cast<uintptr_t>(secret.data()));
  }
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(Bytes(secrets[i].view().begin(), secrets[i].view().end()), Bytes(Secret::kBytes, static_cast<uint8_t>(i)));
  uintptr_t last = 0;
  for (const uintptr_t at : places) {
    EXPECT_GE(at - last, Secret::kBytes);
    last = at;
  }
}

TEST(Secrets, ComeAndGoOnSeveralThreads) {
  in_parallel(4, [](size_t number) {
    for (int i = 0; i < 2000; ++i) {
      Secret one, two;
      std::ranges::fill(std::span(one.data(), Secret::kBytes), static_cast<uint8_t>(number + 1));
      const Secret copy = one.clone();
      ASSERT_EQ(Bytes(two.view().begin(), two.view().end()), Bytes(Secret::kBytes));
      ASSERT_EQ(Bytes(copy.view().begin(), copy.view().end()), Bytes(Secret::kBytes, static_cast<uint8_t>(number + 1)));
    }
  });
}

TEST(KeyBox, OpensForItsRecipientAndNotWhenTamperedWith) {
  BoxKeys keys = make_box_keys();
  Secret secret = Secret::random();
  KeyBox box = seal_key(secret, keys.public_key);
  auto opened = open_key(box, keys.secret_key);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(equal_constant_time(opened->view(), secret.view()));
  EXPECT_FALSE(open_key(box, make_box_keys().secret_key));
  for (size_t at = 0; at < box.size(); ++at) {
    KeyBox bad = box;
    bad[at] ^= 1;
    EXPECT_FALSE(open_key(bad, keys.secret_key)) << at;
  }
  EXPECT_NE(seal_key(secret, keys.public_key), box);
  EXPECT_EQ(code_of([&] { seal_key(secret, PublicKey{}); }), ErrorCode::kCorrupt);   // a point that gives the key away
}

TEST(Signatures, AreOfOneKeyOneDomainAndOneMessage) {
  Secret seed = Secret::random();
  PublicKey key = signing_public_key(seed);
  Bytes message = noise(30, 1);
  Signature signature = sign(seed, "domain", message);
  EXPECT_TRUE(verify(key, "domain", message, signature));
  EXPECT_FALSE(verify(key, "domain", noise(30, 2), signature));
  EXPECT_FALSE(verify(key, "domai", message, signature));
  EXPECT_FALSE(verify(signing_public_key(Secret::random()), "domain", message, signature));
  // The border between domain and message is part of what is signed.
  Bytes shifted = message;
  shifted.insert(shifted.begin(), 'n');
  EXPECT_FALSE(verify(key, "domai", shifted, signature));
  for (size_t at = 0; at < signature.size(); ++at) {
    Signature bad = signature;
    bad[at] ^= 1;
    EXPECT_FALSE(verify(key, "domain", message, bad));
  }
}

TEST(DerivedKeys, DifferByNumberAndBySecret) {
  Secret a = Secret::random(), b = Secret::random();
  std::set<Bytes> seen;
  for (const Secret* secret : {&a, &b})
    for (uint64_t number = 1; number <= 7; ++number) {
      Secret derived = derive_key(*secret, number);
      seen.insert(Bytes(derived.view().begin(), derived.view().end()));
      EXPECT_TRUE(equal_constant_time(derived.view(), derive_key(*secret, number).view()));
    }
  EXPECT_EQ(seen.size(), 14u);
  EXPECT_NE(keyed_commitment(a, "x", {}), keyed_commitment(b, "x", {}));
  EXPECT_NE(keyed_commitment(a, "x", {}), keyed_commitment(a, "y", {}));
}

TEST(Password, ParametersOutOfBoundsAreRefusedBeforeAnythingIsAllocated) {
  KdfParams good = cheap_kdf();
  Secret key = derive_from_password("p", good);
  EXPECT_TRUE(equal_constant_time(key.view(), derive_from_password("p", good).view()));
  EXPECT_FALSE(equal_constant_time(key.view(), derive_from_password("q", good).view()));
  KdfParams salted = good;
  salted.salt[0] ^= 1;
  EXPECT_FALSE(equal_constant_time(key.view(), derive_from_password("p", salted).view()));
  for (auto [operations, memory_kib] : {std::pair{0u, 8192u}, {17u, 8192u}, {1u, 8191u}, {1u, (2u << 20) + 1}, {UINT32_MAX, UINT32_MAX}, {1u, 0u}}) {
    KdfParams bad = good;
    bad.operations = operations;
    bad.memory_kib = memory_kib;
    EXPECT_EQ(code_of([&] { derive_from_password("p", bad); }), ErrorCode::kUnsupported) << operations << " " << memory_kib;
  }
}

TEST(Random, IdsAreUnique) {
  std::set<PackId> seen;
  for (int i = 0; i < 10000; ++i) seen.insert(random_id<PackId>());
  EXPECT_EQ(seen.size(), 10000u);
  for (int i = 0; i < 1000; ++i) EXPECT_LT(random_below(3), 3u);
}

TEST(Sodium, NothingCanBeFilledAtRandom) { EXPECT_NO_THROW(random_fill({})); }

}  // namespace
}  // namespace cairn
