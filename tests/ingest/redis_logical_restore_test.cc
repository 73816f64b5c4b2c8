#include "ingest/redis/server/server_target.h"
#include "tests/ingest/redis_restore_fixture.h"

namespace cairn {

namespace {

class RedisLogicalRestore : public RedisRestoreTest {
 protected:
  void SetUp() override {
    RedisRestoreTest::SetUp();
    options_.logical = true;
  }
};

}  // namespace

TEST_F(RedisLogicalRestore, EveryTypeByItsCommands) {
  fill_source();
  const RedisRestoreResult result = restore_all(take_source());
  EXPECT_EQ(result.keys, 21U) << notes_.all();
  EXPECT_EQ(result.failed, 0U);
  EXPECT_EQ(facts_of_keys(target(), true), facts_of_keys(source(), true));
  EXPECT_EQ(functions_of(target()), functions_of(source()));
}

TEST_F(RedisLogicalRestore, LeavesOrReplaces) {
  source().cli_script("RPUSH list a b c\nSET s 1\nSADD set x\n");
  const Manifest snapshot = take_source();
  target().cli_script("RPUSH list z\nSADD s other\n");
  const RedisRestoreResult left = restore_all(snapshot);
  EXPECT_EQ(left.keys, 1U);
  EXPECT_EQ(left.left, 2U);
  EXPECT_EQ(target().cli("LRANGE list 0 -1"), "z");
  options_.replace = true;
  EXPECT_EQ(restore_all(snapshot).keys, 3U) << notes_.all();
  EXPECT_EQ(facts_of_keys(target(), true), facts_of_keys(source(), true));
}

// Two lists of one name must not become one.
TEST_F(RedisLogicalRestore, SeveralDatabasesIntoOne) {
  source().cli_script("RPUSH list a\nSELECT 1\nRPUSH list b\n");
  const RedisRestoreResult result = restore_into(target().url("", "/2"), take_source());
  EXPECT_EQ(result.keys, 1U);
  EXPECT_EQ(result.left, 1U);
  EXPECT_EQ(target().cli_script("SELECT 2\nLRANGE list 0 -1\n"), "OK\na");
}

TEST_F(RedisLogicalRestore, LongValues) {
  source().cli_script("CONFIG SET rdbcompression no\nSETRANGE long 3000000 x\nEVAL \"for i=1,60000 do redis.call('RPUSH','list',string.rep('x',40)..i) end\" 0\n");
  const Manifest snapshot = take_source();
  source().cli("CONFIG SET rdbcompression yes");
  EXPECT_EQ(restore_all(snapshot).keys, 2U) << notes_.all();
  EXPECT_EQ(restore_all(snapshot).left, 2U);
  EXPECT_EQ(facts_of_keys(target(), true), facts_of_keys(source(), true));
}

// Nothing of a key remains that could not be made to its end.
TEST_F(RedisLogicalRestore, RemovesHalves) {
  source().cli_script("SET a 1\nXADD stream 1-1 f v\nXGROUP CREATE stream g 0\nSELECT 1\nXADD other 1-1 f v\nXGROUP CREATE other g 0\nSET b 1\n");
  const Manifest snapshot = take_source();
  target().cli("ACL SETUSER restorer on >secret ~* +@all -xgroup");
  const RedisRestoreResult result = restore_into(target().url("restorer:secret@"), snapshot);
  target().cli("ACL DELUSER restorer");
  EXPECT_EQ(result.keys, 2U);
  EXPECT_EQ(result.failed, 2U);
  EXPECT_EQ(notes_.errors_.size(), 2U) << notes_.all();
  EXPECT_EQ(facts_of_keys(target()).size(), 2U);
}

}  // namespace cairn
