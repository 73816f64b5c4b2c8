#include "ingest/redis/live/live_source.h"

#include <gtest/gtest.h>

#include "tests/ingest/redis_live_fixture.h"

namespace cairn {
namespace {

INSTANTIATE_TEST_SUITE_P(Servers, RedisLiveTest, ::testing::Values(false, true),
                         [](const auto& one) { return one.param ? "Valkey" : "Redis"; });

TEST_P(RedisLiveTest, SyncHasAllOfIt) {
  RedisServer server(options());
  fill(server);
  for (const std::string& url : {server.url(), server.socket_url()}) {
    const std::string rdb = save(url);
    std::string functions;
    EXPECT_EQ(digest_of(rdb, &functions), server.cli("DEBUG DIGEST"));
    EXPECT_EQ(functions, server.cli("FUNCTION LIST WITHCODE"));
  }
  EXPECT_EQ(notes_.warnings_, "");
}

TEST_P(RedisLiveTest, SyncOfAnEmptyServer) {
  RedisServer server(options());
  EXPECT_EQ(digest_of(save(server.url())), std::string(40, '0'));
}

TEST_P(RedisLiveTest, TwoRightsAreEnough) {
  RedisServer server(with_acl("user backup on >secret -@all +sync +replconf\nuser alone on >secret -@all +sync\n"));
  fill(server);
  EXPECT_EQ(digest_of(save(server.url("backup:secret@"))), server.cli("DEBUG DIGEST"));
  EXPECT_EQ(digest_of(save(server.url("alone:secret@"))), server.cli("DEBUG DIGEST"));
  EXPECT_EQ(notes_.warnings_, "");
}

TEST_P(RedisLiveTest, SyncThroughTls) {
  RedisServer::Options tls = options();
  tls.tls = true;
  tls.password = "open sesame";
  RedisServer server(tls);
  fill(server);
  EXPECT_EQ(digest_of(save(server.url(":open%20sesame@", "?cacert=" + server.directory() + "/tls/ca.crt"))), server.cli("DEBUG DIGEST"));
  EXPECT_NE(refusal(server.url(":open%20sesame@")).find("not trusted"), std::string::npos);
}

TEST_P(RedisLiveTest, WantsThePassword) {
  RedisServer::Options locked = options();
  locked.password = "open sesame";
  RedisServer server(locked);
  EXPECT_NE(refusal(server.url(), ErrorCode::kWrongKey).find("wants a password"), std::string::npos);
  EXPECT_NE(refusal(server.url(":swordfish@"), ErrorCode::kWrongKey).find("wrong password"), std::string::npos);
  EXPECT_EQ(digest_of(save(server.url(":open%20sesame@"))), std::string(40, '0'));
}

TEST_P(RedisLiveTest, NoticesAServerThatDiesMidway) {
  RedisServer::Options plain = options();
  plain.config = "rdbcompression no\n";
  for (const char* tail : {"", "/0"}) {
    RedisServer server(plain);
    EXPECT_EQ(server.cli("DEBUG POPULATE 2000 big 30000"), "OK");
    const auto source = open_redis(RedisUrl(server.url("", tail)), notes_);
    Bytes buffer(1 << 20);
    ASSERT_GT(source->read(buffer), 0u);
    failure_of([&] { source->finish(); });
    server.stop(SIGKILL);
    const std::string why = failure_of([&] { read_rest(*source); });
    EXPECT_NE(why.find("closed the connection"), why.npos) << why;
    failure_of([&] { source->finish(); });
  }
}

TEST_P(RedisLiveTest, NoticesAServerThatDiesWhileItSaves) {
  RedisServer::Options slow = options();
  slow.config = "rdb-key-save-delay 1000000\n";
  RedisServer server(slow);
  fill(server);
  notes_.arm([&] {
    if (saving_child(server) == 0) return false;
    server.stop(SIGKILL);
    return true;
  });
  const std::string why = refusal(server.url());
  EXPECT_NE(why.find("closed the connection before it sent an RDB"), why.npos) << why;
}

TEST_P(RedisLiveTest, NoticesASaveThatFails) {
  RedisServer::Options slow = options();
  slow.config = "rdb-key-save-delay 1000000\n";
  RedisServer server(slow);
  fill(server);
  // As the system does when there is too little memory: the child that writes is killed, the server lives.
  notes_.arm([&] {
    const ::pid_t child = saving_child(server);
    return child != 0 && ::kill(child, SIGKILL) == 0;
  });
  const std::string why = refusal(server.url());
  EXPECT_NE(why.find("could not save its data"), why.npos) << why;
  EXPECT_EQ(server.cli("PING"), "PONG");
}

TEST_P(RedisLiveTest, IsInterruptedWhileTheServerSaves) {
  RedisServer::Options slow = options();
  slow.config = "rdb-key-save-delay 1000000\n";
  RedisServer server(slow);
  fill(server);
  notes_.arm([&] { return notes_.stop_ = saving_child(server) != 0; });
  refusal(server.url(), ErrorCode::kInterrupted);
}

TEST_P(RedisLiveTest, SaysThatTheServerIsLoading) {
  RedisServer::Options slow = options();
  RedisServer server(slow);
  EXPECT_EQ(server.cli("DEBUG POPULATE 100000 many 20"), "OK");
  EXPECT_EQ(server.cli("SAVE"), "OK");
  slow.rdb = server.rdb_path();
  slow.config = "key-load-delay 1000\nloading-process-events-interval-bytes 1024\n";
  slow.wait = false;
  RedisServer loading(slow);
  for (const char* tail : {"", "/0"}) {
    const std::string why = refusal(loading.url("", tail));
    EXPECT_NE(why.find("still loading"), why.npos) << why;
  }
}

TEST_P(RedisLiveTest, SaysThatAReplicaHasNoMaster) {
  RedisServer::Options lost = options();
  lost.config = "replicaof 127.0.0.1 1\n";
  RedisServer server(lost);
  const std::string why = refusal(server.url());
  EXPECT_NE(why.find("replica without a connection to its master"), why.npos) << why;
}

TEST_P(RedisLiveTest, WarnsOfAClusterNode) {
  RedisServer::Options node = options();
  node.config = "cluster-enabled yes\n";
  RedisServer server(node);
  EXPECT_EQ(digest_of(save(server.url())), std::string(40, '0'));
  EXPECT_NE(notes_.warnings_.find("one of a cluster"), std::string::npos);
}

}  // namespace
}  // namespace cairn
