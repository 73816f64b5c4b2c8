#include "ingest/redis/part_names.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "ingest/parts/names.h"
#include "ingest/redis/rdb_source.h"
#include "store/tree/catalogue.h"

namespace cairn {
namespace {

std::string record_name(uint32_t db, std::string_view key) {
  std::string out = "what was there";
  redis_record_name(db, key, out);
  return out;
}

TEST(RedisPartNames, AreDatabaseAndKey) {
  EXPECT_EQ(redis_part_name(0, "session:42"), "0/session:42");
  EXPECT_EQ(redis_part_name(4294967295, "a"), "4294967295/a");
  EXPECT_EQ(redis_part_name(3, ""), "3/%");
  EXPECT_EQ(redis_part_name(3, ".a/b%"), "3/%2Ea%2Fb%25");
  EXPECT_EQ(redis_part_name(0, std::string_view("\0\n\xff", 3)), "0/%00%0A\xff");
  EXPECT_EQ(record_name(0, "session:42"), "0/session:42");
}

TEST(RedisPartNames, LongOnesAreCut) {
  const std::string fits(200, 'k'), longer(201, 'k'), other = longer + "x", escapes(67, '/');
  EXPECT_EQ(redis_part_name(1, fits), "1/" + fits);
  EXPECT_FALSE(redis_part_name_is_cut(fits));
  EXPECT_TRUE(redis_part_name_is_cut(longer));
  EXPECT_TRUE(redis_part_name_is_cut(escapes));
  EXPECT_FALSE(redis_part_name_is_cut(std::string(66, '/')));
  EXPECT_NE(redis_part_name(1, longer), redis_part_name(1, other));
  const std::string cut = redis_part_name(1, longer);
  EXPECT_EQ(cut.substr(0, 164), "1/" + std::string(160, 'k') + "%~");
  EXPECT_EQ(cut.size(), 2u + 160 + 2 + 32);
  EXPECT_EQ(unescape_part_name(cut.substr(2)), std::nullopt);   // so no key is called so
  EXPECT_EQ(record_name(1, longer), cut + '\0' + longer);
  EXPECT_EQ(redis_part_of(record_name(1, longer)), cut);
  EXPECT_EQ(redis_cut_key(record_name(1, longer)), longer);
  EXPECT_EQ(redis_cut_key(record_name(1, fits)), "");
}

TEST(RedisPartNames, NoCharacterIsCutInTwo) {
  for (size_t shift = 0; shift < 8; ++shift) {
    std::string key(shift, 'a'), escaped(shift, 'a');
    while (key.size() < 300) key += "\xe2\x82\xac";   // €
    while (escaped.size() < 300) escaped += "/";
    const std::string name = redis_part_name(0, key), other = redis_part_name(0, escaped);
    EXPECT_EQ((name.find("%~") - 2 - shift) % 3, 0u) << name;
    EXPECT_EQ((other.find("%~") - 2 - shift) % 3, 0u) << other;
  }
}

TEST(RedisPartNames, AreValidAndOneForEachKey) {
  std::mt19937_64 random(1);
  std::set<std::string> keys, names;
  for (int i = 0; i < 20'000; ++i) {
    std::string key(random() % 4 == 0 ? random() % 600 : random() % 8, '\0');
    for (char& c : key) c = static_cast<char>(random() % 5 == 0 ? random() : "./%a~"[random() % 5]);
    keys.insert(key);
    const std::string name = redis_part_name(0, key);
    ASSERT_TRUE(valid_part_name(name)) << name;
    names.insert(name);
    const std::string record = record_name(0, key);
    ASSERT_EQ(redis_part_of(record), name);
    ASSERT_EQ(record.size() > name.size(), redis_part_name_is_cut(key));
    if (!redis_part_name_is_cut(key)) {
      ASSERT_EQ(unescape_part_name(name.substr(2)), key);
    }
  }
  EXPECT_EQ(names.size(), keys.size());
}

TEST(RedisPartNames, FunctionsAreCalledAsTheyCallThemselves) {
  EXPECT_EQ(redis_function_name("#!lua name=mylib\nreturn"), "functions/mylib.lua");
  EXPECT_EQ(redis_function_name("#!lua \t flags=x  name=a_b"), "functions/a_b.lua");
  EXPECT_EQ(redis_function_name("#!lua name=../x\n"), "functions/%2E.%2Fx.lua");
  EXPECT_EQ(redis_function_name("#!lua\nname=late"), "");
  EXPECT_EQ(redis_function_name("#!lua name=\n"), "");
  EXPECT_EQ(redis_function_name("lua name=x\n"), "");
  EXPECT_EQ(redis_function_name(""), "");
}

}  // namespace
}  // namespace cairn
