#include "ingest/redis/server/redis_restore.h"

#include <random>

#include "tests/ingest/redis_restore_fixture.h"

namespace cairn {

namespace {

class RedisRestore : public RedisRestoreTest {};

std::vector<std::string> sorted(std::vector<std::string> lines) {
  std::ranges::sort(lines);
  return lines;
}

}  // namespace

TEST_F(RedisRestore, EveryTypeWithItsExpiryAndFunctions) {
  fill_source();
  const auto expected = facts_of_keys(source());
  ASSERT_EQ(expected.size(), 21U);
  const RedisRestoreResult result = restore_all(take_source());
  EXPECT_EQ(result.keys, expected.size()) << notes_.all();
  EXPECT_EQ(result.functions, 2U);
  EXPECT_EQ(result.failed + result.left + result.expired, 0U) << notes_.all();
  EXPECT_EQ(facts_of_keys(target()), expected);
  EXPECT_EQ(facts_of_keys(target(), true), facts_of_keys(source(), true));
  EXPECT_NE(functions_of(source()).find("register_function"), std::string::npos);
  EXPECT_EQ(functions_of(target()), functions_of(source()));
  EXPECT_EQ(notes_.all(), "");
}

TEST_F(RedisRestore, NamesOfEveryByte) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  BackupNotes notes;
  RedisConnection connection(RedisUrl(source().url()), notes);
  for (const std::string& key : {std::string(), all, std::string("."), std::string("%"), std::string("a/b"), std::string("%2F"), std::string(5000, '/'),
                                 std::string(300, 'x'), std::string(300, 'x') + "y", std::string("functions/one.lua")})
    connection.must({"SET", key, "of " + key});
  const Manifest snapshot = take_source();
  const RedisRestoreResult result = restore_all(snapshot);
  EXPECT_EQ(result.keys, 10U) << notes_.all();
  EXPECT_EQ(facts_of_keys(target()), facts_of_keys(source()));

  // One at a time: as it is listed, as it is called.
  for (const std::string path : {"cache/0/%", "cache/0/a%2Fb", "cache/0/a/b", "cache/0/%2E", "cache/0/%252F"}) {
    target().cli("FLUSHALL");
    EXPECT_EQ(restore_into(target().url(), snapshot, path).keys, 1U) << path;
    EXPECT_EQ(facts_of_keys(target()).size(), 1U) << path;
  }
  target().cli("FLUSHALL");
  EXPECT_EQ(restore_into(target().url(), snapshot, "cache/0/" + std::string(300, 'x')).keys, 1U);
  EXPECT_TRUE(facts_of_keys(target()).contains("0/" + std::string(300, 'x')));
}

TEST_F(RedisRestore, SelectsByPathDatabasePatternAndType) {
  source().cli_script("MSET session:1 a session:2 b sess c user:1 d a%b e\nSADD session:set x\nSELECT 1\nMSET session:1 f other g\nSELECT 10\nSET session:1 h\n");
  const Manifest snapshot = take_source();
  auto restored = [&](const std::string& path, std::vector<std::string> patterns, std::optional<uint32_t> db = {}, const std::string& type = "") {
    target().cli("FLUSHALL");
    options_.selection = {std::move(patterns), db, type};
    restore_into(target().url(), snapshot, path);
    std::string names;
    for (const auto& [name, facts] : facts_of_keys(target())) names += name + " ";
    return names;
  };
  EXPECT_EQ(restored("cache", {"session:*"}), "0/session:1 0/session:2 0/session:set 1/session:1 10/session:1 ");
  EXPECT_EQ(restored("cache", {"session:1", "u*"}), "0/session:1 0/user:1 1/session:1 10/session:1 ");
  EXPECT_EQ(restored("cache", {"sess*", "session:1"}, 0), "0/sess 0/session:1 0/session:2 0/session:set ");
  EXPECT_EQ(restored("cache", {"*1"}, 1), "1/session:1 ");
  EXPECT_EQ(restored("cache", {}, 10), "10/session:1 ");
  EXPECT_EQ(restored("cache", {}, {}, "set"), "0/session:set ");
  EXPECT_EQ(restored("cache", {"a%*"}), "0/a%b ");
  EXPECT_EQ(restored("cache", {"\\o*"}), "1/other ");
  EXPECT_EQ(restored("cache/1", {}), "1/other 1/session:1 ");
  EXPECT_EQ(restored("/cache//1/", {"o*"}), "1/other ");
  EXPECT_EQ(restored("cache/0/sess", {}), "0/sess ");
  EXPECT_EQ(restored("cache/dump.rdb", {}, 10), "10/session:1 ");
}

TEST_F(RedisRestore, SaysWhatIsNotThere) {
  fill_source();
  const Manifest snapshot = take_source();
  for (const std::string path : {"cache/4", "cache/0/none", "cache/x", "cache/00", "cache/functions/three.lua", "none"}) {
    EXPECT_EQ(failure(snapshot, path), ErrorCode::kNotFound) << path;
    EXPECT_NE(message_.find(path.substr(path.find('/') + 1)), std::string::npos) << message_;
  }
  options_.selection.patterns = {"none*"};
  EXPECT_EQ(failure(snapshot), ErrorCode::kNotFound);
  EXPECT_NE(message_.find("no key that is selected"), std::string::npos) << message_;
  options_.selection = {{}, 3, ""};
  EXPECT_EQ(failure(snapshot, "cache/0"), ErrorCode::kNotFound);
  options_.selection = {{}, {}, "strin"};
  EXPECT_EQ(failure(snapshot), ErrorCode::kInvalidArgument);
  EXPECT_NE(message_.find("zset"), std::string::npos) << message_;
  EXPECT_TRUE(facts_of_keys(target()).empty());
}

TEST_F(RedisRestore, FunctionsAlone) {
  fill_source();
  const Manifest snapshot = take_source();
  EXPECT_EQ(restore_into(target().url(), snapshot, "cache/functions/two.lua").functions, 1U);
  EXPECT_EQ(functions_of(target()).find("name=one"), std::string::npos);
  const RedisRestoreResult again = restore_into(target().url(), snapshot, "cache/functions");
  EXPECT_EQ(again.functions, 1U);
  EXPECT_EQ(again.left, 1U);
  EXPECT_EQ(again.keys, 0U);
  options_.replace = true;
  EXPECT_EQ(restore_into(target().url(), snapshot, "cache/functions").functions, 2U);
  EXPECT_EQ(functions_of(target()), functions_of(source()));
  EXPECT_TRUE(facts_of_keys(target()).empty());
  options_.selection.patterns = {"s"};   // some keys: no functions
  target().cli("FUNCTION FLUSH");
  EXPECT_EQ(restore_all(snapshot).functions, 0U);
}

TEST_F(RedisRestore, LeavesOrReplacesWhatIsThere) {
  source().cli_script("MSET a 1 b 2 c 3 d 4 e 5\n");
  const Manifest snapshot = take_source();
  target().cli("MSET a x b y c z d w");
  const RedisRestoreResult left = restore_all(snapshot);
  EXPECT_EQ(left.keys, 1U);
  EXPECT_EQ(left.left, 4U);
  EXPECT_EQ(left.failed, 0U);
  ASSERT_EQ(notes_.warnings_.size(), 1U);
  EXPECT_EQ(notes_.warnings_[0], "4 keys were there already and are left as found: 0/a, 0/b, 0/c …: --replace restores them");
  EXPECT_EQ(target().cli("MGET a b c d e"), "x\ny\nz\nw\n5");
  options_.replace = true;
  const RedisRestoreResult replaced = restore_all(snapshot);
  EXPECT_EQ(replaced.keys, 5U);
  EXPECT_EQ(replaced.left, 0U);
  EXPECT_EQ(target().cli("MGET a b c d e"), "1\n2\n3\n4\n5");
}

TEST_F(RedisRestore, ExpiryIsAbsoluteAndTheExpiredStayAway) {
  source().cli_script("SET short v PX 40\nSET long v PX 90000000\nSET never v\nDEBUG SET-ACTIVE-EXPIRE 0\n");
  const Manifest snapshot = take_source();
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  source().cli("DEBUG SET-ACTIVE-EXPIRE 1");
  options_.dry_run = true;
  EXPECT_EQ(restore_all(snapshot).expired, 1U);
  options_.dry_run = false;
  const RedisRestoreResult result = restore_all(snapshot);
  EXPECT_EQ(result.expired, 1U);
  EXPECT_EQ(result.keys, 2U);
  EXPECT_EQ(target().cli("PEXPIRETIME long"), source().cli("PEXPIRETIME long"));
  EXPECT_EQ(target().cli("PEXPIRETIME never"), "-1");
}

TEST_F(RedisRestore, IntoTheDatabaseOfTheUrl) {
  source().cli_script("SET a 1\nSELECT 3\nSET b 2\nSET a 3\n");
  const Manifest snapshot = take_source();
  const RedisRestoreResult result = restore_into(target().url("", "/5"), snapshot);
  EXPECT_EQ(result.keys, 2U);
  EXPECT_EQ(result.left, 1U);   // of two keys of one name the first
  EXPECT_EQ(target().cli_script("SELECT 5\nMGET a b\n"), "OK\n1\n2");
  EXPECT_EQ(facts_of_keys(target()).size(), 2U);
  EXPECT_EQ(failure(snapshot, "cache", target().url("", "/99")), ErrorCode::kInvalidArgument);
  EXPECT_NE(message_.find("database 99"), std::string::npos) << message_;
}

TEST_F(RedisRestore, ThroughASocket) {
  source().cli("SET a 1");
  EXPECT_EQ(restore_into(target().socket_url(), take_source()).keys, 1U);
  EXPECT_EQ(target().cli("GET a"), "1");
}

TEST_F(RedisRestore, DryRunTellsAndWritesNothing) {
  fill_source();
  options_.dry_run = true;
  options_.selection.db = 3;
  const RedisRestoreResult result = restore_all(take_source());
  EXPECT_EQ(result.keys, 2U);
  EXPECT_EQ(sorted(notes_.items_), (std::vector<std::string>{"would restore cache/3/s", "would restore cache/3/ttl3"}));
  EXPECT_TRUE(facts_of_keys(target()).empty());
}

TEST_F(RedisRestore, ManyKeysOfAllLengths) {
  BackupNotes notes;
  RedisConnection connection(RedisUrl(source().url()), notes);
  std::mt19937 random(7);
  for (int i = 0; i < 30'000; ++i) {
    const std::string key = "key:" + std::to_string(i);
    connection.send(std::vector<std::string_view>{"SET", key, std::string(random() % (i % 1000 == 0 ? 2'000'000 : 300), 'a' + static_cast<char>(i % 26))});
    if (i % 1000 == 999)
      for (int n = 0; n < 1000; ++n) connection.receive();
  }
  source().cli("CONFIG SET rdbcompression no");
  const Manifest snapshot = take_source();
  source().cli("CONFIG SET rdbcompression yes");
  EXPECT_EQ(restore_all(snapshot).keys, 30'000U) << notes_.all();
  EXPECT_EQ(target().cli("DEBUG DIGEST"), source().cli("DEBUG DIGEST"));
  options_.selection.patterns = {"key:?7*"};   // with gaps between them
  options_.replace = true;
  EXPECT_EQ(restore_all(snapshot).keys, 9U + 90 + 900 + 2000) << notes_.all();
}

}  // namespace cairn
