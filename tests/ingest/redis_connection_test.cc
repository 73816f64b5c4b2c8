#include "ingest/redis/connection.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "tests/ingest/redis_fixture.h"
#include "tests/ingest/redis_server.h"

namespace cairn {
namespace {

using Kind = RedisReply::Kind;

class RedisConnectionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"CAIRN_REDIS_PASSWORD", "REDISCLI_AUTH", "CAIRN_REDIS_USER"}) ::unsetenv(name);
  }
  RedisConnection to(const std::string& url) { return RedisConnection(RedisUrl(url), notes_); }
  // The message of a connection that can't be had, or not be used.
  std::string refusal(const std::string& url, ErrorCode code = ErrorCode::kIo) {
    return failure_of([&] { to(url).must({"PING"}); }, code);
  }
  HookedNotes notes_;
};

TEST_F(RedisConnectionTest, UnderstandsEveryKindOfReply) {
  CAIRN_NEEDS_REDIS();
  RedisServer server;
  for (const std::string& url : {server.url(), server.socket_url()}) {
    RedisConnection connection = to(url);
    EXPECT_EQ(connection.must({"FLUSHALL"}).text, "OK");
    const std::string binary("\0\r\n$5\xff", 6);
    const RedisReply set = connection.command({"SET", binary, binary});
    EXPECT_EQ(set.kind, Kind::kStatus);
    const RedisReply got = connection.command({"GET", binary});
    EXPECT_EQ(got.kind, Kind::kString);
    EXPECT_EQ(got.text, binary);
    EXPECT_EQ(connection.command({"GET", "none"}).kind, Kind::kNil);
    EXPECT_EQ(connection.must({"INCRBY", "n", "-9223372036854775808"}).integer, INT64_MIN);
    EXPECT_EQ(connection.must({"SET", "", ""}).text, "OK");
    EXPECT_EQ(connection.command({"GET", ""}).kind, Kind::kString);
    const RedisReply nested = connection.must({"EVAL", "return {1, {'two', {}, false}, 'three'}", "0"});
    ASSERT_EQ(nested.elements.size(), 3u);
    ASSERT_EQ(nested.elements[1].elements.size(), 3u);
    EXPECT_EQ(nested.elements[1].elements[0].text, "two");
    EXPECT_EQ(nested.elements[1].elements[1].kind, Kind::kArray);
    EXPECT_EQ(nested.elements[1].elements[2].kind, Kind::kNil);
    EXPECT_EQ(nested.elements[2].text, "three");
    const RedisReply error = connection.command({"NOTHING"});
    EXPECT_EQ(error.kind, Kind::kError);
    EXPECT_NE(failure_of([&] { connection.must({"LPUSH", binary, "x"}); }).find("WRONGTYPE"), std::string::npos);
    EXPECT_EQ(connection.must({"PING"}).text, "PONG");
  }
}

TEST_F(RedisConnectionTest, Pipelines) {
  CAIRN_NEEDS_REDIS();
  RedisServer server;
  RedisConnection connection = to(server.url());
  const std::string value(1000, 'v');
  for (int i = 0; i < 5000; ++i) {
    const std::string key = std::to_string(i);
    const std::string_view words[] = {"SET", key, value};
    connection.send(words);
  }
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(connection.receive().text, "OK");
  RedisConnection moved = std::move(connection);
  EXPECT_EQ(moved.must({"DBSIZE"}).integer, 5000);
}

TEST_F(RedisConnectionTest, PassesLongStringsInPieces) {
  CAIRN_NEEDS_REDIS();
  RedisServer server;
  RedisConnection connection = to(server.url());
  Bytes value(20 << 20);
  std::mt19937_64 random(1);
  for (uint8_t& one : value) one = static_cast<uint8_t>(random());
  const std::string_view words[] = {"SET", "long"}, get[] = {"GET", "long"}, ping[] = {"PING"}, none[] = {"GET", "none"},
                         empty[] = {"ECHO", ""};
  connection.send_begin(words, value.size());
  for (size_t at = 0; at < value.size(); at += 300'001)
    connection.send_piece(ByteView(value).subspan(at, std::min<size_t>(300'001, value.size() - at)));
  EXPECT_EQ(connection.receive().text, "OK");
  const std::string_view append[] = {"APPEND", "long"};
  connection.send_begin(append, 0);
  EXPECT_EQ(connection.receive().integer, 20 << 20);

  // Between other replies, several of which come at once.
  connection.send(ping);
  connection.send(ping);
  connection.send(empty);
  connection.send(ping);
  connection.send(get);
  connection.send(none);
  connection.send(ping);
  EXPECT_EQ(connection.receive().text, "PONG");
  EXPECT_EQ(connection.receive_long().text, "PONG");
  const RedisReply nothing = connection.receive_long();
  EXPECT_EQ(nothing.kind, Kind::kString);
  EXPECT_EQ(nothing.integer, 0);
  EXPECT_EQ(connection.receive().text, "PONG");
  const RedisReply reply = connection.receive_long();
  EXPECT_EQ(reply.kind, Kind::kString);
  EXPECT_EQ(reply.integer, 20 << 20);
  Bytes got, buffer(100'003);
  while (const size_t size = connection.read_long(buffer))
    got.insert(got.end(), buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(size));
  EXPECT_TRUE(got == value);
  EXPECT_EQ(connection.receive_long().kind, Kind::kNil);
  EXPECT_EQ(connection.receive().text, "PONG");
}

TEST_F(RedisConnectionTest, HandsOutWhatFollowsAReply) {
  FakeServer server("+OK\r\n$3\r\nabc\r\nraw\nbytes");
  RedisConnection connection = to(server.url());
  EXPECT_EQ(connection.command({"A"}).text, "OK");
  EXPECT_EQ(connection.command({"B"}).text, "abc");
  std::string raw;
  for (std::array<uint8_t, 4> some; const size_t size = connection.read_raw(some);) raw += text(ByteView(some).first(size));
  EXPECT_EQ(raw, "raw\nbytes");
}

TEST_F(RedisConnectionTest, LogsIn) {
  CAIRN_NEEDS_REDIS();
  RedisServer::Options options;
  options.password = "open sesame";
  options.acl = "";
  RedisServer server(options);
  EXPECT_EQ(to(server.url(":open%20sesame@")).must({"PING"}).text, "PONG");
  EXPECT_EQ(to(server.url("default:open%20sesame@")).must({"PING"}).text, "PONG");
  EXPECT_EQ(to(server.socket_url(":open%20sesame@")).must({"PING"}).text, "PONG");
  ::setenv("CAIRN_REDIS_PASSWORD", "open sesame", 1);
  EXPECT_EQ(to(server.url()).must({"PING"}).text, "PONG");
  ::unsetenv("CAIRN_REDIS_PASSWORD");

  const std::string none = refusal(server.url(), ErrorCode::kWrongKey);
  EXPECT_NE(none.find("wants a password: set CAIRN_REDIS_PASSWORD"), none.npos) << none;
  for (const char* login : {":swordfish@", "someone:swordfish@"}) {
    const std::string wrong = refusal(server.url(login), ErrorCode::kWrongKey);
    EXPECT_NE(wrong.find("wrong password"), wrong.npos) << wrong;
    EXPECT_EQ(wrong.find("swordfish"), wrong.npos) << wrong;
  }
  EXPECT_EQ(notes_.warnings_, "");
}

TEST_F(RedisConnectionTest, LogsInAsAUser) {
  CAIRN_NEEDS_REDIS();
  RedisServer::Options options;
  options.acl = "user default on nopass ~* &* +@all\nuser backup on >secret ~* -@all +ping\nuser open on nopass ~* -@all +ping\n";
  RedisServer server(options);
  EXPECT_EQ(to(server.url("backup:secret@")).must({"PING"}).text, "PONG");
  EXPECT_EQ(to(server.url("open@")).must({"PING"}).text, "PONG");
  EXPECT_EQ(redis_server_info(*std::make_unique<RedisConnection>(to(server.url("backup:secret@")))).version, "");
  const std::string may_not = failure_of([&] { to(server.url("backup:secret@")).must({"GET", "x"}); });
  EXPECT_NE(may_not.find("may not do that"), may_not.npos) << may_not;
  EXPECT_NE(refusal(server.url("backup@"), ErrorCode::kWrongKey).find("wants a password for the user \"backup\""), std::string::npos);
  EXPECT_EQ(notes_.warnings_, "");
  EXPECT_EQ(to(server.url(":superfluous@")).must({"PING"}).text, "PONG");
  EXPECT_NE(notes_.warnings_.find("wants no password"), std::string::npos);
}

TEST_F(RedisConnectionTest, SaysWhatTheServerIs) {
  CAIRN_NEEDS_REDIS();
  RedisServer server;
  RedisConnection connection = to(server.url());
  const RedisServerInfo info = redis_server_info(connection);
  EXPECT_TRUE(info.version.starts_with("7.")) << info.version;
  EXPECT_FALSE(info.valkey);
  EXPECT_FALSE(info.cluster);
  RedisServer::Options options;
  options.config = "cluster-enabled yes";
  RedisServer node(options);
  RedisConnection to_node = to(node.url());
  EXPECT_TRUE(redis_server_info(to_node).cluster);
}

TEST_F(RedisConnectionTest, KnowsValkey) {
  CAIRN_NEEDS_VALKEY();
  RedisServer::Options options;
  options.valkey = true;
  RedisServer server(options);
  RedisConnection connection = to(server.url());
  const RedisServerInfo info = redis_server_info(connection);
  EXPECT_TRUE(info.valkey);
  EXPECT_TRUE(info.version.starts_with("8.")) << info.version;
}

class RedisTlsTest : public RedisConnectionTest {
 protected:
  void SetUp() override {
    RedisConnectionTest::SetUp();
    CAIRN_NEEDS_REDIS();
    options_.tls = true;
    server_ = std::make_unique<RedisServer>(options_);
  }
  std::string file(const std::string& name) const { return server_->directory() + "/tls/" + name; }
  std::string at(const std::string& host, const std::string& tail) const {
    return "rediss://" + host + ":" + std::to_string(server_->port()) + tail;
  }
  RedisServer::Options options_;
  std::unique_ptr<RedisServer> server_;
};

TEST_F(RedisTlsTest, TrustsTheCaItIsGiven) {
  for (const char* host : {"127.0.0.1", "localhost"}) {
    RedisConnection connection = to(at(host, "?cacert=" + file("ca.crt")));
    EXPECT_EQ(connection.must({"PING"}).text, "PONG");
    const std::string value(5 << 20, 'x');
    EXPECT_EQ(connection.must({"SET", "key", value}).text, "OK");
    EXPECT_TRUE(connection.must({"GET", "key"}).text == value);
  }
}

TEST_F(RedisTlsTest, RefusesOthers) {
  for (const std::string& tail : {std::string(), "?cacert=" + file("other.crt")}) {
    const std::string why = refusal(at("127.0.0.1", tail));
    EXPECT_NE(why.find("certificate is not trusted"), why.npos) << why;
    EXPECT_NE(why.find("cacert"), why.npos) << why;
  }
  EXPECT_NE(refusal(at("127.0.0.1", "?cacert=/none"), ErrorCode::kInvalidArgument).find("/none"), std::string::npos);
}

TEST_F(RedisTlsTest, RefusesACertificateOfAnotherHost) {
  RedisServer::Options options;
  options.tls = true;
  options.config = "tls-cert-file " + file("elsewhere.crt") + "\ntls-key-file " + file("elsewhere.key") + "\n";
  RedisServer elsewhere(options);
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const std::string why = refusal("rediss://" + std::string(host) + ":" + std::to_string(elsewhere.port()) + "?cacert=" + file("ca.crt"));
    EXPECT_NE(why.find("is for another host"), why.npos) << why;
  }
}

TEST_F(RedisTlsTest, ShowsACertificateWhereOneIsWanted) {
  RedisServer::Options options;
  options.tls = true;
  options.config = "tls-auth-clients yes\n";
  RedisServer strict(options);
  const std::string tls = strict.directory() + "/tls/", ca = "?cacert=" + tls + "ca.crt";
  EXPECT_EQ(to(strict.url("", ca + "&cert=" + tls + "client.crt&key=" + tls + "client.key")).must({"PING"}).text, "PONG");
  const std::string why = refusal(strict.url("", ca));
  EXPECT_NE(why.find("wants a certificate of ours"), why.npos) << why;
  EXPECT_NE(refusal(strict.url("", ca + "&cert=" + tls + "client.crt&key=" + tls + "ca.key"), ErrorCode::kInvalidArgument).find("key="),
            std::string::npos);
}

TEST_F(RedisTlsTest, SaysWhenOneSideSpeaksPlainly) {
  const std::string plain = refusal("redis://127.0.0.1:" + std::to_string(server_->port()));
  EXPECT_NE(plain.find("rediss://"), plain.npos) << plain;
  RedisServer other;
  const std::string tls = refusal("rediss://127.0.0.1:" + std::to_string(other.port()) + "?timeout=2");
  EXPECT_NE(tls.find("no TLS connection"), tls.npos) << tls;
}

TEST_F(RedisTlsTest, NoticesAServerThatDies) {
  RedisConnection connection = to(at("127.0.0.1", "?cacert=" + file("ca.crt")));
  connection.must({"PING"});
  server_->stop(SIGKILL);
  EXPECT_NE(failure_of([&] { connection.must({"PING"}); }).find("closed the connection"), std::string::npos);
  EXPECT_NE(failure_of([&] { connection.must({"SET", "x", std::string(1 << 20, 'x')}); }).find("closed the connection"), std::string::npos);
}

TEST_F(RedisConnectionTest, SaysWhenNobodyIsThere) {
  const std::string port = [] { return FakeServer("").url(); }();
  EXPECT_NE(refusal(port).find("can't connect: Connection refused"), std::string::npos);
  EXPECT_NE(refusal("redis+unix:///none/s").find("can't connect: No such file"), std::string::npos);
  EXPECT_NE(refusal("redis://host.invalid").find("address can't be found"), std::string::npos);
  EXPECT_NE(refusal("redis+unix:///" + std::string(200, 'x'), ErrorCode::kInvalidArgument).find("too long"), std::string::npos);
}

TEST_F(RedisConnectionTest, RefusesNonsense) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "*1\r\n";
  for (const std::string& lines : {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string("$99999999999999999999\r\n"),
                                   std::string("*99999999999\r\n"), deep, std::string("$-5\r\n"), ":12" + std::string(300, 'x') + "\r\n"}) {
    FakeServer server(lines);
    const std::string why = refusal(server.url());
    EXPECT_NE(why.find("doesn't speak the protocol of Redis"), why.npos) << why;
  }
  for (const char* lines : {"", "+PO", "$5\r\nabc", "*2147483647\r\n+a\r\n", "*3\r\n:1\r\n$0\r\n\r\n"}) {
    FakeServer server(lines);
    const std::string why = refusal(server.url());
    EXPECT_NE(why.find("closed the connection"), why.npos) << why;
  }
}

TEST_F(RedisConnectionTest, BoundsReplies) {
  // Small pieces take much more memory than they have bytes.
  std::string many = "*9000000\r\n";
  for (int i = 0; i < 9'000'000; ++i) many += "+\r\n";
  FakeServer server(many);
  const std::string why = refusal(server.url());
  EXPECT_NE(why.find("more than 256 MiB"), why.npos) << why;
}

TEST_F(RedisConnectionTest, RefusesALineWithoutEnd) {
  FakeServer server("-ERR " + std::string(1 << 20, 'x'), true);
  const std::string why = refusal(server.url());
  EXPECT_NE(why.find("doesn't speak the protocol of Redis (a line of more than 64 KiB"), why.npos) << why;
}

TEST_F(RedisConnectionTest, TellsWhatTheServerSaidBeforeItLeft) {
  for (const auto& [said, meaning] : std::initializer_list<std::pair<const char*, const char*>>{
           {"-DENIED Redis is running in protected mode because …", "protected mode"},
           {"-ERR max number of clients reached", "raise its maxclients"},
           {"-LOADING Redis is loading the dataset in memory", "still loading"},
           {"-MISCONF Redis is configured to save RDB snapshots", "can't save to its disk"}}) {
    FakeServer server(std::string(said) + "\r\n");
    const std::string why = refusal(server.url());
    EXPECT_NE(why.find(meaning), why.npos) << why;
  }
}

TEST_F(RedisConnectionTest, NeverRepeatsThePassword) {
  FakeServer server("-ERR unknown command 'AUTH', with args beginning with: 'open', 'sesame'\r\n");
  EXPECT_EQ(refusal(server.url("u:open@")).find("open"), std::string::npos);
  FakeServer later("+OK\r\n-ERR I know sesame and \x1b[31m\r\n");
  const std::string why = refusal(later.url(":sesame@"));
  EXPECT_NE(why.find("I know *** and \\x1b"), why.npos) << why;
  // Nor does anyone who looks at what was refused.
  FakeServer loose("+OK\r\n-ERR sesamesesame\r\n*1\r\n-ERR sesame\r\n");
  RedisConnection connection = to(loose.url(":sesame@"));
  EXPECT_EQ(connection.command({"RESTORE", "a", "0", ""}).text, "ERR ******");
}

TEST_F(RedisConnectionTest, OldServersKnowNoUsers) {
  FakeServer server("-ERR wrong number of arguments for 'auth' command\r\n");
  EXPECT_NE(refusal(server.url("u:open@"), ErrorCode::kWrongKey).find("leave the user's name out"), std::string::npos);
  FakeServer wrong("-ERR invalid password\r\n");
  EXPECT_NE(refusal(wrong.url(":open@"), ErrorCode::kWrongKey).find("wrong password"), std::string::npos);
}

TEST_F(RedisConnectionTest, GivesUpOnSilence) {
  FakeServer server("+O", true);
  const std::string why = refusal(server.url("", "?timeout=1"));
  EXPECT_NE(why.find("said nothing for 1 seconds"), why.npos) << why;
}

TEST_F(RedisConnectionTest, IsInterruptedWhileItWaits) {
  FakeServer server("", true);
  RedisConnection connection = to(server.url());
  notes_.arm([&, asked = 0]() mutable { return notes_.stop_ = ++asked == 3; });
  failure_of([&] { connection.must({"PING"}); }, ErrorCode::kInterrupted);
}

}  // namespace
}  // namespace cairn
