#include "ingest/postgres/login.h"

#include <gmock/gmock.h>

namespace cairn {
namespace {

using ::testing::Contains, ::testing::Not;

TEST(PostgresLogin, ConninfoIsWhatTheUrlItselfSays) {
  std::string why = "nothing";
  const auto parsed = parse_conninfo("postgresql://me@h:5433/d?sslmode=require", &why);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, (PostgresParameters{{"user", "me"}, {"host", "h"}, {"port", "5433"}, {"dbname", "d"}, {"sslmode", "require"}}));
  EXPECT_EQ(why, "nothing");
  EXPECT_FALSE(parse_conninfo("postgresql://h/d?no_such_keyword=1", &why));
  EXPECT_THAT(why, ::testing::HasSubstr("no_such_keyword"));
  EXPECT_THAT(why, Not(::testing::HasSubstr("\n")));
}

TEST(PostgresLogin, SecretsAreKnownByTheirKeywords) {
  const std::set<std::string> secret = secret_keywords();
  EXPECT_THAT(secret, ::testing::IsSupersetOf({"password", "sslpassword", "scram_client_key", "scram_server_key"}));
  for (const char* keyword : {"host", "hostaddr", "port", "dbname", "user", "sslmode", "passfile", "service"})
    EXPECT_THAT(secret, Not(Contains(keyword)));
}

TEST(PostgresLogin, PasswordsAreScrubbed) {
  EXPECT_EQ(scrubbed("hush said hushhush", "hush"), "*** said ******");
  EXPECT_EQ(scrubbed("no secret here", "hush"), "no secret here");
  EXPECT_EQ(scrubbed("**** and all", "****"), "*** and all");
  EXPECT_EQ(scrubbed("an abc is found by chance", "abc"), "an abc is found by chance");
  EXPECT_EQ(scrubbed("without a password", ""), "without a password");
}

TEST(PostgresLogin, MessagesBecomeOneLine) {
  EXPECT_EQ(libpq_line("\n two\n\tlines \n"), "two lines");
  EXPECT_EQ(libpq_line("refused\n\tIs it running?\nno", true), "refused. Is it running? no");
  EXPECT_EQ(libpq_line("tab\tis no end", true), "tab is no end");
  EXPECT_EQ(libpq_line(nullptr), "");
}

}  // namespace
}  // namespace cairn
