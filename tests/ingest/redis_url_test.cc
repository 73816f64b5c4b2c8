#include "ingest/redis/redis_url.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "store/error.h"

namespace cairn {
namespace {

class RedisUrlTest : public ::testing::Test {
 protected:
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }
  static void clear() {
    for (const char* name : {"CAIRN_REDIS_PASSWORD", "REDISCLI_AUTH", "CAIRN_REDIS_USER"}) ::unsetenv(name);
  }
  // The message of a URL that is refused.
  static std::string refusal(const std::string& url) {
    try {
      RedisUrl parsed(url);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument) << url;
      return error.what();
    }
    ADD_FAILURE() << url << " was taken";
    return "";
  }
};

TEST_F(RedisUrlTest, KnowsItsSchemes) {
  for (const char* url : {"redis://h", "rediss://h", "redis+unix:///s", "valkey://h", "valkeys://h", "valkey+unix:///s"}) {
    EXPECT_TRUE(RedisUrl::is_one(url)) << url;
    EXPECT_NO_THROW(RedisUrl{url}) << url;
  }
  for (const char* no : {"", "redis:", "postgres://h", "/redis://h", "Redis://h", "redis"}) EXPECT_FALSE(RedisUrl::is_one(no)) << no;
  EXPECT_TRUE(RedisUrl("rediss://h").tls);
  EXPECT_TRUE(RedisUrl("valkeys://h").tls);
  EXPECT_FALSE(RedisUrl("redis://h").tls);
}

TEST_F(RedisUrlTest, HasDefaults) {
  const RedisUrl url("redis://");
  EXPECT_EQ(url.host, "localhost");
  EXPECT_EQ(url.port, 6379);
  EXPECT_EQ(url.timeout_s, 60u);
  EXPECT_FALSE(url.db);
  EXPECT_TRUE(url.user.empty() && url.password.empty() && url.socket_path.empty() && url.ca_file.empty());
  EXPECT_EQ(url.component_name(), "redis");
  EXPECT_FALSE(RedisUrl("redis://host/").db);
  EXPECT_EQ(RedisUrl("redis://:7000").host, "localhost");
  EXPECT_EQ(RedisUrl("redis://:7000").port, 7000);
}

TEST_F(RedisUrlTest, TakesItsPiecesApart) {
  const RedisUrl url("rediss://b%40ckup:p%3Aw%2F%25:x@cache.example:7001/3?cacert=/etc/ca%20file.pem&cert=c.pem&key=k.pem&timeout=5&db=3");
  EXPECT_EQ(url.user, "b@ckup");
  EXPECT_EQ(url.password, "p:w/%:x");
  EXPECT_EQ(url.host, "cache.example");
  EXPECT_EQ(url.port, 7001);
  EXPECT_EQ(url.db, 3u);
  EXPECT_EQ(url.ca_file, "/etc/ca file.pem");
  EXPECT_EQ(url.cert_file, "c.pem");
  EXPECT_EQ(url.key_file, "k.pem");
  EXPECT_EQ(url.timeout_s, 5u);
  EXPECT_EQ(url.component_name(), "cache.example");
  EXPECT_EQ(url.description(), "rediss://b%40ckup@cache.example:7001/3");
  EXPECT_EQ(RedisUrl("rediss://h?cert=both.pem").key_file, "both.pem");
}

TEST_F(RedisUrlTest, TakesPasswordsWithUnencodedSigns) {
  EXPECT_EQ(RedisUrl("redis://:p@ss#word@h").password, "p@ss#word");
  EXPECT_EQ(RedisUrl("redis://:p@ss@h").user, "");
  EXPECT_EQ(RedisUrl("redis://only-a-user@h").user, "only-a-user");
  EXPECT_EQ(RedisUrl("redis://only-a-user@h").password, "");
}

TEST_F(RedisUrlTest, TakesIpv6) {
  const RedisUrl url("redis://u:p@[2001:db8::1]:7002/0");
  EXPECT_EQ(url.host, "2001:db8::1");
  EXPECT_EQ(url.port, 7002);
  EXPECT_EQ(url.db, 0u);
  EXPECT_EQ(url.description(), "redis://u@[2001:db8::1]:7002/0");
  EXPECT_EQ(RedisUrl("redis://[::1]").port, 6379);
  EXPECT_EQ(RedisUrl("redis://[::1]").component_name(), "redis");
  EXPECT_EQ(RedisUrl("redis://[fe80::1%25eth0]").host, "fe80::1%eth0");
}

TEST_F(RedisUrlTest, TakesSockets) {
  const RedisUrl url("redis+unix://u:secret@/run/a%20b/redis.sock?db=2");
  EXPECT_EQ(url.socket_path, "/run/a b/redis.sock");
  EXPECT_EQ(url.user, "u");
  EXPECT_EQ(url.password, "secret");
  EXPECT_EQ(url.host, "");
  EXPECT_EQ(url.db, 2u);
  EXPECT_EQ(url.component_name(), "redis");
  EXPECT_EQ(url.description(), "redis+unix://u@/run/a%20b/redis.sock?db=2");
  EXPECT_EQ(RedisUrl("valkey+unix:///s").socket_path, "/s");
}

TEST_F(RedisUrlTest, TakesLoginsFromTheEnvironment) {
  ::setenv("REDISCLI_AUTH", "second", 1);
  ::setenv("CAIRN_REDIS_USER", "someone", 1);
  EXPECT_EQ(RedisUrl("redis://h").password, "second");
  ::setenv("CAIRN_REDIS_PASSWORD", "first", 1);
  EXPECT_EQ(RedisUrl("redis://h").password, "first");
  EXPECT_EQ(RedisUrl("redis://h").user, "someone");
  EXPECT_EQ(RedisUrl("redis://me@h").user, "me");
  EXPECT_EQ(RedisUrl("redis://me@h").password, "first");
  EXPECT_EQ(RedisUrl("redis://:mine@h").password, "mine");
  EXPECT_EQ(RedisUrl("redis://:mine@h").user, "");
}

TEST_F(RedisUrlTest, RefusesWithoutTellingThePassword) {
  for (const char* url : {"redis://u:geheim@h:port",
                          "redis://u:geheim@h:0",
                          "redis://u:geheim@h:65536",
                          "redis://u:geheim@h/x",
                          "redis://u:geheim@h/-1",
                          "redis://u:geheim/1@h",
                          "redis://u:geheim?1@h",
                          "redis://u:geheim",
                          "redis://u:gehe%im@h",
                          "redis://u:geheim%2@h",
                          "redis://u:geheim%00@h",
                          "redis://u:geheim@h?what=geheim",
                          "redis://u:geheim@h?db=geheim",
                          "redis://u:geheim@h?timeout=0",
                          "redis://u:geheim@h?cacert=x",
                          "rediss://u:geheim@h?cacert=",
                          "rediss://u:geheim@h?key=k",
                          "redis://u:geheim@h/1?db=2",
                          "redis://u:geheim@::1",
                          "redis://u:geheim@[::1",
                          "redis://u:geheim@[::1]x",
                          "redis://u:geheim@[]",
                          "redis+unix://u:geheim@",
                          "redis+unix://u:geheim@/",
                          "redis+unix://u:geheim/s",
                          "redis+unix://u:geheim@host/s",
                          "geheim://h",
                          "redis://u:geheim@h/4294967296",
                          "redis://u:geheim@h?"
                          "timeout=99999999"}) {
    const std::string why = refusal(url);
    EXPECT_EQ(why.find("geheim"), why.npos) << why;
    EXPECT_EQ(why.find("gehe"), why.npos) << why;
    EXPECT_NE(why.find("; write it as redis://"), why.npos) << why;
  }
}

TEST_F(RedisUrlTest, DescriptionHasNoPasswordAndNoControlCharacters) {
  const RedisUrl url("redis://u%0a:geheim@h%1b");
  EXPECT_EQ(url.description(), "redis://u%0A@h%1B:6379");
}

}  // namespace
}  // namespace cairn
