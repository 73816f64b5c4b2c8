#include "cli/session.h"

#include <gtest/gtest.h>

#include "store/error.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

class SessionTest : public testing::Test {
 protected:
  ErrorCode open(const std::string& place) {
    options_.repository = place;
    Session session(options_, parser_, out_, progress_);
    try {
      session.repository();
    } catch (const Error& e) {
      return e.code();
    }
    return ErrorCode::kIo;
  }

  TempDir folder_;
  Options options_;
  Output out_;
  Parser parser_{"tool", "", "", ""};
  Progress progress_{options_, out_};
};

TEST(UrlScheme, IsWhatStandsBeforeTheSlashes) {
  EXPECT_EQ(url_scheme("s3://bucket/x"), "s3");
  EXPECT_EQ(url_scheme("postgresql://h"), "postgresql");
  EXPECT_EQ(url_scheme("/a/b"), "");
  EXPECT_EQ(url_scheme("db=s3://x"), "");
  EXPECT_EQ(url_scheme("a/b://c"), "");
  EXPECT_EQ(url_scheme("://"), "");
}

TEST_F(SessionTest, PlacesOfOtherKindsAreRefused) {
  EXPECT_THROW(open("sftp://bucket/x"), UsageError);
  EXPECT_THROW(open("s3://b"), UsageError);
  EXPECT_THROW(open(""), UsageError);
}

// Otherwise this would be a UsageError: there is no password to be had.
TEST_F(SessionTest, LooksForTheRepositoryBeforeThePassword) {
  EXPECT_EQ(open(folder_ / "missing"), ErrorCode::kNoRepository);
  EXPECT_EQ(open(folder_.path()), ErrorCode::kNoRepository);
}

}  // namespace
}  // namespace cairn
