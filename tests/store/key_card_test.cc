#include "store/keys/key_card.h"

#include "store/keys/key_admin.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class KeyCardTest : public testing::Test {
 protected:
  Bytes slot(const KeyCard* card) { return KeySlot::encode(id_, keys_, kTestPassword, cheap_kdf(), card); }
  static Bytes with_trailer(Bytes file) {
    file.resize(file.size() - kTrailerBytes);
    append_trailer(file);
    return file;
  }
  std::optional<ErrorCode> card_code(const Bytes& file) {
    return code_of([&] { KeySlot::card(file, id_, keys_); });
  }
  Keyring keys_ = make_keyring(random_id<RepositoryId>(), 1);
  SlotId id_ = random_id<SlotId>();
  KeyCard card_ = make_card(keys_, random_id<ClientId>(), Role::kWriter, "web server", 7);
};

TEST_F(KeyCardTest, IsReadWithoutThePasswordByEveryRole) {
  const Bytes file = slot(&card_);
  for (Role role : {Role::kOwner, Role::kWriter, Role::kReader}) {
    const auto card = KeySlot::card(file, id_, keys_.for_role(role, 1));
    ASSERT_TRUE(card);
    EXPECT_EQ(card->client, card_.client);
    EXPECT_EQ(card->role, Role::kWriter);
    EXPECT_EQ(card->label, "web server");
    EXPECT_EQ(card->created_ns, 7);
  }
  EXPECT_EQ(KeySlot::open(file, id_, keys_.repository, kTestPassword)->encode(), keys_.encode());
}

TEST_F(KeyCardTest, ASlotWithoutOneIsAsBefore) {
  const Bytes file = slot(nullptr);
  EXPECT_FALSE(KeySlot::card(file, id_, keys_));
  EXPECT_TRUE(KeySlot::open(file, id_, keys_.repository, kTestPassword));
}

TEST_F(KeyCardTest, NoFlippedByteIsBelieved) {
  const Bytes file = slot(&card_);
  for (size_t at = 0; at < file.size() - kTrailerBytes; ++at) {
    Bytes bad = file;
    bad[at] ^= 0x01;
    const auto code = card_code(with_trailer(bad));
    EXPECT_TRUE(code == ErrorCode::kCorrupt || code == ErrorCode::kUnsupported) << at;
  }
  for (size_t keep = 0; keep < file.size(); ++keep) EXPECT_TRUE(card_code({file.begin(), file.begin() + static_cast<ptrdiff_t>(keep)}));
}

// Who has K_lease can seal a card, but not sign one, and can't move a genuine one by copying bytes.
TEST_F(KeyCardTest, ForgedAndMovedOnesAreRefused) {
  KeyCard forged = card_;
  forged.role = Role::kOwner;
  EXPECT_EQ(card_code(slot(&forged)), ErrorCode::kCorrupt);
  forged = card_;
  forged.label = "the boss";
  EXPECT_EQ(card_code(slot(&forged)), ErrorCode::kCorrupt);
  const Keyring other = make_keyring(random_id<RepositoryId>(), 1);
  const KeyCard foreign = make_card(other, card_.client, Role::kWriter, "web server", 7);
  EXPECT_EQ(card_code(slot(&foreign)), ErrorCode::kCorrupt);

  // Both slots have the same lengths, so the card of one fits behind the keys of the other.
  const Bytes mine = slot(&card_), theirs = KeySlot::encode(random_id<SlotId>(), keys_, "other", cheap_kdf(), &card_);
  const auto tail = static_cast<ptrdiff_t>(card_.encode().size() + kSharedNonceBytes + kTagBytes + kTrailerBytes);
  Bytes moved(mine.begin(), mine.end() - tail);
  moved.insert(moved.end(), theirs.end() - tail, theirs.end());
  EXPECT_EQ(card_code(with_trailer(moved)), ErrorCode::kCorrupt);
}

TEST_F(KeyCardTest, OnlyAnOwnerMakesOneAndLabelsAreShort) {
  for (Role role : {Role::kWriter, Role::kReader})
    EXPECT_EQ(code_of([&] { make_card(keys_.for_role(role, 1), card_.client, Role::kReader, "", 1); }), ErrorCode::kWrongKey);
  for (const std::string& bad : {std::string(201, 'x'), std::string("a\nb"), std::string("\x1b[31m")})
    EXPECT_EQ(code_of([&] { make_card(keys_, card_.client, Role::kReader, bad, 1); }), ErrorCode::kInvalidArgument);
}

TEST_F(KeyCardTest, AreListedByClientWhateverElseIsThere) {
  MemoryBackend memory;
  const AddedKey writer = add_key(memory, keys_, Role::kWriter, "w", "one", cheap_kdf());
  const AddedKey reader = add_key(memory, keys_, Role::kReader, "r", "two", cheap_kdf());
  add_slot(memory, keys_, "three", cheap_kdf());
  KeyCard forged = card_;
  forged.role = Role::kOwner;
  add_slot(memory, keys_, "four", cheap_kdf(), &forged);
  memory.replace(slot_name(random_id<SlotId>()), noise(300, 1));
  add_slot(memory, make_keyring(random_id<RepositoryId>(), 1), "five", cheap_kdf());
  const auto cards = key_cards(memory, keys_);
  ASSERT_EQ(cards.size(), 2U);
  EXPECT_EQ(cards.at(writer.card.client).label, "w");
  EXPECT_EQ(cards.at(reader.card.client).role, Role::kReader);
  std::vector<std::string> problems;
  EXPECT_EQ(list_slots(memory, keys_, &problems).size(), 4U);
  EXPECT_EQ(problems.size(), 2U);
}

}  // namespace
}  // namespace cairn
