#include "cli/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cairn {
namespace {

using Json = nlohmann::json;

Json entry(const std::string& path) { return Json::parse(entry_json(path, Entry{}, Manifest{})); }

TEST(Json, PathsThatAreTextAreGivenOnce) {
  const Json out = entry("media/ä\nb\"");
  EXPECT_EQ(out["path"], "media/ä\nb\"");
  EXPECT_FALSE(out.contains("path_base64"));
}

TEST(Json, OtherPathsAreGivenTwice) {
  const Json out = entry("b\xff");
  EXPECT_EQ(out["path"], "b\\xff");
  EXPECT_EQ(out["path_base64"], "Yv8=");
  EXPECT_EQ(entry("\xff")["path_base64"], "/w==");
  EXPECT_EQ(entry("ab\xff")["path_base64"], "YWL/");
  EXPECT_EQ(entry("\xed\xa0\x80")["path_base64"], "7aCA");  // a surrogate
}

TEST(Json, PartsTellWhatTheyAre) {
  Part part{"public/t.sql", "table", {}, {}, {{"rows", "1234"}, {"type", "TABLE"}}};
  Json out = Json::parse(entry_json("db/public/t.sql", Entry{}, Manifest{}, &part));
  EXPECT_EQ(out["part"], "table");
  EXPECT_EQ(out["part_type"], "TABLE");
  EXPECT_EQ(out["rows"], 1234);
  for (const char* rows : {"", "-1", "12x", "99999999999999999999"}) {
    part.properties["rows"] = rows;
    EXPECT_FALSE(Json::parse(entry_json("db/public/t.sql", Entry{}, Manifest{}, &part)).contains("rows")) << rows;
  }
  EXPECT_FALSE(entry("media/x").contains("part"));
}

TEST(Json, EmptyListsStayLists) { EXPECT_TRUE(Json::parse(damage_json(Damage{}))["victims"].is_array()); }

TEST(Json, MessagesAreOneLineEach) {
  EXPECT_EQ(message_json("warning", "", "a\nb").find('\n'), std::string::npos);
  const Json out = Json::parse(fatal_json("wrong_key", "no", 12));
  EXPECT_EQ(out, (Json{{"message_type", "error"}, {"code", "wrong_key"}, {"message", "no"}, {"exit_code", 12}}));
}

}  // namespace
}  // namespace cairn
