// RDB files as components of snapshots, and two real servers: one to take them from, one to restore them into.
#pragma once

#include <array>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "ingest/redis/connection.h"
#include "ingest/redis/rdb_source.h"
#include "ingest/redis/server/redis_restore.h"
#include "store/tree/chunk_list.h"
#include "store/tree/directory.h"
#include "store/write/write_session.h"
#include "tests/ingest/backup_fixture.h"
#include "tests/ingest/rdb_fixture.h"
#include "tests/ingest/redis_server.h"

namespace cairn {

class RedisRestoreTest : public BackupTest {
 protected:
  static void SetUpTestSuite() {
    if (!RedisServer::missing().empty()) return;
    slots()[0] = std::make_unique<RedisServer>();
    slots()[1] = std::make_unique<RedisServer>();
  }
  static void TearDownTestSuite() {
    for (auto& slot : slots()) slot.reset();
  }
  void SetUp() override {
    if (!slots()[0]) GTEST_SKIP() << "SKIPPED: " << RedisServer::missing();
    for (auto& slot : slots()) slot->cli_script("FLUSHALL\nFUNCTION FLUSH\n");
  }
  static RedisServer& source() { return *slots()[0]; }
  static RedisServer& target() { return *slots()[1]; }

  // Every type and encoding that the server has, functions, TTLs, three databases.
  static void fill_source() {
    const std::string told = source().cli_script(R"keys(SET s "plain text"
SET int8 -5
SET int32 1234567890
SETRANGE long 5000 x
PFADD hll a b c d
SET ttl value PX 100000000
RPUSH short-list a b 3
SADD intset 1 2 3
SADD set a b c
HSET hash f v g 12
ZADD zset 1 a 2.5 b +inf c
XADD stream 1-1 f v
XADD stream 2-1 f w g x
XGROUP CREATE stream workers 0
XREADGROUP GROUP workers me COUNT 1 STREAMS stream >
XGROUP CREATECONSUMER stream workers idle
XADD trimmed 5-1 a b
XADD trimmed 6-1 a b
XDEL trimmed 5-1
EVAL "for i=1,5000 do redis.call('RPUSH','long-list',string.rep('x',i%90)..i) end" 0
EVAL "for i=1,3000 do redis.call('SADD','big-set','member'..i) redis.call('HSET','big-hash','field'..i,i) redis.call('ZADD','big-zset',i/7,'m'..i) end" 0
EVAL "for i=1,1000 do redis.call('XADD','big-stream',i..'-0','n',i,'text',string.rep('y',i%50)) end" 0
SELECT 3
SET s "another database"
SET ttl3 value PX 200000000
SELECT 10
SADD set z
FUNCTION LOAD "#!lua name=one\nredis.register_function('one', function() return 1 end)"
FUNCTION LOAD "#!lua name=two\nredis.register_function('two', function() return 2 end)"
)keys");
    EXPECT_EQ(told.find("ERR"), std::string::npos) << told;
  }

  static std::string saved(const RedisServer& server) {
    EXPECT_EQ(server.cli("SAVE"), "OK");
    std::ifstream in(server.rdb_path(), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  Manifest take_source() { return take(saved(source())); }

  // An RDB file as component "cache" of a snapshot.
  Manifest take(const std::string& rdb) {
    const std::unique_ptr<PartedSource> parted = make_rdb_source(in_reads_of(rdb));
    std::string stream;
    Bytes piece(256 << 10);
    while (const size_t got = parted->read(piece)) stream += text(ByteView(piece).first(got));
    StreamParts found = parted->parts();
    WriteSession session(repository());
    FrameBuilder builder = session.make_builder({1, 256 << 10});
    PutObject put = [&](ByteView object) { return session.put_object(object); };
    ChunkListWriter list(put);
    for (size_t at = 0; at < stream.size(); at += kChunk) {
      const ByteView chunk = view(stream).subspan(at, std::min(kChunk, stream.size() - at));
      const ChunkId id = repository().keys().chunk_id(chunk);
      std::vector<uint8_t> fresh;
      session.claim_new({&id, 1}, fresh);
      if (fresh[0]) builder.add(id, chunk);
      list.add({id, chunk.size()});
    }
    Entry entry;
    entry.name = "cache";
    entry.size_bytes = stream.size();
    entry.content = list.finish();
    DirectoryWriter root(put);
    root.add(entry);
    ComponentInfo component;
    component.name = "cache";
    component.kind = found.kind;
    component.size_bytes = stream.size();
    component.properties = found.properties;
    CatalogueWriter catalogue(put);
    for (Part part; found.sorted_parts && found.sorted_parts->next(part);) catalogue.add(part);
    component.catalogue = catalogue.finish();
    Manifest manifest;
    manifest.root = root.finish();
    manifest.components = {component};
    builder.flush();
    session.commit(manifest);
    return manifest;
  }

  RedisRestoreResult restore_into(const std::string& url, const Manifest& snapshot, const std::string& path = "cache") {
    return restore_into_redis(repository(), snapshot, path, RedisUrl(url), options_, notes_);
  }
  RedisRestoreResult restore_all(const Manifest& snapshot) { return restore_into(target().url(), snapshot); }
  ErrorCode failure(const Manifest& snapshot, const std::string& path = "cache", const std::string& url = "") {
    message_.clear();
    return code_thrown_by([&] { restore_into(url.empty() ? target().url() : url, snapshot, path); }, &message_);
  }

  // All keys: "0/name" → expiry and DUMP; of hash tables, which have no order, DEBUG DIGEST-VALUE.
  // `by_value`: DIGEST-VALUE of all, and what it leaves out.
  static std::map<std::string, std::string> facts_of_keys(const RedisServer& server, bool by_value = false) {
    BackupNotes notes;
    RedisConnection connection(RedisUrl(server.url()), notes);
    std::map<std::string, std::string> out;
    for (int db = 0; db < 16; ++db) {
      connection.must({"SELECT", std::to_string(db)});
      const RedisReply keys = connection.must({"KEYS", "*"});
      for (const RedisReply& key : keys.elements) {
        std::string facts = std::to_string(connection.must({"PEXPIRETIME", key.text}).integer) + " ";
        if (by_value || connection.must({"OBJECT", "ENCODING", key.text}).text == "hashtable") {
          facts += connection.must({"DEBUG", "DIGEST-VALUE", key.text}).elements.at(0).text;
          if (connection.must({"TYPE", key.text}).text == "stream") facts += flat(connection.must({"XINFO", "STREAM", key.text, "FULL"}));
        } else {
          facts += connection.must({"DUMP", key.text}).text;
        }
        out[std::to_string(db) + "/" + key.text] = facts;
      }
    }
    return out;
  }
  // A reply in one line, but for what changes with time and inside.
  static std::string flat(const RedisReply& reply) {
    if (reply.kind == RedisReply::Kind::kInteger) return std::to_string(reply.integer);
    if (reply.kind != RedisReply::Kind::kArray) return reply.text;
    std::string out = "(";
    for (size_t i = 0; i < reply.elements.size(); ++i) {
      out += flat(reply.elements[i]) + " ";
      const std::string& name = reply.elements[i].text;
      if (name == "seen-time" || name == "active-time" || name.starts_with("radix-tree")) ++i;
    }
    return out + ")";
  }
  // Lines, sorted: the server lists libraries in any order.
  static std::string functions_of(const RedisServer& server) {
    std::istringstream in(server.cli({"FUNCTION", "LIST", "WITHCODE"}));
    std::multiset<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.insert(line);
    std::string out;
    for (const std::string& line : lines) out += line + "\n";
    return out;
  }

  static constexpr size_t kChunk = 16 << 10;
  RedisRestoreOptions options_;
  BackupNotes notes_;
  std::string message_;

 private:
  static std::array<std::unique_ptr<RedisServer>, 2>& slots() {
    static std::array<std::unique_ptr<RedisServer>, 2> both;
    return both;
  }
};

}  // namespace cairn
