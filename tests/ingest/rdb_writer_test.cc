#include "ingest/redis/rdb/rdb_writer.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "ingest/redis/rdb/crc64.h"
#include "store/error.h"
#include "store/fd.h"
#include "tests/ingest/rdb_fixture.h"
#include "tests/ingest/rdb_synthetic.h"

namespace cairn {
namespace {

using Item = RdbReader::Item;

struct Written {
  std::string bytes;
  RdbWriter writer;
  Written(RdbFlavor flavor, int version) : writer(flavor, version, [this](ByteView piece) { bytes += text(piece); }) {}
};

// All keys of a file, written anew, without what only its server knew.
std::string rewritten(const RdbContent& content) {
  Written out(content.flavor, content.version);
  out.writer.aux("redis-ver", "7.0.15");
  for (const RdbRecord& record : content.records) {
    if (record.item == Item::kFunction) out.writer.function(record.decoded);
    if (record.item != Item::kKey) continue;
    out.writer.key(record.db, record.name, record.type, record.expires_ms);
    const ByteView value = view(record.value);
    out.writer.value(value.first(value.size() / 2));
    out.writer.value(value.subspan(value.size() / 2));
  }
  out.writer.finish();
  return out.bytes;
}

void expect_same_keys(const RdbContent& got, const RdbContent& want) {
  EXPECT_TRUE(got.whole) << got.problem;
  EXPECT_EQ(got.problem, "");
  EXPECT_EQ(got.version, want.version);
  EXPECT_EQ(got.flavor, want.flavor);
  const auto keys = got.keys(), wanted = want.keys();
  ASSERT_EQ(keys.size(), wanted.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(keys[i].db, wanted[i].db);
    EXPECT_EQ(keys[i].name, wanted[i].name);
    EXPECT_EQ(keys[i].type, wanted[i].type);
    EXPECT_EQ(keys[i].expires_ms, wanted[i].expires_ms);
    EXPECT_EQ(keys[i].value, wanted[i].value);
  }
}

TEST(RdbWriter, AnEmptyFileIsAHeaderAndAnEnd) {
  Written redis(RdbFlavor::kRedis, 10), valkey(RdbFlavor::kValkey, 80), old(RdbFlavor::kRedis, 4);
  EXPECT_EQ(redis.bytes, "REDIS0010");
  EXPECT_EQ(valkey.bytes, "VALKEY080");
  for (Written* written : {&redis, &valkey, &old}) written->writer.finish();
  EXPECT_EQ(old.bytes, "REDIS0004\xff");
  EXPECT_EQ(redis.bytes, "REDIS0010\xff" + little_endian(crc64(0, view("REDIS0010\xff")), 8));
  EXPECT_TRUE(read_rdb(redis.bytes).whole);
  EXPECT_TRUE(read_rdb(valkey.bytes).whole);
  EXPECT_TRUE(read_rdb(old.bytes).whole);
}

TEST(RdbWriter, EveryFileCanBeWrittenAnewFromItsKeys) {
  std::vector<std::string> files = {golden_rdb()};
  for (const SyntheticRdb& rdb : synthetic_rdbs()) {
    if (!rdb.unknown) files.push_back(rdb.bytes);
  }
  for (const std::string& file : files) {
    const RdbContent content = read_rdb(file);
    const RdbContent again = read_rdb(rewritten(content));
    expect_same_keys(again, content);
    ASSERT_EQ(again.of(Item::kFunction).size(), content.of(Item::kFunction).size());
  }
}

TEST(RdbWriter, NamesOfEveryLengthAreWrittenInTheShortestForm) {
  Written out(RdbFlavor::kRedis, 10);
  const std::vector<size_t> sizes = {0, 1, 63, 64, 16'383, 16'384, 70'000};
  for (size_t size : sizes) {
    out.writer.key(0, std::string(size, 'n'), 0, -1);
    out.writer.value(view(rdb_raw("v")));
  }
  out.writer.finish();
  const RdbContent content = read_rdb(out.bytes);
  ASSERT_EQ(content.keys().size(), sizes.size());
  for (size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_EQ(content.keys()[i].type_and_name, std::string(1, '\0') + rdb_raw(std::string(sizes[i], 'n')));
    EXPECT_EQ(content.keys()[i].expires_ms, -1);
  }
}

TEST(RdbWriter, ADatabasesNumberGoesOutWhenItChanges) {
  Written out(RdbFlavor::kRedis, 10);
  for (uint32_t db : {0u, 0u, 7u, 7u, 0u, UINT32_MAX}) {
    out.writer.key(db, "k", 0, std::nullopt);
    out.writer.value(view(rdb_raw("v")));
  }
  out.writer.finish();
  const RdbContent content = read_rdb(out.bytes);
  std::vector<uint32_t> dbs;
  for (const RdbRecord& key : content.keys()) dbs.push_back(key.db);
  EXPECT_EQ(dbs, (std::vector<uint32_t>{0, 0, 7, 7, 0, UINT32_MAX}));
  EXPECT_EQ(content.of(Item::kOther).size(), 1u + 4 + 1);   // header, numbers, end
}

// What DUMP of Redis 7.0.15 said of a key with the value 7000000.
TEST(RdbWriter, AFooterMakesThePayloadThatAServerGives) {
  const std::string value("\x00\xc2\xc0\xcf\x6a\x00", 6);
  EXPECT_EQ(std::string(text(dump_footer(crc64(0, view(value)), 10))), std::string("\x0a\x00\x21\x15\x1d\x13\xc0\x36\x3a\x28", 10));
  EXPECT_EQ(text(dump_footer(0, 80)).substr(0, 2), std::string_view("\x50\0", 2));
}

// Runs redis-check-rdb; its exit code, or nullopt when it isn't installed.
std::optional<int> checked_by_redis(const std::string& bytes) {
  char path[] = "/tmp/cairn-rdb-XXXXXX";
  const Fd file(::mkstemp(path));
  if (!file) throw_errno("mkstemp");
  EXPECT_EQ(::write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  const int status = std::system(("redis-check-rdb " + std::string(path) + " > /dev/null 2>&1").c_str());
  ::unlink(path);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return code == 127 ? std::nullopt : std::optional(code);
}

TEST(RdbWriter, RedisFindsNothingWrongWithIt) {
  const std::string anew = rewritten(read_rdb(golden_rdb()));
  const std::optional<int> code = checked_by_redis(anew);
  if (!code) GTEST_SKIP() << "redis-check-rdb isn't installed: what is written wasn't checked by Redis (package redis-tools)";
  EXPECT_EQ(code, 0);
  std::string damaged = anew;
  damaged[damaged.size() - 12] ^= 1;
  EXPECT_NE(checked_by_redis(damaged), 0) << "redis-check-rdb doesn't check";
}

}  // namespace
}  // namespace cairn
