#include "store/keys/config.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    config_.repository = keys_.repository;
    config_.box_public = keys_.box_public;
    config_.maintenance_public = keys_.maintenance_public;
    config_.created_ns = 77;
    config_.suite = Suite::kXChaCha20Poly1305;
    file_ = config_.encode(*keys_.maintenance_seed);
  }
  static Bytes with_trailer(Bytes file) {
    file.resize(file.size() - kTrailerBytes);
    append_trailer(file);
    return file;
  }
  Keyring keys_ = make_keyring(random_id<RepositoryId>(), 1);
  Config config_;
  Bytes file_;
};

TEST_F(ConfigTest, ComesBack) {
  Config again = Config::decode(file_);
  EXPECT_EQ(again.repository, config_.repository);
  EXPECT_EQ(again.box_public, config_.box_public);
  EXPECT_EQ(again.maintenance_public, config_.maintenance_public);
  EXPECT_EQ(again.sizes, config_.sizes);
  EXPECT_EQ(again.created_ns, 77);
  EXPECT_EQ(again.suite, Suite::kXChaCha20Poly1305);
}

TEST_F(ConfigTest, EveryFlippedByteIsRefused) {
  for (size_t at = 0; at < file_.size(); ++at) {
    Bytes bad = file_;
    bad[at] ^= 0x10;
    EXPECT_TRUE(code_of([&] { Config::decode(bad); })) << at;
    if (at >= file_.size() - kTrailerBytes) continue;
    EXPECT_TRUE(code_of([&] { Config::decode(with_trailer(bad)); })) << at;
  }
  for (size_t size = 0; size < file_.size(); ++size) EXPECT_TRUE(code_of([&] { Config::decode(ByteView(file_).first(size)); })) << size;
}

TEST_F(ConfigTest, ANewerFormatIsSaidToBeOne) {
  Bytes newer = file_;
  ++newer[8];
  EXPECT_EQ(code_of([&] { Config::decode(with_trailer(newer)); }), ErrorCode::kUnsupported);
}

TEST_F(ConfigTest, NoConfigIsNoRepository) {
  MemoryBackend empty;
  EXPECT_EQ(code_of([&] { read_config(empty); }), ErrorCode::kNoRepository);
  empty.replace("config", noise(2 << 20, 1));
  EXPECT_EQ(code_of([&] { read_config(empty); }), ErrorCode::kCorrupt);
}

// A whole config of somebody else's making, signed by himself: the slot knows the right keys.
TEST_F(ConfigTest, AnExchangedConfigIsNoticedByTheSlot) {
  MemoryBackend memory;
  TempDir cache;
  Repository::init(memory, kTestPassword, cheap_options());
  Config config = read_config(memory);
  Keyring stranger = make_keyring(config.repository, 1);
  config.box_public = stranger.box_public;
  config.maintenance_public = stranger.maintenance_public;
  memory.replace("config", config.encode(*stranger.maintenance_seed));
  EXPECT_EQ(code_of([&] { Repository(memory, kTestPassword, cache / "x"); }), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace cairn
