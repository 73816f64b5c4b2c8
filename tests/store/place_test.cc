// What URLs, the environment and the credentials file say, and what is refused.
#include "store/backend/s3/place.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "store/error.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

Environment environment(std::map<std::string, std::string> values) {
  return [values](const char* name) {
    auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kInvalidArgument);
    return e.what();
  }
  return "not refused";
}

TEST(S3Place, OfAmazonIsInTheHostName) {
  const S3Place place = parse_s3_place("s3://backups/host/a?region=eu-west-1", environment({}));
  EXPECT_EQ(place.request_host(), "backups.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(place.request_path("host/a/config"), "/host/a/config");
  EXPECT_EQ(place.request_path(""), "/");
  EXPECT_EQ(place.scheme, "https");
  EXPECT_EQ(place.prefix, "host/a");
  EXPECT_EQ(parse_s3_place("s3://with.dots", environment({})).request_host(), "s3.us-east-1.amazonaws.com");
}

TEST(S3Place, OfOthersIsInThePath) {
  const S3Place place = parse_s3_place("s3://backups/?endpoint=https://rgw.example:7480/", environment({{"AWS_REGION", "zone"}}));
  EXPECT_EQ(place.request_host(), "rgw.example:7480");
  EXPECT_EQ(place.request_path("a b"), "/backups/a%20b");
  EXPECT_EQ(place.request_path(""), "/backups");
  EXPECT_EQ(place.region, "zone");
  EXPECT_EQ(place.prefix, "");
  EXPECT_EQ(place.describe(), "s3://backups?endpoint=https://rgw.example:7480");
  EXPECT_TRUE(parse_s3_place("s3://backups?endpoint=rgw.example&style=virtual", environment({})).virtual_style);
}

TEST(S3Place, TakesTheEndpointFromTheEnvironmentUnlessTheUrlHasOne) {
  const auto both = environment({{"AWS_ENDPOINT_URL", "https://aws"}, {"CAIRN_S3_ENDPOINT", "https://ours"}, {"CAIRN_S3_REGION", "r"}, {"AWS_REGION", "s"}});
  EXPECT_EQ(parse_s3_place("s3://bucket", both).host, "ours");
  EXPECT_EQ(parse_s3_place("s3://bucket", both).region, "r");
  EXPECT_EQ(parse_s3_place("s3://bucket?endpoint=https%3A%2F%2Furl&region=t", both).host, "url");
}

TEST(S3Place, UnencryptedOnlyWithinTheMachineOrWhenAskedFor) {
  EXPECT_NE(refusal([] { parse_s3_place("s3://bucket?endpoint=http://rgw.example", environment({})); }).find("insecure=yes"), std::string::npos);
  EXPECT_EQ(parse_s3_place("s3://bucket?endpoint=http://rgw.example&insecure=yes", environment({})).scheme, "http");
  for (std::string host : {"127.0.0.1:7480", "localhost", "bucket.localhost:1", "[::1]:80"})
    EXPECT_EQ(parse_s3_place("s3://bucket?endpoint=http://" + host, environment({})).host, host);
  for (std::string host : {"127.0.0.1.example", "127.example:80", "notlocalhost"})
    EXPECT_NE(refusal([&] { parse_s3_place("s3://bucket?endpoint=http://" + host, environment({})); }).find("insecure=yes"), std::string::npos) << host;
}

TEST(S3Place, RefusesWithAdvice) {
  for (auto [url, says] : std::map<std::string, std::string>{{"s3://", "name of a bucket"}, {"s3://a_b!/x", "name of a bucket"}, {"s3://bucket//x", "empty elements"},
           {"s3://bucket?endpoit=x", "endpoint=URL"}, {"s3://bucket?style=host", "path or virtual"}, {"s3://bucket?endpoint=ftp://x", "https://"},
           {"s3://bucket?endpoint=https://x/path", "without path"}, {"s3://key:secret@bucket/x", "credentials don't belong"}, {"s3://bucket/%zz", "%25"},
           {"http://bucket", "s3://BUCKET/PREFIX"}}) {
    const std::string why = refusal([&, place = url] { parse_s3_place(place, environment({})); });
    EXPECT_NE(why.find(says), std::string::npos) << url << ": " << why;
  }
}

TEST(S3Credentials, OwnVariablesComeBeforeAmazons) {
  const auto found = find_s3_credentials(environment({{"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", "b"}, {"AWS_SESSION_TOKEN", "c"},
                                                      {"CAIRN_S3_ACCESS_KEY_ID", "d"}, {"CAIRN_S3_SECRET_ACCESS_KEY", "e"}}));
  EXPECT_EQ(found.access_key + found.secret_key + found.session_token, "de");
  EXPECT_NE(refusal([] { find_s3_credentials(environment({{"AWS_ACCESS_KEY_ID", "a"}})); }).find("AWS_SECRET_ACCESS_KEY"), std::string::npos);
}

TEST(S3Credentials, OfASourceComeBeforeThoseOfTheRepository) {
  std::map<std::string, std::string> values = {{"CAIRN_S3_ACCESS_KEY_ID", "repository"}, {"CAIRN_S3_SECRET_ACCESS_KEY", "1"}, {"CAIRN_S3_ENDPOINT", "https://here"}};
  EXPECT_EQ(find_s3_credentials(environment(values), S3Use::kSource).access_key, "repository");
  EXPECT_EQ(parse_s3_place("s3://media", environment(values), S3Use::kSource).host, "here");
  values.insert({{"CAIRN_SOURCE_S3_ACCESS_KEY_ID", "source"}, {"CAIRN_SOURCE_S3_SECRET_ACCESS_KEY", "2"}, {"CAIRN_SOURCE_S3_ENDPOINT", "https://there"},
                 {"CAIRN_SOURCE_S3_REGION", "north"}});
  EXPECT_EQ(find_s3_credentials(environment(values), S3Use::kSource).access_key, "source");
  EXPECT_EQ(find_s3_credentials(environment(values)).access_key, "repository");
  EXPECT_EQ(parse_s3_place("s3://media", environment(values), S3Use::kSource).host, "there");
  EXPECT_EQ(parse_s3_place("s3://media", environment(values), S3Use::kSource).region, "north");
  EXPECT_EQ(parse_s3_place("s3://media", environment(values)).host, "here");
  values.erase("CAIRN_SOURCE_S3_SECRET_ACCESS_KEY");   // half of a pair is never completed from elsewhere
  EXPECT_NE(refusal([&] { find_s3_credentials(environment(values), S3Use::kSource); }).find("CAIRN_SOURCE_S3_SECRET_ACCESS_KEY"), std::string::npos);
}

TEST(S3Credentials, OfAProfile) {
  TempDir dir;
  std::ofstream(dir / "file") << "# comment\n[default]\naws_access_key_id = a\naws_secret_access_key=b\n[ other ]\r\naws_access_key_id=c\r\n"
                                 "aws_secret_access_key = d=\r\naws_session_token = e\r\n[half]\naws_access_key_id = f\n";
  auto found = [&](const std::string& profile) {
    std::map<std::string, std::string> values{{"AWS_SHARED_CREDENTIALS_FILE", dir / "file"}};
    if (!profile.empty()) values["AWS_PROFILE"] = profile;
    const S3Credentials c = find_s3_credentials(environment(values));
    return c.access_key + " " + c.secret_key + " " + c.session_token;
  };
  EXPECT_EQ(found(""), "a b ");
  EXPECT_EQ(found("other"), "c d= e");
  EXPECT_NE(refusal([&] { found("half"); }).find("lacks"), std::string::npos);
  EXPECT_NE(refusal([&] { found("none"); }).find("AWS_ACCESS_KEY_ID"), std::string::npos);
}

}  // namespace
}  // namespace cairn
