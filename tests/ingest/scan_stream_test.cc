#include "ingest/redis/live/scan_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ingest/redis/live/key_set.h"
#include "ingest/redis/rdb/rdb_reader.h"
#include "tests/ingest/redis_live_fixture.h"

namespace cairn {
namespace {

class ScanStreamTest : public RedisLiveTest {};

INSTANTIATE_TEST_SUITE_P(Servers, ScanStreamTest, ::testing::Values(false, true),
                         [](const auto& one) { return one.param ? "Valkey" : "Redis"; });

TEST_P(ScanStreamTest, ScansWhereSyncIsForbidden) {
  RedisServer server(with_acl("user reader on >secret ~* +@all -sync -psync -replconf\n"));
  fill(server);
  const std::string rdb = save(server.url("reader:secret@"));
  std::string functions;
  EXPECT_EQ(digest_of(rdb, &functions), server.cli("DEBUG DIGEST"));
  EXPECT_EQ(functions, server.cli("FUNCTION LIST WITHCODE"));
  EXPECT_NE(notes_.warnings_.find("not of one instant"), std::string::npos) << notes_.warnings_;
  EXPECT_NE(rdb.find(GetParam() ? "valkey-ver" : "redis-ver"), rdb.npos);
  EXPECT_NE(rdb.find("ctime"), rdb.npos);
}

TEST_P(ScanStreamTest, ScansWithTheLeastRights) {
  RedisServer server(with_acl("user reader on >secret ~* -@all +scan +dump +pttl +time\n"));
  fill(server);
  server.cli("FLUSHDB");
  server.cli_script("SET a b\nSET leaving soon PX 500000000\n");
  const std::string rdb = save(server.url("reader:secret@"));
  for (const char* word : {"SELECT is not allowed", "INFO is not allowed", "no functions are saved"})
    EXPECT_NE(notes_.warnings_.find(word), std::string::npos) << word;
  // An expiry from what is left of it is right to the millisecond or a few.
  size_t at = 0;
  RdbReader reader([&](std::span<uint8_t> into) {
    const size_t size = std::min(into.size(), rdb.size() - at);
    std::copy_n(rdb.begin() + static_cast<ptrdiff_t>(at), size, into.begin());
    at += size;
    return size;
  });
  std::set<std::string> names;
  const int64_t expected = std::stoll(server.cli("PEXPIRETIME leaving"));
  for (auto item = reader.next(); item != RdbReader::Item::kEnd; item = reader.next()) {
    if (item != RdbReader::Item::kKey) continue;
    names.insert(std::string(reader.key().name));
    if (reader.key().name != "leaving") continue;
    ASSERT_TRUE(reader.key().expires_ms);
    EXPECT_NEAR(static_cast<double>(*reader.key().expires_ms), static_cast<double>(expected), 5000);
  }
  EXPECT_TRUE(reader.whole()) << reader.problem();
  EXPECT_EQ(names, (std::set<std::string>{"a", "leaving"}));
}

TEST_P(ScanStreamTest, ScansOneDatabase) {
  RedisServer server(options());
  fill(server);
  const std::string rdb = save(server.url("", "/3"));
  EXPECT_NE(notes_.warnings_.find("not of one instant"), std::string::npos);
  server.cli_script("SELECT 0\nFLUSHDB\nSELECT 9\nFLUSHDB\n");
  EXPECT_EQ(digest_of(rdb), server.cli("DEBUG DIGEST"));
  EXPECT_EQ(digest_of(save(server.url("", "/5"))), std::string(40, '0'));
  EXPECT_NE(refusal(server.url("", "/1000")).find("out of range"), std::string::npos);
}

TEST_P(ScanStreamTest, SaysWhatRightsAreMissing) {
  RedisServer server(with_acl("user nobody on >secret -@all +ping\nuser some on >secret ~visible* +@all -sync\n"));
  fill(server);
  const std::string why = refusal(server.url("nobody:secret@"));
  EXPECT_NE(why.find("it needs +scan +dump"), why.npos) << why;
  // A key that may not be read must not be missed silently.
  const std::string key = refusal(server.url("some:secret@"));
  EXPECT_NE(key.find("all keys (~*)"), key.npos) << key;
}

// What real servers can't be made to say.
class ScanStreamFakeTest : public ::testing::Test {
 protected:
  Notes notes_;
};

TEST_F(ScanStreamFakeTest, DropsWhatScanTellsTwice) {
  KeySet keys;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 100'000; ++i) ASSERT_EQ(keys.insert("key" + std::to_string(i)), round == 0);
  }
  keys.clear();
  EXPECT_TRUE(keys.insert("key1"));
  EXPECT_FALSE(keys.insert("key1"));
}

// A scan of an old server that names one key twice, and one that is gone before it is read.
TEST_F(ScanStreamFakeTest, ScansWithDuplicatesAndVanishedKeys) {
  const std::string payload("\x00\x03one\x0b\x00\0\0\0\0\0\0\0\0", 15);  // version 11, checksum switched off
  const std::string dump = "$" + std::to_string(payload.size()) + "\r\n" + payload + "\r\n",
                    time = "*2\r\n$10\r\n1700000000\r\n$6\r\n250000\r\n";
  FakeServer server(
      "$20\r\nredis_version:6.2.14\r\n-ERR unknown command 'REPLCONF'\r\n-ERR unknown command 'SYNC'\r\n"
      "-ERR unknown command 'PEXPIRETIME'\r\n$26\r\n# Keyspace\r\ndb0:keys=2,x=0\r\n-ERR unknown command 'FUNCTION'\r\n"
      "*2\r\n$1\r\n7\r\n*3\r\n$1\r\na\r\n$1\r\na\r\n$4\r\ngone\r\n" +
      dump + time + time + ":1000\r\n" + dump + ":-2\r\n$-1\r\n*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n" + time + ":-1\r\n" + dump);
  const auto source = open_redis(RedisUrl(server.url()), notes_);
  const std::string rdb = read_rest(*source);
  size_t at = 0;
  RdbReader reader([&](std::span<uint8_t> into) {
    const size_t size = std::min(into.size(), rdb.size() - at);
    std::copy_n(rdb.begin() + static_cast<ptrdiff_t>(at), size, into.begin());
    at += size;
    return size;
  });
  std::string seen;
  for (auto item = reader.next(); item != RdbReader::Item::kEnd; item = reader.next()) {
    if (item != RdbReader::Item::kKey) continue;
    seen += std::string(reader.key().name) + "=" + std::to_string(reader.key().expires_ms.value_or(-1)) + " " +
            std::string(text(reader.key().value)) + ";";
  }
  EXPECT_TRUE(reader.whole()) << reader.problem();
  EXPECT_EQ(reader.version(), 11);
  EXPECT_EQ(seen, "a=1700000001250 \x03one;b=-1 \x03one;");
}

TEST_F(ScanStreamFakeTest, NoticesAValueThatWasDamaged) {
  std::string payload("\x00\x03one\x0b\x00\1\1\1\1\1\1\1\1", 15);
  const std::string dump = "$" + std::to_string(payload.size()) + "\r\n" + payload + "\r\n",
                    time = "*2\r\n$10\r\n1700000000\r\n$6\r\n250000\r\n";
  FakeServer server("-NOPERM INFO\r\n:-2\r\n*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n" + dump + time + ":-1\r\n" + dump);
  const std::string why = failure_of([&] { read_rest(*open_redis(RedisUrl(server.url("", "/0")), notes_)); });
  EXPECT_NE(why.find("damaged on the way"), why.npos) << why;
}

// Sums of what a server says must not overflow.
TEST_F(ScanStreamFakeTest, TimesBeyondAllReasonAreNoHarm) {
  const std::string payload("\x00\x03one\x0b\x00\0\0\0\0\0\0\0\0", 15);
  const std::string dump = "$" + std::to_string(payload.size()) + "\r\n" + payload + "\r\n", most = "9223372036854775807",
                    time = "*2\r\n$19\r\n" + most + "\r\n$19\r\n" + most + "\r\n";
  FakeServer server("-NOPERM INFO\r\n-ERR unknown command 'PEXPIRETIME'\r\n*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n" + dump + time +
                    time + ":" + most + "\r\n" + dump);
  const std::string rdb = read_rest(*open_redis(RedisUrl(server.url("", "/0")), notes_));
  EXPECT_NE(rdb.find("\xfc\xff\xff\xff\xff\xff\xff\xff\x7f"), std::string::npos);   // an expiry at the end of time
}

}  // namespace
}  // namespace cairn
