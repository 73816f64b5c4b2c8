#include "cli/snapshot_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cairn {
namespace {

using Json = nlohmann::json;

TEST(SnapshotJson, BackupSummaryHasItsFields) {
  BackupResult result;
  result.manifest.stats.bytes_new = 7;
  result.manifest.tags = {"a"};
  const Json out = Json::parse(backup_json(result, 2, false));
  for (const char* name : {"message_type", "snapshot_id", "files_new", "files_changed", "files_unmodified", "bytes_read",
                           "bytes_new", "bytes_stored", "duration_s", "tags", "components", "errors"})
    EXPECT_TRUE(out.contains(name)) << name;
  EXPECT_EQ(out["message_type"], "summary");
  EXPECT_EQ(out["snapshot_id"].get<std::string>().size(), 64u);
  EXPECT_EQ(out["bytes_new"], 7);
  EXPECT_TRUE(Json::parse(backup_json(result, 0, true))["snapshot_id"].is_null());
}

TEST(SnapshotJson, SnapshotHasItsFields) {
  Manifest m;
  m.components.push_back({});
  m.components[0].name = "db";
  const Json out = Json::parse(snapshot_json(m));
  for (const char* name : {"id", "time", "host", "user", "tags", "components", "component_details", "size", "stats", "program",
                           "author"})
    EXPECT_TRUE(out.contains(name)) << name;
  EXPECT_EQ(out["components"], Json::array({"db"}));
  EXPECT_TRUE(out["tags"].is_array());
}

TEST(SnapshotJson, EmptyListsStayLists) {
  EXPECT_TRUE(Json::parse(snapshot_json(Manifest{}))["components"].is_array());
  EXPECT_TRUE(Json::parse(snapshot_json(Manifest{}))["component_details"].is_array());
}

TEST(SnapshotJson, DecisionsSayWhatBecomesOfASnapshot) {
  Decision decision;
  decision.keep = false;
  Json out = Json::parse(decision_json(Manifest{}, decision, ""));
  EXPECT_EQ(out["action"], "forget");
  EXPECT_TRUE(out["reasons"].is_array());
  EXPECT_FALSE(out.contains("doubt"));
  decision.keep = true;
  decision.reasons = {"daily"};
  out = Json::parse(decision_json(Manifest{}, decision, "in the future"));
  EXPECT_EQ(out["action"], "keep");
  EXPECT_EQ(out["reasons"], Json::array({"daily"}));
  EXPECT_EQ(out["doubt"], "in the future");
}

TEST(SnapshotJson, WhatWasReducedIsFoundByItsOldId) {
  SnapshotId before, after;
  before.bytes[0] = 1;
  after.bytes[0] = 2;
  const Json out = Json::parse(forget_json({.forgotten = 3, .reduced = 1, .kept = 5}, {{before, after}}, false));
  EXPECT_EQ(out["forgotten"], 3);
  EXPECT_EQ(out["replaced"], (Json{{before.hex(), after.hex()}}));
  EXPECT_TRUE(Json::parse(forget_json({}, {}, true))["replaced"].is_object());
}

TEST(SnapshotJson, ARatioToNothingIsNull) {
  ComponentInfo component;
  EXPECT_TRUE(Json::parse(component_json(component, std::nullopt))["compression_ratio"].is_null());
  component.new_bytes = 300;
  component.stored_bytes = 100;
  const Json out = Json::parse(component_json(component, 2));
  EXPECT_EQ(out["compression_ratio"], 3.0);
  EXPECT_EQ(out["snapshots"], 2);
}

}  // namespace
}  // namespace cairn
