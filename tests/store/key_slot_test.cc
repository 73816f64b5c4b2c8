#include "store/keys/key_slot.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class KeySlotTest : public testing::Test {
 protected:
  std::optional<Keyring> open(ByteView file, std::string_view password = kTestPassword) {
    return KeySlot::open(file, id_, keys_.repository, password);
  }
  static Bytes with_trailer(Bytes file) {
    file.resize(file.size() - kTrailerBytes);
    append_trailer(file);
    return file;
  }
  Keyring keys_ = make_keyring(random_id<RepositoryId>(), 1);
  SlotId id_ = random_id<SlotId>();
  Bytes file_ = KeySlot::encode(id_, keys_, kTestPassword, cheap_kdf());
  static constexpr size_t kCommitmentAt = kHeaderBytes + 1 + 4 + 4 + 16;
};

TEST_F(KeySlotTest, OpensWithItsPasswordOnly) {
  auto keys = open(file_);
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->encode(), keys_.encode());
  for (std::string_view wrong : {"", "Correct horse", "correct horse ", "correct hors"}) EXPECT_FALSE(open(file_, wrong)) << wrong;
}

TEST_F(KeySlotTest, NoFlippedByteEverOpens) {
  for (size_t at = 0; at < file_.size(); ++at) {
    Bytes bad = file_;
    bad[at] ^= 0x01;
    EXPECT_EQ(code_of([&] { open(bad); }), ErrorCode::kCorrupt) << at;
    if (at >= file_.size() - kTrailerBytes) continue;
    // With the trailer set right: never opened.  The parameters of the derivation are kept cheap.
    if (at >= kHeaderBytes + 1 && at < kHeaderBytes + 9) continue;
    std::optional<Keyring> keys;
    auto code = code_of([&] { keys = open(with_trailer(bad)); });
    EXPECT_FALSE(keys) << at;
    EXPECT_TRUE(!code || code == ErrorCode::kCorrupt || code == ErrorCode::kUnsupported) << at;
  }
}

TEST_F(KeySlotTest, HostileParametersAreRefused) {
  for (size_t at : {kHeaderBytes + 1, kHeaderBytes + 4, kHeaderBytes + 5, kHeaderBytes + 8}) {
    Bytes bad = file_;
    bad[at] = 0xff;
    std::optional<Keyring> keys;
    auto code = code_of([&] { keys = open(with_trailer(bad)); });
    EXPECT_FALSE(keys);
    EXPECT_TRUE(code == ErrorCode::kUnsupported || at == kHeaderBytes + 5) << at;
  }
}

// The commitment of another password's slot in place of this one's: neither password opens it.
TEST_F(KeySlotTest, ASwappedCommitmentNeverOpens) {
  KdfParams kdf;
  kdf.operations = 1;
  kdf.memory_kib = 8 << 10;
  Bytes one = KeySlot::encode(id_, keys_, "one", kdf), two = KeySlot::encode(id_, keys_, "two", kdf);
  std::copy_n(two.begin() + kCommitmentAt, 32, one.begin() + kCommitmentAt);
  Bytes mixed = with_trailer(one);
  EXPECT_FALSE(open(mixed, "one"));
  EXPECT_EQ(code_of([&] { open(mixed, "two"); }), ErrorCode::kCorrupt);
}

TEST_F(KeySlotTest, ASlotOfAnotherNameOrRepositoryIsRefused) {
  EXPECT_EQ(code_of([&] { KeySlot::open(file_, random_id<SlotId>(), keys_.repository, kTestPassword); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { KeySlot::open(file_, id_, random_id<RepositoryId>(), kTestPassword); }), ErrorCode::kCorrupt);
}

class SlotsTest : public testing::Test {
 protected:
  MemoryBackend memory_;
  Keyring keys_ = make_keyring(random_id<RepositoryId>(), 1);
  std::optional<ErrorCode> open_code(std::string_view password) {
    return code_of([&] { open_slots(memory_, keys_.repository, password); });
  }
};

TEST_F(SlotsTest, AnyOfSeveralPasswordsOpens) {
  for (std::string_view password : {"a", "b", "c"}) add_slot(memory_, keys_, password, cheap_kdf());
  for (std::string_view password : {"a", "b", "c"}) EXPECT_EQ(open_slots(memory_, keys_.repository, password).encode(), keys_.encode());
  EXPECT_EQ(open_code("d"), ErrorCode::kWrongKey);
}

TEST_F(SlotsTest, ADamagedSlotDoesNotKeepAnotherFromOpening) {
  for (int i = 0; i < 5; ++i) memory_.replace(slot_name(random_id<SlotId>()), noise(300, 1));
  memory_.replace("keys/readme", {1});
  EXPECT_EQ(open_code("a"), ErrorCode::kCorrupt);
  add_slot(memory_, keys_, "a", cheap_kdf());
  EXPECT_EQ(open_code("a"), std::nullopt);
  EXPECT_EQ(open_code("b"), ErrorCode::kCorrupt);   // it might have been in a damaged one
}

// What is in a key file opens no slot of passwords, even if somebody takes it for one, and the other way round.
TEST_F(SlotsTest, KeyFilesAndPasswordsAreKeptApart) {
  const std::string digits(64, 'a');
  const Unlock file(SlotKind::kKeyFile, digits), wrong(SlotKind::kKeyFile, "b");
  SlotId opened, added = add_slot(memory_, keys_, file, new_kdf_params(SlotKind::kKeyFile));
  EXPECT_EQ(open_code(digits), ErrorCode::kWrongKey);
  EXPECT_EQ(open_slots(memory_, keys_.repository, file, &opened).encode(), keys_.encode());
  EXPECT_EQ(opened, added);
  EXPECT_EQ(code_of([&] { open_slots(memory_, keys_.repository, wrong); }), ErrorCode::kWrongKey);
  added = add_slot(memory_, keys_, "a", cheap_kdf());
  EXPECT_EQ(code_of([&] { open_slots(memory_, keys_.repository, Unlock(SlotKind::kKeyFile, "a")); }), ErrorCode::kWrongKey);
  open_slots(memory_, keys_.repository, "a", &opened);
  EXPECT_EQ(opened, added);
}

// A dear slot of a key file is somebody's trick: there may be 256 of them.
TEST_F(SlotsTest, AKeyFilesSlotHasOneCostOnly) {
  KdfParams dear = new_kdf_params(SlotKind::kKeyFile);
  dear.operations = 2;
  add_slot(memory_, keys_, Unlock(SlotKind::kKeyFile, "a"), dear);
  EXPECT_EQ(code_of([&] { open_slots(memory_, keys_.repository, Unlock(SlotKind::kKeyFile, "a")); }), ErrorCode::kUnsupported);
}

TEST_F(SlotsTest, NoMoreThanSixteenAreTried) {
  for (int i = 0; i < 17; ++i) {
    SlotId id{{static_cast<uint8_t>(i)}};
    put(memory_, slot_name(id), KeySlot::encode(id, keys_, std::to_string(i), cheap_kdf()));
  }
  EXPECT_EQ(open_code("15"), std::nullopt);
  EXPECT_EQ(open_code("16"), ErrorCode::kWrongKey);
  // They are in nobody's way who has a key file.
  const Unlock file(SlotKind::kKeyFile, "f");
  SlotId last{{0xff}};
  put(memory_, slot_name(last), KeySlot::encode(last, keys_, file, new_kdf_params(SlotKind::kKeyFile)));
  EXPECT_EQ(open_slots(memory_, keys_.repository, file).encode(), keys_.encode());
}

TEST_F(SlotsTest, SlotsOfAnotherRepositoryAreNotTried) {
  EXPECT_EQ(open_code("a"), ErrorCode::kCorrupt);   // none at all
  Keyring other = make_keyring(random_id<RepositoryId>(), 1);
  add_slot(memory_, other, "a", cheap_kdf());
  add_slot(memory_, keys_, "b", cheap_kdf());
  EXPECT_EQ(open_code("a"), ErrorCode::kWrongKey);
  EXPECT_EQ(open_code("b"), std::nullopt);
}

}  // namespace
}  // namespace cairn
