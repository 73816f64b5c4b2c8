// Values of real servers, told as commands and made anew beside them: DEBUG DIGEST-VALUE and XINFO STREAM FULL must agree.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "ingest/redis/connection.h"
#include "ingest/redis/rdb/crc64.h"
#include "ingest/redis/rdb/rdb_writer.h"
#include "ingest/redis/values/value_commands.h"
#include "tests/ingest/live_fixture.h"
#include "tests/ingest/packed_bytes.h"
#include "tests/ingest/redis_server.h"

namespace cairn {
namespace {

using packed::id, packed::length, packed::little, packed::string, packed::strings;
using Words = std::vector<std::string>;
constexpr size_t kFooterBytes = 10;

// A reply in words, without what commands can't tell or what is only about a server's memory.
// `with_reads`: also what only Redis 7 counts.
std::string told(const RedisReply& reply, bool with_reads = true) {
  switch (reply.kind) {
    case RedisReply::Kind::kNil: return "nil";
    case RedisReply::Kind::kInteger: return std::to_string(reply.integer);
    case RedisReply::Kind::kArray: break;
    default: return "\"" + reply.text + "\"";
  }
  std::string out = "[";
  for (size_t i = 0; i < reply.elements.size(); ++i) {
    const std::string& name = reply.elements[i].text;
    const bool reads = name == "entries-read" || name == "lag" || name == "recorded-first-entry-id";
    if (name == "seen-time" || name == "active-time" || name == "radix-tree-keys" || name == "radix-tree-nodes" || (reads && !with_reads)) {
      ++i;
    } else {
      out += told(reply.elements[i], with_reads) + " ";
    }
  }
  return out + "]";
}

class Twins {
 public:
  explicit Twins(RedisServer::Options options = {})
      : server_(options), made_(RedisUrl(server_.socket_url()), notes_), told_(RedisUrl(server_.socket_url()), notes_) {
    told_.must({"SELECT", "1"});
  }

  // One command on the side of the originals; an error fails the test.
  RedisReply run(const Words& words) { return run(made_, words); }
  void run_line(const std::string& line) {
    std::istringstream in(line);
    Words words;
    for (std::string word; in >> word;) words.push_back(word);
    run(words);
  }

  // Tells `key` and compares what comes of it.  Returns the type that the server wrote.
  int check(const std::string& key) {
    const std::string payload = run({"DUMP", key}).text;
    if (payload.size() <= kFooterBytes) {
      ADD_FAILURE() << "no key " << key;
      return -1;
    }
    const auto type = static_cast<uint8_t>(payload[0]);
    tell(key, type, payload.substr(1, payload.size() - 1 - kFooterBytes));
    compare(key);
    return type;
  }

  // A value of a server that isn't here: the one that is must take it as it is and make the same of it.
  void check_foreign(const std::string& key, int type, const std::string& value, bool with_reads = true) {
    std::string payload = static_cast<char>(type) + value;
    const Bytes footer = dump_footer(crc64(0, view(payload)), 10);
    payload += text(footer);
    run({"RESTORE", key, "0", payload});
    tell(key, static_cast<uint8_t>(type), value);
    compare(key, with_reads);
  }

  void tell(const std::string& key, uint8_t type, const std::string& value) {
    EXPECT_EQ(told_.must({"EXISTS", key}).integer, 0) << "it is made anew: " << key;
    value_commands(RdbFlavor::kRedis, type, key, view(value), false, [&](std::span<const std::string_view> words) {
      const RedisReply reply = told_.command(words);
      EXPECT_NE(reply.kind, RedisReply::Kind::kError) << words[0] << " " << key << ": " << reply.text;
      ++commands_;
    });
  }
  void compare(const std::string& key, bool with_reads = true) {
    for (const char* what : {"TYPE", "DIGEST"}) {
      const Words words = what == std::string("TYPE") ? Words{"TYPE", key} : Words{"DEBUG", "DIGEST-VALUE", key};
      EXPECT_EQ(told(run(made_, words)), told(run(told_, words))) << what << " of " << key;
    }
    if (run({"TYPE", key}).text == "stream") {
      EXPECT_EQ(stream(made_, key, with_reads), stream(told_, key, with_reads)) << key;
    }
  }

  size_t commands() const { return commands_; }

 private:
  static RedisReply run(RedisConnection& connection, const Words& words) {
    const std::vector<std::string_view> views(words.begin(), words.end());
    RedisReply reply = connection.command(views);
    EXPECT_NE(reply.kind, RedisReply::Kind::kError) << words[0] << ": " << reply.text;
    return reply;
  }
  static std::string stream(RedisConnection& connection, const std::string& key, bool with_reads) {
    return told(run(connection, {"XINFO", "STREAM", key, "FULL", "COUNT", "0"}), with_reads);
  }

  RedisServer server_;
  Notes notes_;
  RedisConnection made_, told_;   // databases 0 and 1
  size_t commands_ = 0;
};

std::string random_bytes(std::mt19937_64& random, size_t size) {
  std::string out(size, 0);
  for (char& one : out) one = static_cast<char>(random());
  return out;
}

// Words that Redis packs in every way: small and large integers, short and long strings, binary ones.
std::string random_word(std::mt19937_64& random) {
  switch (random() % 6) {
    case 0: return std::to_string(static_cast<int64_t>(random()) >> (random() % 64));
    case 1: return random_bytes(random, random() % 70);
    case 2: return std::string(random() % 5000, static_cast<char>(random()));   // LZF
    case 3: return random_bytes(random, 120 + random() % 10);
    case 4: return "";
    default: return "word" + std::to_string(random() % 1000);
  }
}

void add_all(Twins& twins, const Words& beginning, const Words& elements) {
  Words words = beginning;
  words.insert(words.end(), elements.begin(), elements.end());
  twins.run(words);
}

TEST(ValueCommandsServer, Strings) {
  CAIRN_NEEDS_REDIS();
  Twins twins;
  std::mt19937_64 random(1);
  const Words values = {"", "0", "-1", "127", "128", "-32768", "32768", "2147483647", "-2147483648", "9223372036854775807", "012", "plain",
                        std::string("\0\r\n\xff", 4), std::string(21, 'a'), std::string(5000000, 'z'), random_bytes(random, 5000000)};
  for (size_t i = 0; i < values.size(); ++i) {
    twins.run({"SET", "s" + std::to_string(i), values[i]});
    EXPECT_EQ(twins.check("s" + std::to_string(i)), 0);
  }
  twins.run({"PFADD", "hll", "a", "b", "c"});
  twins.check("hll");
  twins.run({"SET", std::string("key \0\n", 6), "x"});
  twins.check(std::string("key \0\n", 6));
  twins.run({"SET", "", "the key without a name"});
  twins.check("");
}

TEST(ValueCommandsServer, Lists) {
  CAIRN_NEEDS_REDIS();
  RedisServer::Options options;
  options.config = "list-compress-depth 1\nlist-max-listpack-size 20\n";
  Twins twins(options);
  std::mt19937_64 random(2);
  for (int i = 0; i < 40; ++i) {
    const std::string key = "l" + std::to_string(i);
    Words words = {"0"};
    for (size_t count = random() % 2 == 0 ? 3 : 1500; count > 0; --count) words.push_back(random_word(random));
    add_all(twins, {"RPUSH", key}, words);
    EXPECT_EQ(twins.check(key), 18);
  }
  twins.run({"DEBUG", "QUICKLIST-PACKED-THRESHOLD", "1000b"});
  add_all(twins, {"RPUSH", "plain"}, {"a", std::string(3000, 'p'), "b", random_bytes(random, 200000), random_bytes(random, 1001), "c"});
  EXPECT_EQ(twins.check("plain"), 18);
}

TEST(ValueCommandsServer, Sets) {
  CAIRN_NEEDS_REDIS();
  Twins twins;
  std::mt19937_64 random(3);
  for (int bits : {10, 20, 40}) {
    Words words;
    for (int i = 0; i < 200; ++i) words.push_back(std::to_string(static_cast<int64_t>(random()) >> (63 - bits)));
    add_all(twins, {"SADD", "ints" + std::to_string(bits)}, words);
    EXPECT_EQ(twins.check("ints" + std::to_string(bits)), 11);
  }
  Words words = {"x"};
  for (int i = 0; i < 3000; ++i) words.push_back(random_word(random));
  add_all(twins, {"SADD", "table"}, words);
  EXPECT_EQ(twins.check("table"), 2);
}

TEST(ValueCommandsServer, SortedSets) {
  CAIRN_NEEDS_REDIS();
  Twins twins;
  std::mt19937_64 random(4);
  Words scores = {"inf", "-inf", "0", "-0", "0.1", "0.30000000000000004", "1e308", "1.7976931348623157e308", "5e-324",
                  "2.2250738585072014e-308", "1e17", "9007199254740993", "123456789012345678", "-1.5", "3"};
  while (scores.size() < 100) {
    const double score = std::bit_cast<double>(random());
    char digits[40];
    if (!std::isnan(score)) scores.emplace_back(digits, static_cast<size_t>(snprintf(digits, sizeof digits, "%.17g", score)));
  }
  Words words;
  for (size_t i = 0; i < scores.size(); ++i) words.insert(words.end(), {scores[i], "m" + std::to_string(i)});
  add_all(twins, {"ZADD", "small"}, words);
  EXPECT_EQ(twins.check("small"), 17);
  words.insert(words.end(), {"1", std::string(100, 'x')});
  for (int i = 0; i < 2000; ++i) {
    words.insert(words.end(), {std::to_string(std::ldexp(static_cast<double>(random()), -40)), random_word(random)});
  }
  add_all(twins, {"ZADD", "large"}, words);
  EXPECT_EQ(twins.check("large"), 5);
  twins.run({"GEOADD", "geo", "13.361389", "38.115556", "Palermo"});
  EXPECT_EQ(twins.check("geo"), 17);
}

TEST(ValueCommandsServer, Hashes) {
  CAIRN_NEEDS_REDIS();
  Twins twins;
  std::mt19937_64 random(5);
  add_all(twins, {"HSET", "small"}, {"f", "1", "-7", "x", "", "empty", "long", std::string(64, 'l'), "bytes", random_bytes(random, 60)});
  EXPECT_EQ(twins.check("small"), 16);
  Words words = {"one", "1"};
  for (int i = 0; i < 3000; ++i) words.insert(words.end(), {random_word(random), random_word(random)});
  add_all(twins, {"HSET", "large"}, words);
  EXPECT_EQ(twins.check("large"), 4);
  EXPECT_GT(twins.commands(), 10u) << "in pieces";
}

TEST(ValueCommandsServer, EncodingsOfOlderServers) {
  CAIRN_NEEDS_REDIS();
  RedisServer::Options options;
  options.config = "sanitize-dump-payload yes\n";   // the server looks at all of what we made
  Twins twins(options);
  std::mt19937_64 random(6);
  for (int round = 0; round < 30; ++round) {
    const std::string key = std::to_string(round);
    std::vector<packed::Element> elements, pairs, scored;
    std::vector<std::pair<std::string, std::string>> zipped;
    for (int i = 0; i < 40; ++i) {
      const auto number = static_cast<int64_t>(random()) >> (random() % 64);
      const packed::Element word = "s" + random_bytes(random, random() % 300), element = random() % 2 == 0 ? packed::Element(number) : word;
      elements.push_back(element);
      pairs.insert(pairs.end(), {packed::Element("f" + std::to_string(i)), element});
      scored.insert(scored.end(), {packed::Element("m" + std::to_string(i)), packed::Element(number >> 12)});
      zipped.emplace_back("f" + std::to_string(i), element.text);
    }
    twins.check_foreign("list" + key, 10, string(packed::ziplist(elements)));
    twins.check_foreign("quick" + key, 14, length(2) + string(packed::ziplist(elements)) + string(packed::ziplist({"x", 1})));
    twins.check_foreign("hash" + key, 13, string(packed::ziplist(pairs)));
    twins.check_foreign("map" + key, 9, string(packed::zipmap(zipped, static_cast<size_t>(round % 5))));
    twins.check_foreign("pack" + key, 16, string(packed::listpack(pairs)));
    std::ranges::sort(zipped, {}, [](const auto& pair) { return pair.second; });
    // A packed sorted set stands in order.
    std::vector<std::pair<int64_t, std::string>> order;
    for (size_t i = 0; i < scored.size(); i += 2) order.emplace_back(scored[i + 1].integer, scored[i].text);
    std::ranges::sort(order);
    scored.clear();
    for (const auto& [score, member] : order) scored.insert(scored.end(), {packed::Element(member), packed::Element(score)});
    twins.check_foreign("zset" + key, 12, string(packed::ziplist(scored)));
  }
  twins.check_foreign("list", 1, length(3) + strings({"a", "", "b"}));
  twins.check_foreign("texts", 3,
                      length(4) + string("a") + "\x03" "1.5" + string("b") + "\xfe" + string("c") + "\xff" + string("d") +
                          "\x13" "0.10000000000000001");
}

TEST(ValueCommandsServer, StreamsWithGroups) {
  CAIRN_NEEDS_REDIS();
  RedisServer::Options options;
  options.config = "stream-node-max-entries 10\n";
  Twins twins(options);
  for (int i = 1; i <= 55; ++i) {
    const std::string at = std::to_string(1000 + i / 3) + "-" + std::to_string(i);
    twins.run({"XADD", "s", at, "field", std::to_string(i * 1000), "other", i % 7 == 0 ? std::string(300, 'o') : "-3"});
  }
  twins.run({"XADD", "s", "2000-0", "odd", "one", "12", "34"});
  twins.run_line("XGROUP CREATE s early 0");
  twins.run_line("XGROUP CREATE s late $");
  twins.run_line("XGROUP CREATE s counted 1005-15 ENTRIESREAD 15");
  twins.run_line("XREADGROUP GROUP early alice COUNT 20 STREAMS s >");
  twins.run_line("XREADGROUP GROUP early bob COUNT 15 STREAMS s >");
  twins.run_line("XREADGROUP GROUP early bob COUNT 2 STREAMS s >");
  twins.run_line("XREADGROUP GROUP counted carol COUNT 5 STREAMS s >");
  twins.run_line("XGROUP CREATECONSUMER s early idle");
  twins.run_line("XGROUP CREATECONSUMER s late waiting");
  twins.run_line("XACK s early 1001-3 1001-4 1002-6");
  twins.run_line("XCLAIM s early dave 0 1002-7 1002-8 TIME 1600000000123 RETRYCOUNT 9");
  EXPECT_EQ(twins.check("s"), 19);
  twins.run_line("RENAME s t");
  twins.run_line("XDEL t 2000-0 1017-51 1018-55");   // tombstones, also the last one
  twins.run_line("XADD t 3000-1 after deletion");
  EXPECT_EQ(twins.check("t"), 19);
}

TEST(ValueCommandsServer, EmptyStreams) {
  CAIRN_NEEDS_REDIS();
  Twins twins;
  for (const char* line : {"XADD trimmed 5-5 a b", "XTRIM trimmed MAXLEN 0", "XADD deleted 6-6 a b", "XDEL deleted 6-6",
                           "XADD read 7-7 a b", "XGROUP CREATE read g 0"}) {
    twins.run_line(line);
  }
  twins.run_line("XGROUP CREATECONSUMER read g idle");
  twins.run_line("XDEL read 7-7");
  twins.run_line("XGROUP CREATE fresh g $ MKSTREAM");
  twins.run_line("XGROUP CREATE bare g $ MKSTREAM");
  twins.run_line("XGROUP DESTROY bare g");
  twins.run_line("XADD set 1-1 a b");
  twins.run_line("XSETID set 9-9 ENTRIESADDED 100 MAXDELETEDID 4-4");
  for (const char* key : {"trimmed", "deleted", "read", "fresh", "bare", "set"}) EXPECT_EQ(twins.check(key), 19) << key;
}

// Whatever was done to a stream, but pending entries that are deleted.
TEST(ValueCommandsServer, StreamsWithAnyHistory) {
  CAIRN_NEEDS_REDIS();
  for (uint64_t seed = 0; seed < 12; ++seed) {
    RedisServer::Options options;
    options.config = "stream-node-max-entries " + std::to_string(1 + seed * 3) + "\n";
    Twins twins(options);
    std::mt19937_64 random(seed);
    std::vector<std::string> ids;
    uint64_t ms = 1, seq = 0;
    for (int step = 0; step < 300; ++step) {
      if (random() % 3 == 0) ms += 1 + random() % 100000, seq = random() % 3;
      const std::string at = std::to_string(ms) + "-" + std::to_string(++seq);
      Words words = {"XADD", "s", at};
      for (size_t fields = random() % 4 == 0 ? 1 + random() % 5 : 2; fields > 0; --fields) {
        words.insert(words.end(), {random() % 5 == 0 ? random_word(random) : "f" + std::to_string(fields), random_word(random)});
      }
      twins.run(words);
      ids.push_back(at);
    }
    for (int i = 0; i < 60; ++i) twins.run({"XDEL", "s", ids[random() % ids.size()]});
    twins.run({"XTRIM", "s", "MAXLEN", std::to_string(150 + random() % 100)});
    for (int group = 0; group < 3; ++group) {
      const std::string name = "g" + std::to_string(group);
      twins.run({"XGROUP", "CREATE", "s", name, group == 0 ? "0" : ids[random() % ids.size()]});
      for (int i = 0; i < 10; ++i) {
        const std::string consumer = "c" + std::to_string(random() % 4), count = std::to_string(random() % 20 + 1);
        twins.run({"XREADGROUP", "GROUP", name, consumer, "COUNT", count, "STREAMS", "s", ">"});
        twins.run({"XACK", "s", name, ids[random() % ids.size()], ids[random() % ids.size()]});
      }
    }
    EXPECT_EQ(twins.check("s"), 19) << seed;
  }
}

TEST(ValueCommandsServer, PendingEntriesThatWereDeletedAreLeftOut) {
  CAIRN_NEEDS_REDIS();
  Twins twins;
  for (const char* line : {"XADD s 1-1 a b", "XADD s 1-2 a b", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c STREAMS s >", "XDEL s 1-1"}) {
    twins.run_line(line);
  }
  const std::string payload = twins.run({"DUMP", "s"}).text;
  twins.tell("s", 19, payload.substr(1, payload.size() - 1 - kFooterBytes));
  twins.run_line("XACK s g 1-1");   // now the original is without it, too
  twins.compare("s");
}

// Redis 5 and 6 wrote streams without counters; what Redis 7 makes of them is its own.
TEST(ValueCommandsServer, StreamsOfOlderServers) {
  CAIRN_NEEDS_REDIS();
  RedisServer::Options options;
  options.config = "sanitize-dump-payload yes\n";
  Twins twins(options);
  const std::string node = string(id(10, 1)) +
                           string(packed::listpack({2, 1, 2, "f", 7, 0, 2, 0, 0, "a", 1, 5, 3, 0, 1, "b", 2, 5, 0, 2, -1, 1, "other", "c",
                                                    6}));
  const std::string group = length(1) + string("g") + length(10) + length(1) + length(1) + id(10, 1) + little(1600000000000, 8) +
                            length(3) + length(1) + string("alice") + little(1600000000001, 8) + length(1) + id(10, 1);
  twins.check_foreign("s", 15, length(1) + node + length(2) + length(12) + length(5) + group, false);
  twins.check_foreign("empty", 15, length(0) + length(0) + length(12) + length(5) + length(0), false);
}

TEST(ValueCommandsServer, ValkeysSetsAndStreams) {
  CAIRN_NEEDS_VALKEY();
  RedisServer::Options options;
  options.valkey = true;
  options.config = "stream-node-max-entries 10\n";
  Twins twins(options);
  std::mt19937_64 random(7);
  add_all(twins, {"SADD", "set"}, {"a", "1", "-70000", std::string(60, 'x')});
  EXPECT_EQ(twins.check("set"), 20);
  for (int i = 1; i <= 35; ++i) twins.run({"XADD", "s", "5-" + std::to_string(i), "f", random_word(random)});
  twins.run_line("XGROUP CREATE s g 0");
  twins.run_line("XREADGROUP GROUP g c COUNT 12 STREAMS s >");
  twins.run_line("XDEL s 5-30");
  EXPECT_EQ(twins.check("s"), 21);
}

}  // namespace
}  // namespace cairn
