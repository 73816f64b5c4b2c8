#include "cli/restore_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cairn {
namespace {

using Json = nlohmann::json;

TEST(RestoreJson, ARestoreHasItsFields) {
  RestoreResult result;
  result.files = 3;
  result.bytes = 7;
  const Json out = Json::parse(restore_json(result, {"a", "b"}, "to\xff", false, 1'500'000'000));
  EXPECT_EQ(out["message_type"], "summary");
  EXPECT_EQ(out["snapshot_ids"], Json::array({"a", "b"}));
  EXPECT_EQ(out["target"], "to\\xff");
  EXPECT_EQ(out["target_base64"], "dG//");
  EXPECT_EQ(out["files"], 3);
  EXPECT_EQ(out["bytes"], 7);
  EXPECT_EQ(out["duration_s"], 1.5);
  EXPECT_EQ(out["dry_run"], false);
}

TEST(RestoreJson, OneSnapshotIsAListToo) {
  EXPECT_EQ(Json::parse(server_restore_json({}, "a", "h", true, 0))["snapshot_ids"], Json::array({"a"}));
  EXPECT_EQ(Json::parse(redis_restore_json({}, "a", "h", true, 0))["snapshot_ids"], Json::array({"a"}));
  EXPECT_EQ(Json::parse(document_restore_json({}, "a", true, 0))["snapshot_ids"], Json::array({"a"}));
}

TEST(RestoreJson, WhatAServerDidNotTakeIsOneLineEach) {
  PostgresRestoreResult result;
  result.tolerated = {"extension\nplpgsql"};
  const Json out = Json::parse(server_restore_json(result, "a", "postgresql://h/d", false, 0));
  EXPECT_EQ(out["to"], "postgresql://h/d");
  ASSERT_EQ(out["tolerated"].size(), 1u);
  EXPECT_EQ(out["tolerated"][0].get<std::string>().find('\n'), std::string::npos);
  EXPECT_TRUE(out["targets"].is_array());
  EXPECT_TRUE(out["mismatches"].is_array());
}

}  // namespace
}  // namespace cairn
