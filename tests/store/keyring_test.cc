#include "store/keys/keyring.h"

#include "store/coding.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

Keyring copy(const Keyring& keys) { return Keyring::decode(keys.encode(), keys.repository, "copy"); }
bool equal(const Secret& a, const Secret& b) { return equal_constant_time(a.view(), b.view()); }

class KeyringTest : public testing::Test {
 protected:
  Keyring owner_ = make_keyring(random_id<RepositoryId>(), 5);
};

TEST_F(KeyringTest, AnOwnersKeysComeBackWhole) {
  Keyring again = copy(owner_);
  EXPECT_EQ(again.encode(), owner_.encode());
  EXPECT_TRUE(again.may_read() && again.may_write());
  EXPECT_EQ(again.id_key, owner_.id_key);
  EXPECT_TRUE(equal(again.index_key, owner_.index_key) && equal(again.lease_key, owner_.lease_key));
  EXPECT_TRUE(equal(again.gc_key, owner_.gc_key) && equal(again.directory_key, owner_.directory_key));
  EXPECT_TRUE(equal(again.cache_key(), owner_.cache_key()));
  EXPECT_TRUE(again.certificate.valid(again.repository, again.maintenance_public));
}

TEST_F(KeyringTest, AReaderHasTheKeysButNotTheSecretTheyComeFrom) {
  Keyring reader = copy(owner_);
  reader.role = Role::kReader;
  reader.dedup_secret.reset();
  reader.maintenance_seed.reset();
  reader.signing_seed.reset();
  Keyring again = copy(reader);
  EXPECT_TRUE(again.may_read());
  EXPECT_FALSE(again.may_write());
  EXPECT_EQ(again.id_key, owner_.id_key);
  EXPECT_TRUE(equal(again.directory_key, owner_.directory_key));
  EXPECT_TRUE(equal(again.gc_key, owner_.gc_key));
}

TEST_F(KeyringTest, AWriterCannotRead) {
  Keyring writer = copy(owner_);
  writer.role = Role::kWriter;
  writer.read_secret.reset();
  writer.maintenance_seed.reset();
  Keyring again = copy(writer);
  EXPECT_FALSE(again.may_read());
  EXPECT_TRUE(again.may_write());
}

TEST_F(KeyringTest, AllKeysDiffer) {
  const Secret* keys[] = {&owner_.directory_key, &owner_.index_key, &owner_.lease_key, &owner_.gc_key, &*owner_.dedup_secret,
                          &*owner_.read_secret, &*owner_.maintenance_seed, &*owner_.signing_seed};
  for (const Secret* a : keys)
    for (const Secret* b : keys) EXPECT_EQ(equal(*a, *b), a == b);
}

TEST_F(KeyringTest, TwoRepositoriesShareNoIdOfTheSameBytes) {
  Keyring other = make_keyring(random_id<RepositoryId>(), 5);
  Bytes bytes = prose(100, 1);
  EXPECT_NE(owner_.chunk_id(bytes), other.chunk_id(bytes));
  EXPECT_EQ(owner_.chunk_id(bytes), copy(owner_).chunk_id(bytes));
}

TEST_F(KeyringTest, UnknownFieldsAreSkippedAndIncompleteSlotsRefused) {
  Bytes bytes = owner_.encode();
  Encoder more;
  more.raw(bytes);
  more.u8(200);
  more.string("of a later version");
  EXPECT_EQ(Keyring::decode(more.out(), owner_.repository, "x").encode(), bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    auto code = code_of([&] { Keyring::decode(ByteView(bytes).first(size), owner_.repository, "x"); });
    EXPECT_TRUE(!code || code == ErrorCode::kCorrupt) << size;
  }
  EXPECT_EQ(code_of([&] { Keyring::decode({}, owner_.repository, "x"); }), ErrorCode::kCorrupt);
}

TEST_F(KeyringTest, ACertificateIsOfOneSignerRoleTimeAndRepository) {
  const Certificate& good = owner_.certificate;
  auto valid = [&](auto change) {
    Certificate c = good;
    change(c);
    return c.valid(owner_.repository, owner_.maintenance_public);
  };
  EXPECT_TRUE(valid([](Certificate&) {}));
  EXPECT_FALSE(valid([](Certificate& c) { c.signer[3] ^= 1; }));
  EXPECT_FALSE(valid([](Certificate& c) { c.role = Role::kWriter; }));
  EXPECT_FALSE(valid([](Certificate& c) { ++c.created_ns; }));
  EXPECT_FALSE(valid([](Certificate& c) { c.signature[3] ^= 1; }));
  EXPECT_FALSE(good.valid(random_id<RepositoryId>(), owner_.maintenance_public));
  EXPECT_FALSE(good.valid(owner_.repository, make_keyring(owner_.repository, 1).maintenance_public));
  Bytes bytes = good.encode();
  EXPECT_EQ(bytes.size(), Certificate::kBytes);
  EXPECT_EQ(Certificate::decode(bytes, "x").encode(), bytes);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(code_of([&] { Certificate::decode(ByteView(bytes).first(size), "x"); }), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace cairn
