// Real servers with keys of every kind, to be read as a source.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "ingest/redis/live/live_source.h"
#include "tests/ingest/redis_fixture.h"
#include "tests/ingest/redis_server.h"

namespace cairn {

inline constexpr char kManyKinds[] =
    R"(SET text "some text"
SET number 12345
SET "" "an empty name"
SET "\x00\xff\r\n binary" "\x00\x01\x02"
SET going away PXAT 4102444800123
RPUSH list a b c 1 2 3
SADD numbers 1 2 3
SADD set a b c
ZADD zset 1.5 a inf b
HSET hash field value other 7
XADD stream 1-1 f v
XGROUP CREATE stream group 0
XREADGROUP GROUP group someone COUNT 1 STREAMS stream >
PFADD hll a b c
SETBIT bits 100000 1
SELECT 3
SET elsewhere 3
SET leaving soon PX 500000000
SELECT 9
RPUSH list 9
SELECT 0
)";

// Both kinds of server: the parameter is whether it is Valkey.
class RedisLiveTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    for (const char* name : {"CAIRN_REDIS_PASSWORD", "REDISCLI_AUTH", "CAIRN_REDIS_USER"}) ::unsetenv(name);
    if (const std::string why = RedisServer::missing(GetParam()); !why.empty()) GTEST_SKIP() << "SKIPPED: " << why;
  }
  static RedisServer::Options options() {
    RedisServer::Options out;
    out.valkey = GetParam();
    return out;
  }
  static RedisServer::Options with_acl(const std::string& users) {
    RedisServer::Options out = options();
    out.acl = "user default on nopass ~* &* +@all\n" + users;
    return out;
  }
  static void fill(const RedisServer& server) {
    const std::string said = server.cli_script(kManyKinds);
    EXPECT_EQ(said.find("ERR"), said.npos) << said;
    // Longer than what a reader takes in one piece, and more keys than one SCAN gives.
    server.cli_with_input({"SET", "large"}, std::string(3 << 20, 'L'));
    EXPECT_EQ(server.cli("DEBUG POPULATE 5000 many 20"), "OK");
    EXPECT_EQ(server.cli({"FUNCTION", "LOAD", "#!lua name=mine\nredis.register_function('one', function() return 1 end)"}), "mine");
  }
  std::string save(const std::string& url) {
    const auto source = open_redis(RedisUrl(url), notes_);
    return read_rest(*source);
  }
  std::string refusal(const std::string& url, ErrorCode code = ErrorCode::kIo) {
    return failure_of([&] { save(url); }, code);
  }
  // What a server that loads the RDB holds; checks it with the server's own program too.
  static std::string digest_of(const std::string& rdb, std::string* functions = nullptr) {
    const TempDir folder;
    std::ofstream(folder / "saved.rdb", std::ios::binary) << rdb;
    const RedisServer::Output checked = RedisServer::run({RedisServer::program(GetParam(), "check-rdb"), folder / "saved.rdb"}, "");
    EXPECT_EQ(checked.exit_status, 0) << checked.out;
    RedisServer::Options again = options();
    again.rdb = folder / "saved.rdb";
    RedisServer server(again);
    if (functions != nullptr) *functions = server.cli("FUNCTION LIST WITHCODE");
    return server.cli("DEBUG DIGEST");
  }
  // The server's child that writes an RDB; 0 when there is none.
  static ::pid_t saving_child(const RedisServer& server) {
    const std::string pid = std::to_string(server.pid());
    std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
    ::pid_t child = 0;
    children >> child;
    return child;
  }
  HookedNotes notes_;
};

}  // namespace cairn
