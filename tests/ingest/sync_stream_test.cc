#include "ingest/redis/live/sync_stream.h"

#include <gtest/gtest.h>

#include "ingest/redis/live/live_source.h"
#include "tests/ingest/redis_fixture.h"

namespace cairn {
namespace {

// What real servers can't be made to say.
class SyncStreamTest : public ::testing::Test {
 protected:
  static constexpr char kBefore[] = "-NOPERM no INFO\r\n+OK\r\n";  // to INFO and REPLCONF
  // A small RDB with `bytes` in a value.
  static std::string rdb(size_t bytes) {
    std::string out = "REDIS0011";
    out += std::string("\x00\x01k\x80", 4);
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(bytes >> shift);
    return out + std::string(bytes, 'v') + "\xff" + std::string(8, '\0');
  }
  std::string save(const std::string& lines) {
    FakeServer server(kBefore + lines);
    const auto source = open_redis(RedisUrl(server.url()), notes_);
    return read_rest(*source);
  }
  std::string refusal(const std::string& lines) {
    return failure_of([&] { save(lines); });
  }
  Notes notes_;
};

TEST_F(SyncStreamTest, NeverRepeatsThePassword) {
  FakeServer server("+OK\r\n" + std::string(kBefore) + "-NOPERM sesame may not\r\n");
  failure_of([&] { open_redis(RedisUrl(server.url(":sesame@")), notes_); });
  EXPECT_NE(notes_.warnings_.find("SYNC is not allowed (NOPERM *** may not)"), std::string::npos) << notes_.warnings_;
  EXPECT_EQ(notes_.warnings_.find("sesame"), std::string::npos) << notes_.warnings_;
}

TEST_F(SyncStreamTest, TakesALength) {
  const std::string whole = rdb(1'000'000), length = "$" + std::to_string(whole.size()) + "\r\n";
  EXPECT_TRUE(save(length + whole) == whole);
  EXPECT_TRUE(save("\n\n\r\n\n" + length + whole + "*1\r\n$4\r\nPING\r\n") == whole);
}

TEST_F(SyncStreamTest, TakesAMarkAtTheEnd) {
  const std::string mark = "0123456789abcdef0123456789abcdef01234567";
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{30}, size_t{300'000}, size_t{5'000'000}}) {
    const std::string whole = rdb(bytes);
    EXPECT_TRUE(save("\n$EOF:" + mark + "\r\n" + whole + mark) == whole) << bytes;
    EXPECT_TRUE(save("$EOF:" + mark + "\r\n" + whole + mark + "*1\r\n$4\r\nPING\r\n") == whole) << bytes;
    EXPECT_NE(refusal("$EOF:" + mark + "\r\n" + whole + mark.substr(1)).find("broke off"), std::string::npos);
  }
}

TEST_F(SyncStreamTest, RefusesWhatIsntWhole) {
  const std::string whole = rdb(100'000), mark = "0123456789abcdef0123456789abcdef01234567";
  const auto told = [](size_t bytes) { return "$" + std::to_string(bytes) + "\r\n"; };
  for (const std::string& lines :
       {told(whole.size()) + whole.substr(0, whole.size() - 1), told(whole.size()), told(whole.size() - 1) + whole, told(0),
        told(4) + "REDI", told(9) + "REDIS0011", "$EOF:" + mark + "\r\n" + mark, "$EOF:" + mark + "\r\n" + whole.substr(0, 5000) + mark}) {
    const std::string why = refusal(lines);
    EXPECT_NE(why.find("broke off"), why.npos) << why;
  }
  EXPECT_NE(refusal(told(20) + "<html> something else").find("is no RDB"), std::string::npos);
  for (const char* lines : {"$\r\n", "$-1\r\n", "$12x\r\n", "+OK\r\n", "$EOF:short\r\n", "$99999999999999999999999\r\n"}) {
    const std::string why = refusal(lines);
    EXPECT_NE(why.find("an answer that is no length"), why.npos) << why;
  }
  EXPECT_NE(refusal(std::string(10000, 'x')).find("an answer that is no length"), std::string::npos);
  for (const char* lines : {"", "\n\n", "$12"}) EXPECT_NE(refusal(lines).find("before it sent an RDB"), std::string::npos);
}

TEST_F(SyncStreamTest, SaysThatTheServerCantFork) {
  for (const char* said :
       {"-ERR BGSAVE failed, replication can't continue\r\n", "-ERR Unable to perform background save\r\n", "-ERR Can't fork\r\n"}) {
    const std::string why = refusal(said);
    EXPECT_NE(why.find("no memory for a fork"), why.npos) << why;
  }
  EXPECT_NE(refusal("-MISCONF Errors writing to the AOF file\r\n").find("can't save to its disk"), std::string::npos);
}

}  // namespace
}  // namespace cairn
