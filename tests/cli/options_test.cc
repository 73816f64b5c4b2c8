#include "cli/options.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace cairn {
namespace {

class OptionsTest : public testing::Test {
 protected:
  OptionsTest() {
    ::setenv("HOME", "/home/somebody", 1);
    ::unsetenv("XDG_CACHE_HOME");
    ::unsetenv("XDG_CONFIG_HOME");
  }
};

TEST_F(OptionsTest, FoldersFollowTheXdgRules) {
  EXPECT_EQ(default_cache_folder(), "/home/somebody/.cache/cairn");
  EXPECT_EQ(default_configuration_file(), "/home/somebody/.config/cairn/cairn.toml");
  ::setenv("XDG_CACHE_HOME", "/var/cache", 1);
  EXPECT_EQ(default_cache_folder(), "/var/cache/cairn");
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  EXPECT_EQ(default_cache_folder(), "/home/somebody/.cache/cairn");
}

TEST_F(OptionsTest, WithoutHomeThePasswordDatabaseKnows) {
  ::unsetenv("HOME");
  EXPECT_TRUE(default_cache_folder().starts_with('/'));
  EXPECT_TRUE(default_cache_folder().ends_with("/.cache/cairn"));
}

TEST_F(OptionsTest, QuietAndVerboseExcludeEachOther) {
  Options options;
  options.quiet = true;
  options.verbosity = 1;
  EXPECT_THROW(finish_options(options), UsageError);
}

TEST_F(OptionsTest, TheCacheFolderIsFilledIn) {
  Options options;
  finish_options(options);
  EXPECT_EQ(options.cache_folder, "/home/somebody/.cache/cairn");
  options.cache_folder = "/x";
  finish_options(options);
  EXPECT_EQ(options.cache_folder, "/x");
}

}  // namespace
}  // namespace cairn
