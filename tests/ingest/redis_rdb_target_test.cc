#include "ingest/redis/server/rdb_target.h"

#include <sys/stat.h>

#include "tests/ingest/rdb_synthetic.h"
#include "tests/ingest/redis_restore_fixture.h"

namespace cairn {

namespace {

class RedisRdbTarget : public RedisRestoreTest {
 protected:
  RedisRestoreResult write(const Manifest& snapshot, const std::string& file, const std::string& path = "cache") {
    return restore_into_rdb(repository(), snapshot, path, file, options_, notes_);
  }
  static std::string contents(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  static size_t files_in(const std::string& directory) {
    return static_cast<size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
  }
};

}  // namespace

TEST_F(RedisRdbTarget, LoadsIntoAServer) {
  fill_source();
  const Manifest snapshot = take_source();
  const std::string file = dir_ / "out.rdb";
  const RedisRestoreResult result = write(snapshot, file);
  EXPECT_EQ(result.keys, 21U) << notes_.all();
  EXPECT_EQ(result.functions, 2U);
  const RedisServer::Output checked = RedisServer::run({RedisServer::program(false, "check-rdb"), file}, "");
  EXPECT_EQ(checked.exit_status, 0) << checked.out;
  EXPECT_NE(checked.out.find("RDB looks OK"), std::string::npos) << checked.out;
  RedisServer::Options options;
  options.rdb = file;
  const RedisServer loaded(options);
  EXPECT_EQ(facts_of_keys(loaded), facts_of_keys(source()));
  EXPECT_EQ(functions_of(loaded), functions_of(source()));
  struct ::stat status{};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  const RdbContent content = read_rdb(contents(file));
  EXPECT_TRUE(content.whole) << content.problem;
  std::string aux;
  for (const RdbRecord& record : content.records) aux += record.name + (record.name == "redis-ver" ? "=" + record.decoded : "") + " ";
  EXPECT_TRUE(aux.starts_with("redis-ver=7.0.15 redis-bits ctime ") || aux.find("redis-ver=7.0.15") != aux.npos) << aux;
}

TEST_F(RedisRdbTarget, OnlyWhatIsSelected) {
  fill_source();
  const Manifest snapshot = take_source();
  options_.selection.patterns = {"s*"};
  EXPECT_EQ(write(snapshot, dir_ / "some.rdb").keys, 6U);
  const RdbContent content = read_rdb(contents(dir_ / "some.rdb"));
  EXPECT_TRUE(content.whole);
  std::string names;
  for (const RdbRecord& key : content.keys()) names += std::to_string(key.db) + "/" + key.name + " ";
  EXPECT_EQ(names, "0/s 0/set 0/short-list 0/stream 10/set 3/s ");
  EXPECT_TRUE(content.key(3, "s").has_value());
  EXPECT_TRUE(content.of(RdbReader::Item::kFunction).empty());
  options_.selection = {};
  EXPECT_EQ(write(snapshot, dir_ / "functions.rdb", "cache/functions").functions, 2U);
  EXPECT_EQ(write(snapshot, dir_ / "one.rdb", "cache/3/ttl3").keys, 1U);
  EXPECT_TRUE(read_rdb(contents(dir_ / "one.rdb")).key(3, "ttl3")->expires_ms.has_value());
}

TEST_F(RedisRdbTarget, KeepsTheVersionAndTheExpired) {
  for (const SyntheticRdb& rdb : synthetic_rdbs()) {
    if (rdb.unknown || rdb.keys.empty()) continue;
    const std::string file = dir_ / ("version" + std::to_string(rdb.version) + ".rdb");
    options_.replace = true;
    EXPECT_EQ(write(take(rdb.bytes), file).keys, rdb.keys.size()) << rdb.what << notes_.all();
    const RdbContent content = read_rdb(contents(file));
    EXPECT_TRUE(content.whole) << rdb.what << content.problem;
    EXPECT_EQ(content.version, rdb.version) << rdb.what;
    EXPECT_EQ(content.flavor, rdb.flavor) << rdb.what;
    for (const SyntheticKey& key : rdb.keys) {
      const auto written = content.key(key.db, key.name);
      ASSERT_TRUE(written.has_value()) << rdb.what << key.name;
      EXPECT_EQ(written->type, key.type) << rdb.what;
      EXPECT_EQ(written->expires_ms, key.expires_ms) << rdb.what;
      EXPECT_EQ(written->value.size(), key.value.size()) << rdb.what;
    }
  }
}

TEST_F(RedisRdbTarget, LeavesWhatIsThereAlone) {
  source().cli("SET a 1");
  const Manifest snapshot = take_source();
  fs::create_directory(dir_ / "place");
  const std::string file = dir_ / "place/a.rdb";
  std::ofstream(file) << "mine";
  EXPECT_EQ(code_thrown_by([&] { write(snapshot, file); }, &message_), ErrorCode::kInvalidArgument);
  EXPECT_NE(message_.find("--replace"), std::string::npos) << message_;
  EXPECT_EQ(contents(file), "mine");
  options_.replace = true;
  EXPECT_EQ(write(snapshot, file).keys, 1U);
  EXPECT_TRUE(read_rdb(contents(file)).whole);
  EXPECT_EQ(files_in(dir_ / "place"), 1U);
  options_.selection.patterns = {"none"};
  EXPECT_EQ(code_thrown_by([&] { write(snapshot, dir_ / "place/b.rdb"); }), ErrorCode::kNotFound);
  options_.selection = {};
  notes_.on_check_ = [](uint64_t) { throw Error(ErrorCode::kInterrupted, "stop"); };
  EXPECT_EQ(code_thrown_by([&] { write(snapshot, dir_ / "place/b.rdb"); }), ErrorCode::kInterrupted);
  notes_.on_check_ = {};
  EXPECT_EQ(code_thrown_by([&] { write(snapshot, dir_ / "nowhere/b.rdb"); }), ErrorCode::kNotFound);
  EXPECT_EQ(code_thrown_by([&] { write(snapshot, dir_ / "place"); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_thrown_by([&] { write(snapshot, dir_ / "place/"); }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(files_in(dir_ / "place"), 1U);
  options_.dry_run = true;
  EXPECT_EQ(write(snapshot, dir_ / "place/b.rdb").keys, 1U);
  EXPECT_EQ(files_in(dir_ / "place"), 1U);
}

}  // namespace cairn
