// Servers that don't take what they are given, and snapshots that can't be read.
#include "ingest/redis/server/redis_restore.h"

#include <random>

#include "tests/ingest/rdb_synthetic.h"
#include "tests/ingest/redis_restore_fixture.h"

namespace cairn {

namespace {

class RedisRefusal : public RedisRestoreTest {
 protected:
  static std::string newer(const std::string& odd_name = "odd") {
    RdbForge forge("", RdbFlavor::kRedis, 11);
    forge.database(0);
    forge.key("plain", 0, rdb_raw("value"));
    forge.key(odd_name, 20, rdb_raw(listpack({"a", "b"})));
    forge.key("zset", 17, rdb_raw(listpack({"m", "1"})));
    return forge.finish().bytes;
  }
};

}  // namespace

// Redis 7.0 takes payloads of version 10: others' types get a footer of that version.
TEST_F(RedisRefusal, NewerValuesOfTypesThatTheServerKnows) {
  const Manifest snapshot = take(newer());
  options_.selection.patterns = {"plain", "zset"};
  EXPECT_EQ(restore_all(snapshot).keys, 2U) << notes_.all();
  EXPECT_EQ(target().cli("GET plain"), "value");
  EXPECT_EQ(target().cli("ZSCORE zset m"), "1");
}

TEST_F(RedisRefusal, NewerTypesBeforeAnythingIsWritten) {
  const Manifest snapshot = take(newer());
  EXPECT_EQ(failure(snapshot), ErrorCode::kUnsupported);
  for (const std::string part : {"cache/0/odd", "set", "RDB version 11", "Redis 7.0", "up to 10", "--logical"})
    EXPECT_NE(message_.find(part), std::string::npos) << message_;
  EXPECT_TRUE(facts_of_keys(target()).empty());
  options_.dry_run = true;
  EXPECT_EQ(failure(snapshot), ErrorCode::kUnsupported);
  options_.dry_run = false;
  options_.logical = true;
  EXPECT_EQ(restore_all(snapshot).keys, 3U) << notes_.all();
  EXPECT_EQ(target().cli("SCARD odd"), "2");
}

// Whoever restores everything must not take a part of it for that.
TEST_F(RedisRefusal, WhatIsNotListedIsTold) {
  RdbForge forge("", RdbFlavor::kRedis, 10);
  forge.raw("\xf5" + rdb_raw("#!lua name=long\n" + std::string(2 << 20, ' ')));
  forge.raw("\xf5" + rdb_raw("#!lua name=short\nredis.register_function('short', function() return 1 end)"));
  forge.database(0);
  forge.key("plain", 0, rdb_raw("value"));
  forge.raw("\x1e" + rdb_raw("odd") + rdb_raw("value"));
  forge.key("behind", 0, rdb_raw("value"));
  Manifest snapshot = take(forge.finish().bytes);
  RedisRestoreResult result = restore_all(snapshot);
  EXPECT_EQ(result.keys, 1U);
  EXPECT_EQ(result.functions, 1U);
  EXPECT_EQ(result.failed, 2U) << notes_.all();
  EXPECT_NE(notes_.all().find("isn't listed"), std::string::npos) << notes_.all();
  EXPECT_NE(notes_.all().find("1 of 3 keys and libraries"), std::string::npos) << notes_.all();
  options_.replace = true;
  EXPECT_EQ(restore_into_rdb(repository(), snapshot, "cache", dir_ / "all.rdb", options_, notes_).failed, 2U);
  EXPECT_EQ(restore_into(target().url(), snapshot, "cache/0").failed, 1U) << notes_.all();
  EXPECT_EQ(restore_into(target().url(), snapshot, "cache/0/plain").failed, 0U) << notes_.all();
  snapshot.components[0].properties.erase("unlisted.from");
  snapshot.components[0].completeness = Completeness::kIncomplete;
  EXPECT_EQ(restore_into(target().url(), snapshot, "cache/0").failed, 0U) << notes_.all();
  EXPECT_NE(notes_.all().find("was damaged when it was saved"), std::string::npos) << notes_.all();
}

TEST_F(RedisRefusal, NothingIsAllThereIsOfAnEmptyServer) {
  Manifest snapshot = take(RdbForge("", RdbFlavor::kRedis, 10).finish().bytes);
  EXPECT_EQ(restore_all(snapshot).keys, 0U);
  EXPECT_EQ(notes_.all(), "");
}

TEST_F(RedisRefusal, ValkeysOwnTypesIntoRedis) {
  RdbForge forge("", RdbFlavor::kValkey, 80);
  forge.database(0);
  forge.key("plain", 0, rdb_raw("value"));
  forge.key("hash", 22, rdb_length(1) + rdb_raw("f") + rdb_raw("v") + little_endian(UINT64_MAX, 8));
  const Manifest snapshot = take(forge.finish().bytes);
  EXPECT_EQ(failure(snapshot), ErrorCode::kUnsupported);
  EXPECT_NE(message_.find("of Valkey"), std::string::npos) << message_;
  options_.selection.type = "string";
  EXPECT_EQ(restore_all(snapshot).keys, 1U);
  options_.selection.type = "";
  options_.logical = true;
  options_.replace = true;
  EXPECT_EQ(restore_all(snapshot).keys, 2U) << notes_.all();
  EXPECT_EQ(target().cli("HGET hash f"), "v");
}

TEST_F(RedisRefusal, AValueThatIsNone) {
  RdbForge forge("", RdbFlavor::kRedis, 10);
  forge.database(0);
  forge.key("good", 0, rdb_raw("value"));
  for (int i = 0; i < 30; ++i) forge.key("bad" + std::to_string(i), 17, rdb_raw("no listpack"));
  const RedisRestoreResult result = restore_all(take(forge.finish().bytes));
  EXPECT_EQ(result.keys, 1U);
  EXPECT_EQ(result.failed, 30U);
  ASSERT_EQ(notes_.errors_.size(), 21U);   // twenty by name, and how many more
  EXPECT_NE(notes_.errors_[0].find("cache/0/bad0: the server can't make sense of the value"), std::string::npos) << notes_.errors_[0];
  EXPECT_EQ(notes_.errors_[20], "cache: 10 keys more could not be restored");
}

TEST_F(RedisRefusal, OneDamagedFrame) {
  source().cli("CONFIG SET rdbcompression no");
  BackupNotes notes;
  RedisConnection connection(RedisUrl(source().url()), notes);
  std::mt19937 random(3);
  for (int i = 0; i < 40; ++i) {
    std::string value(30'000 + (i == 7 ? 3'000'000 : 0), ' ');
    for (char& c : value) c = static_cast<char>(random());
    connection.must({"SET", "key" + std::to_string(i), value});
  }
  const Manifest snapshot = take_source();
  source().cli("CONFIG SET rdbcompression yes");
  const auto expected = facts_of_keys(source());
  uint64_t failed = 0;
  for (const std::string& file : data_packs()) {
    const Bytes whole = memory_.snapshot().at(file);
    for (const size_t at : {whole.size() / 10, whole.size() / 2}) {   // among short values, and in a long one
      Bytes bytes = whole;
      bytes[at] ^= 1;
      memory_.replace(file, bytes);
      reopen();
      target().cli("FLUSHALL");
      notes_.errors_.clear();
      const RedisRestoreResult result = restore_all(snapshot);
      EXPECT_GT(result.failed, 0U);
      EXPECT_EQ(result.keys + result.failed, 40U);
      EXPECT_EQ(target().cli("DBSIZE"), std::to_string(result.keys));
      for (const auto& [key, facts] : facts_of_keys(target())) EXPECT_TRUE(facts == expected.at(key)) << key;
      EXPECT_TRUE(BackupNotes::any_has(notes_.errors_, "cache/0/key")) << notes_.all();
      failed += result.failed;
      const std::string rdb = dir_ / "part.rdb";
      EXPECT_EQ(code_thrown_by([&] { restore_into_rdb(repository(), snapshot, "cache", rdb, options_, notes_); }, &message_), ErrorCode::kCorrupt);
      EXPECT_NE(message_.find("cache/0/key"), std::string::npos) << message_;
      EXPECT_FALSE(fs::exists(rdb));
    }
    memory_.replace(file, whole);
  }
  EXPECT_GT(failed, 2U);
}

TEST_F(RedisRefusal, AServerWithoutMemory) {
  source().cli_script("EVAL \"for i=1,3000 do redis.call('SET','key'..i,string.rep('x',i%500)..i) end\" 0\n");
  const Manifest snapshot = take_source();
  target().cli("CONFIG SET maxmemory 1");
  EXPECT_EQ(failure(snapshot), ErrorCode::kNoSpace);
  EXPECT_NE(message_.find("maxmemory"), std::string::npos) << message_;
  options_.logical = true;
  EXPECT_EQ(failure(snapshot), ErrorCode::kNoSpace);
  target().cli("CONFIG SET maxmemory 0");
  EXPECT_TRUE(facts_of_keys(target()).empty());
  EXPECT_TRUE(notes_.errors_.empty()) << notes_.all();
}

TEST_F(RedisRefusal, AReplica) {
  source().cli("SET a 1");
  const Manifest snapshot = take_source();
  RedisServer::Options options;
  options.config = "replicaof 127.0.0.1 " + std::to_string(source().port());
  RedisServer replica(options);
  failure(snapshot, "cache", replica.url());
  EXPECT_NE(message_.find("primary"), std::string::npos) << message_;
}

TEST_F(RedisRefusal, LeastRightsSuffice) {
  fill_source();
  const Manifest snapshot = take_source();
  target().cli("ACL SETUSER restorer on >secret ~* -@all +restore +select");
  options_.selection.db = 3;
  EXPECT_EQ(restore_into(target().url("restorer:secret@"), snapshot).keys, 2U) << notes_.all();
  target().cli("ACL SETUSER restorer resetkeys ~s");
  options_.selection.db = 0;
  options_.selection.patterns = {"s", "set"};
  target().cli("FLUSHALL");
  const RedisRestoreResult result = restore_into(target().url("restorer:secret@"), snapshot);
  EXPECT_EQ(result.keys, 1U);
  EXPECT_EQ(result.failed, 1U);   // another may do
  EXPECT_TRUE(BackupNotes::any_has(notes_.errors_, "cache/0/set: the user isn't allowed")) << notes_.all();
  target().cli("ACL SETUSER restorer -restore");
  notes_.errors_.clear();
  failure(snapshot, "cache", target().url("restorer:secret@"));
  EXPECT_NE(message_.find("isn't allowed"), std::string::npos) << message_;
  EXPECT_TRUE(notes_.errors_.empty());
  target().cli("ACL DELUSER restorer");
}

TEST_F(RedisRefusal, ANodeOfACluster) {
  source().cli_script("SET a 1\nSELECT 1\nSET b 1\n");
  const Manifest snapshot = take_source();
  RedisServer::Options options;
  options.config = "cluster-enabled yes";
  RedisServer node(options);
  node.cli("CLUSTER ADDSLOTSRANGE 0 8191");   // a: 15495, b: 3300
  node.cli("CONFIG SET cluster-require-full-coverage no");
  for (int tries = 0; tries < 500 && node.cli("CLUSTER INFO").find("cluster_state:ok") == std::string::npos; ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  options_.selection.db = 1;
  EXPECT_EQ(failure(snapshot, "cache", node.url()), ErrorCode::kInvalidArgument);
  EXPECT_NE(message_.find("/0"), std::string::npos) << message_;
  options_.selection = {};
  try {
    restore_into(node.url("", "/0"), snapshot);
  } catch (const Error& e) {
    message_ = e.what();
  }
  EXPECT_TRUE(BackupNotes::any_has(notes_.errors_, "cluster") || message_.find("cluster") != std::string::npos) << notes_.all() << message_;
}

TEST_F(RedisRefusal, AServerThatDies) {
  source().cli_script("EVAL \"for i=1,50000 do redis.call('SET','key'..i,string.rep('x',300)) end\" 0\n");
  const Manifest snapshot = take_source();
  RedisServer doomed;
  notes_.on_check_ = [&](uint64_t number) {
    if (number == 6) doomed.signal(SIGKILL);
  };
  EXPECT_EQ(failure(snapshot, "cache", doomed.url()), ErrorCode::kIo);
  EXPECT_NE(message_.find("127.0.0.1"), std::string::npos) << message_;
}

TEST_F(RedisRefusal, StopsWhenAsked) {
  source().cli_script("EVAL \"for i=1,50000 do redis.call('SET','key'..i,string.rep('x',300)) end\" 0\n");
  const Manifest snapshot = take_source();
  notes_.on_check_ = [&](uint64_t number) {
    if (number == 6) throw Error(ErrorCode::kInterrupted, "stop");
  };
  EXPECT_EQ(failure(snapshot), ErrorCode::kInterrupted);
}

}  // namespace cairn
