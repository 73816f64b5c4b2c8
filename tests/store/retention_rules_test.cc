#include "store/retention/rules.h"

#include <gtest/gtest.h>

#include "store/error.h"

namespace cairn {

namespace {

TEST(RetentionRules, ReadsRulesOfOneComponent) {
  const ComponentRules db = parse_component_rules("db:hourly=168,daily=30");
  EXPECT_EQ(db.component, "db");
  EXPECT_EQ(db.rules.hourly, 168);
  EXPECT_EQ(db.rules.daily, 30);
  EXPECT_EQ(db.rules.last + db.rules.weekly + db.rules.monthly + db.rules.yearly, 0);
  const KeepRules all = parse_rules("last=1,hourly=2,daily=3,weekly=4,monthly=5,yearly=6,within=1y6m,tag=a:b,tag=c");
  EXPECT_EQ(all.last * 100000 + all.hourly * 10000 + all.daily * 1000 + all.weekly * 100 + all.monthly * 10 + all.yearly, 123456);
  EXPECT_EQ(all.within, (Span{1, 6, 0, 0, 0}));
  EXPECT_EQ(all.tags, (std::vector<std::string>{"a:b", "c"}));
}

TEST(RetentionRules, NamesAndTagsMayHaveColons) {
  EXPECT_EQ(parse_component_rules("a:b:tag=c:d").component, "a:b");
  EXPECT_EQ(parse_component_rules("a:b:tag=c:d").rules.tags, std::vector<std::string>{"c:d"});
}

TEST(RetentionRules, RefusesWhatMakesNoSense) {
  for (const char* text : {"", "db", "db:", ":daily=3", "daily=3", "db:daily", "db:daily=", "db:daily=0", "db:daily=-1", "db:daily=x",
                           "db:daily=3,", "db:nightly=3", "db:within=x", "db:daily=99999999999", "db:daily=3x"})
    EXPECT_THROW(parse_component_rules(text), Error) << text;
}

TEST(RetentionRules, PresetsAreTheDocumentedOnesAndCombine) {
  KeepRules standard, last10;
  standard.daily = 7;
  standard.weekly = 4;
  standard.monthly = 12;
  last10.last = 10;
  EXPECT_EQ(preset_rules("standard"), standard);
  EXPECT_EQ(preset_rules("last10"), last10);
  KeepRules both = standard;
  both.last = 10;
  EXPECT_EQ(both_rules(standard, last10), both);
  EXPECT_EQ(both_rules(last10, standard), both);
  EXPECT_EQ(both_rules(parse_rules("within=30d,daily=3"), parse_rules("within=2m,daily=9")), parse_rules("within=2m,daily=9"));
  EXPECT_THROW(preset_rules("strict"), Error);
  EXPECT_TRUE(KeepRules{}.empty());
  EXPECT_FALSE(parse_rules("tag=x").empty());
}

}  // namespace

}  // namespace cairn
