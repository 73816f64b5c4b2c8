#include "store/cache/sealed_memory.h"

#include <utility>

#include "store/seen/local_memory.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class SealedMemoryTest : public StoreTest {
 protected:
  Keyring keys = make_keyring(random_id<RepositoryId>(), 1);
  std::string path = cache / "memory";
  Bytes content = noise(1000, 1);

  std::optional<Bytes> again(size_t most_bytes = 1 << 20) const { return read_sealed_memory(path, keys, "a kind", most_bytes); }
  void write() const {
    Bytes with_room(kSharedNonceBytes);
    with_room.insert(with_room.end(), content.begin(), content.end());
    write_sealed_memory(path, keys, "a kind", std::move(with_room));
  }
};

TEST_F(SealedMemoryTest, GivesBackWhatWasWritten) {
  EXPECT_FALSE(again());
  write();
  EXPECT_EQ(again(), content);
  EXPECT_FALSE(again(900));
}

TEST_F(SealedMemoryTest, AnotherKindRepositoryOrKeyAndDamageAreAsGoodAsNone) {
  write();
  EXPECT_FALSE(read_sealed_memory(path, keys, "b kind", 1 << 20));
  EXPECT_FALSE(read_sealed_memory(path, make_keyring(keys.repository, 2), "a kind", 1 << 20));
  const RepositoryId own = std::exchange(keys.repository, random_id<RepositoryId>());   // the same secrets
  EXPECT_FALSE(again());
  keys.repository = own;
  const Bytes whole = read_memory(path, 1 << 20).value();
  for (size_t place = 0; place < whole.size(); place += 97) {
    Bytes broken = whole;
    broken[place] ^= 1;
    write_memory(path, broken);
    EXPECT_FALSE(again()) << place;
  }
}

}  // namespace
}  // namespace cairn
