// One look at several folders.
#include "store/backend/folder_listing.h"

#include <gtest/gtest.h>

#include "store/backend/memory.h"
#include "store/error.h"

namespace cairn {
namespace {

TEST(FolderListing, KnowsWhatItWasAskedForAndNothingElse) {
  MemoryBackend memory;
  for (std::string name : {"config", "gc/1", "gc-old/1", "packs/b", "packs/a", "notes/n"}) put(memory, name, view("x"));
  const FolderListing seen(memory, {"packs/", "gc/", "keys/"});
  memory.remove("gc/1");
  ASSERT_EQ(seen.in("packs/").size(), 2u);
  EXPECT_EQ(seen.in("packs/")[0].name, "packs/a");
  EXPECT_EQ(seen.in("packs/")[1].name, "packs/b");
  ASSERT_EQ(seen.in("gc/").size(), 1u);
  EXPECT_EQ(seen.in("gc/")[0].name, "gc/1");
  EXPECT_TRUE(seen.in("keys/").empty());
  EXPECT_TRUE(seen.covers("keys/"));
  EXPECT_FALSE(seen.covers("notes/"));
  EXPECT_THROW(seen.in("notes/"), Error);
}

}  // namespace
}  // namespace cairn
