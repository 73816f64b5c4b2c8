#include "ingest/postgres/postgres_url.h"

#include <gmock/gmock.h>

#include "store/error.h"

namespace cairn {
namespace {

using ::testing::HasSubstr, ::testing::Not;

// The message of a URL that is refused.
std::string refusal(const std::string& url) {
  try {
    PostgresUrl{url};
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "did not fail";
  return "";
}

TEST(PostgresUrl, TakesWhatLibpqTakes) {
  EXPECT_TRUE(PostgresUrl::is_one("postgresql://h"));
  EXPECT_TRUE(PostgresUrl::is_one("postgres://h"));
  EXPECT_FALSE(PostgresUrl::is_one("postgresql:/h"));
  EXPECT_FALSE(PostgresUrl::is_one("redis://h"));
  const PostgresUrl url("postgres://me:se%40cret@[::1]:5433/my%20db?sslmode=require");
  EXPECT_EQ(url.parameters(),
            (PostgresParameters{{"user", "me"}, {"password", "se@cret"}, {"host", "::1"}, {"port", "5433"}, {"dbname", "my db"}, {"sslmode", "require"}}));
  EXPECT_EQ(url.database(), "my db");
}

TEST(PostgresUrl, NamesComponents) {
  EXPECT_EQ(PostgresUrl("postgresql://h/authentik").component_name(), "authentik");
  EXPECT_EQ(PostgresUrl("postgresql://h1,h2").component_name(), "h1");
  EXPECT_EQ(PostgresUrl("postgresql://").component_name(), "postgres");
  EXPECT_EQ(PostgresUrl("postgresql:///?host=/run/postgresql").component_name(), "postgres");
  EXPECT_EQ(PostgresUrl("postgresql:///?dbname=x&host=/run/postgresql").component_name(), "x");
}

TEST(PostgresUrl, DescribesWithoutSecrets) {
  EXPECT_EQ(PostgresUrl("postgresql://me:hidden@h1:1,h2:2/my%20db?sslpassword=hidden&sslmode=require").description(),
            "postgresql://me@h1,h2:1,2/my%20db");
  EXPECT_EQ(PostgresUrl("postgres:///d?host=/run/pg&port=5&password=hidden&service=s").description(),
            "postgresql:///d?host=/run/pg&port=5&service=s");
}

TEST(PostgresUrl, SaysWhatIsWrongButNoPassword) {
  for (const char* url : {"postgresql://u:hid%zzden@h", "postgresql://u:p@hidden@h/db", "postgresql://u:pa/hidden@h/db", "postgresql://u:12/hidden@h/db",
                          "postgres://u:12/hidden@h?sslmode=require",
                          "postgresql://h/db?hidden", "postgresql://h/db?hidden=1", "mysql://u:hidden@h"}) {
    const std::string what = refusal(url);
    EXPECT_THAT(what, Not(HasSubstr("hidden"))) << url;
    EXPECT_THAT(what, HasSubstr("%40")) << url;
  }
}

}  // namespace
}  // namespace cairn
