#include "store/keys/key_admin.h"

#include "store/repository.h"
#include "store/sealed_file.h"
#include "tests/store/fault_backend.h"
#include "tests/store/store_fixture.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

class KeyAdminTest : public testing::Test {
 protected:
  Keyring open(std::string_view password, SlotId* slot = nullptr) { return open_slots(memory_, owner_.repository, password, slot); }
  AddedKey add(Role role, std::string_view password) { return add_key(memory_, owner_, role, "", password, cheap_kdf()); }
  void SetUp() override {
    const KeyCard card = make_card(owner_, owner_.certificate.client(), Role::kOwner, "", 1);
    first_ = add_slot(memory_, owner_, "first", cheap_kdf(), &card);
  }
  MemoryBackend memory_;
  Keyring owner_ = make_keyring(random_id<RepositoryId>(), 1);
  SlotId first_;
};

// FORMAT.md's table, row by row.
TEST_F(KeyAdminTest, ARoleHoldsWhatItMustAndNothingElse) {
  for (Role role : {Role::kOwner, Role::kWriter, Role::kReader}) {
    const std::string password(role_name(role));
    const AddedKey added = add(role, password);
    const Keyring keys = open(password);
    const bool owner = role == Role::kOwner, writer = role == Role::kWriter, reader = role == Role::kReader;
    EXPECT_EQ(keys.role, role);
    EXPECT_EQ(keys.box_public, owner_.box_public);
    EXPECT_EQ(keys.maintenance_public, owner_.maintenance_public);
    EXPECT_EQ(keys.dedup_secret.has_value(), owner || writer);
    EXPECT_EQ(keys.read_secret.has_value(), owner || reader);
    EXPECT_EQ(keys.signing_seed.has_value(), owner || writer);
    EXPECT_EQ(keys.maintenance_seed.has_value(), owner);
    EXPECT_EQ(keys.id_key, owner_.id_key);
    for (auto key : {&Keyring::directory_key, &Keyring::index_key, &Keyring::lease_key, &Keyring::gc_key})
      EXPECT_TRUE(std::ranges::equal((keys.*key).view(), (owner_.*key).view()));
    EXPECT_EQ(added.card.role, role);
    if (reader) continue;
    EXPECT_EQ(keys.certificate.role, role);
    EXPECT_TRUE(keys.certificate.may_write(owner_.repository, owner_.maintenance_public));
    EXPECT_EQ(keys.certificate.client(), added.card.client);
    EXPECT_EQ(keys.certificate.signer, signing_public_key(*keys.signing_seed));
    EXPECT_NE(keys.certificate.client(), owner_.certificate.client());
  }
}

TEST_F(KeyAdminTest, OnlyOwnersAddAndRemove) {
  const AddedKey victim = add(Role::kReader, "victim");
  for (Role role : {Role::kWriter, Role::kReader}) {
    const Keyring keys = owner_.for_role(role, 1);
    EXPECT_EQ(code_of([&] { add_key(memory_, keys, role, "", "x", cheap_kdf()); }), ErrorCode::kWrongKey);
    EXPECT_EQ(code_of([&] { remove_key(memory_, keys, random_id<SlotId>(), victim.slot); }), ErrorCode::kWrongKey);
  }
  EXPECT_EQ(memory_.list("keys/").size(), 2U);
  remove_key(memory_, owner_, first_, victim.slot);
  EXPECT_EQ(code_of([&] { open("victim"); }), ErrorCode::kWrongKey);
  EXPECT_EQ(code_of([&] { remove_key(memory_, owner_, first_, victim.slot); }), ErrorCode::kNotFound);
}

TEST_F(KeyAdminTest, AnOwnerIsAlwaysLeft) {
  const auto remove_own = [&] { remove_key(memory_, owner_, first_, first_); };
  EXPECT_EQ(code_of(remove_own), ErrorCode::kInvalidArgument);
  add(Role::kWriter, "w");
  // The same owner under another password is none that somebody else could help with.
  const KeyCard mine = make_card(owner_, owner_.certificate.client(), Role::kOwner, "", 1);
  add_slot(memory_, owner_, "mine too", cheap_kdf(), &mine);
  // Nor is one whose card nobody signed.
  KeyCard forged = make_card(owner_, random_id<ClientId>(), Role::kWriter, "", 1);
  forged.role = Role::kOwner;
  add_slot(memory_, owner_, "forged", cheap_kdf(), &forged);
  EXPECT_EQ(code_of(remove_own), ErrorCode::kInvalidArgument);
  EXPECT_EQ(open("first").encode(), owner_.encode());
  add(Role::kOwner, "another");
  EXPECT_EQ(code_of(remove_own), std::nullopt);
  EXPECT_EQ(code_of([&] { open("first"); }), ErrorCode::kWrongKey);
  EXPECT_EQ(open("another").role, Role::kOwner);
}

TEST_F(KeyAdminTest, AnotherPasswordKeepsRoleAuthorAndCard) {
  for (Role role : {Role::kOwner, Role::kWriter, Role::kReader}) {
    const std::string before(role_name(role)), after = before + " anew";
    const AddedKey added = add_key(memory_, owner_, role, "label", before, cheap_kdf());
    const Keyring keys = open(before);
    const ChangedKey changed = change_unlock(memory_, keys, added.slot, after, cheap_kdf());
    EXPECT_EQ(changed.not_removed, "");
    EXPECT_EQ(code_of([&] { open(before); }), ErrorCode::kWrongKey);
    SlotId opened;
    EXPECT_EQ(open(after, &opened).encode(), keys.encode());
    EXPECT_EQ(opened, changed.slot);
    const auto cards = key_cards(memory_, owner_);
    ASSERT_TRUE(cards.contains(added.card.client));
    EXPECT_EQ(cards.at(added.card.client).encode(), added.card.encode());
  }
}

TEST_F(KeyAdminTest, ASlotOfTheFirstVersionGetsItsCardWithTheNextPassword) {
  MemoryBackend old;
  const SlotId slot = add_slot(old, owner_, "old", cheap_kdf());
  EXPECT_TRUE(key_cards(old, owner_).empty());
  change_unlock(old, owner_, slot, "new", cheap_kdf());
  EXPECT_EQ(key_cards(old, owner_).at(owner_.certificate.client()).role, Role::kOwner);
}

TEST_F(KeyAdminTest, WhereNothingCanBeRemovedTheOldPasswordIsToldToOpenStill) {
  FaultBackend storage(memory_);
  change_unlock(storage, open("first"), first_, "second", cheap_kdf());
  const uint64_t operations = storage.count();   // the removal is the last of them
  ASSERT_EQ(storage.count_of(Operation::kRemove), 1U);
  SlotId slot;
  const Keyring keys = open("second", &slot);
  storage.clear();
  storage.fail_at(operations, ErrorCode::kIo);
  EXPECT_NE(change_unlock(storage, keys, slot, "third", cheap_kdf()).not_removed, "");
  for (const char* password : {"second", "third"}) EXPECT_EQ(open(password).encode(), owner_.encode());
}

TEST_F(KeyAdminTest, NoMoreKeysThanAreTried) {
  for (size_t i = 1; i < most_slots(SlotKind::kPassword); ++i) add(Role::kReader, std::to_string(i));
  EXPECT_EQ(code_of([&] { add(Role::kReader, "one more"); }), ErrorCode::kInvalidArgument);
  const std::string digits(64, '1');
  add_key(memory_, owner_, Role::kReader, "", Unlock(SlotKind::kKeyFile, digits), new_kdf_params(SlotKind::kKeyFile));
  EXPECT_EQ(open_slots(memory_, owner_.repository, Unlock(SlotKind::kKeyFile, digits)).role, Role::kReader);
}

// What a reader signs, should it get itself a certificate, is refused; and what nobody vouches for.
TEST_F(KeyAdminTest, SignaturesOfReadersAndStrangersAreRefused) {
  Keyring forger = owner_.for_role(Role::kWriter, 1);
  const Secret shared = Secret::random();
  const auto id = random_id<LeaseId>();
  auto code = [&] {
    const Bytes file = SealedFile::encode(ObjectType::kLease, id.view(), forger, shared, noise(100, 1));
    return code_of([&] { SealedFile::decode(file, ObjectType::kLease, id.view(), owner_, shared, "file", 1000); });
  };
  EXPECT_EQ(code(), std::nullopt);
  const PublicKey signer = signing_public_key(*forger.signing_seed);
  forger.certificate = make_certificate(owner_.repository, *owner_.maintenance_seed, signer, Role::kReader, 1);
  EXPECT_EQ(code(), ErrorCode::kCorrupt);
  forger.certificate.role = Role::kWriter;   // without the maintenance key's word
  EXPECT_EQ(code(), ErrorCode::kCorrupt);
  forger.certificate = make_certificate(owner_.repository, Secret::random(), signer, Role::kOwner, 1);
  EXPECT_EQ(code(), ErrorCode::kCorrupt);
  forger.certificate = owner_.certificate;   // another's, with one's own signature
  EXPECT_EQ(code(), ErrorCode::kCorrupt);
}

// The same for whole snapshots: each is told by its name, and none is taken for one.
TEST_F(KeyAdminTest, ForgedSnapshotsAreNamedAndLeftOut) {
  MemoryBackend memory;
  Repository::init(memory, kTestPassword, cheap_options());
  TempDir cache;
  Repository repository(memory, kTestPassword, cache.path().string());
  const Keyring& owner = repository.keys();
  auto put_as = [&](const Keyring& keys) {
    Manifest m;
    m.root = owner.chunk_id(noise(10, 1));
    m.id = random_id<SnapshotId>();
    put(memory, snapshot_name(m.id), m.encode(keys, Suite::kXChaCha20Poly1305));
    return m.id.hex();
  };
  Keyring forger = owner.for_role(Role::kWriter, 1);
  const std::string genuine = put_as(forger);
  std::vector<std::string> forged;
  const PublicKey signer = signing_public_key(*forger.signing_seed);
  forger.certificate = make_certificate(owner.repository, *owner.maintenance_seed, signer, Role::kReader, 1);
  forged.push_back(put_as(forger));
  forger.certificate = make_certificate(owner.repository, Secret::random(), signer, Role::kOwner, 1);
  forged.push_back(put_as(forger));
  forger.certificate = owner.certificate;
  forged.push_back(put_as(forger));
  std::vector<std::string> problems;
  const auto snapshots = repository.snapshots(&problems);
  ASSERT_EQ(snapshots.size(), 1U);
  EXPECT_EQ(snapshots[0].id.hex(), genuine);
  ASSERT_EQ(problems.size(), forged.size());
  for (const std::string& id : forged)
    EXPECT_TRUE(std::ranges::any_of(problems, [&](const std::string& problem) { return problem.find(id) != std::string::npos; })) << id;
}

TEST_F(KeyAdminTest, AKeyIsNamedByTheBeginningOfItsId) {
  const std::string hex = first_.hex();
  EXPECT_EQ(choose_slot(memory_, hex.substr(0, 8)), first_);
  EXPECT_EQ(code_of([&] { choose_slot(memory_, hex.substr(0, 3)); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of([&] { choose_slot(memory_, "zzzz"); }), ErrorCode::kNotFound);
  memory_.replace(slot_name(SlotId::from_bytes(Bytes(32, 0xab))), {1});   // damaged: it can still be removed
  EXPECT_EQ(choose_slot(memory_, "abab"), SlotId::from_bytes(Bytes(32, 0xab)));
}

}  // namespace
}  // namespace cairn
