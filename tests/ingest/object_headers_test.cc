// What is kept of an object's headers, and what is given back.
#include "ingest/bucket/object_headers.h"

#include <gtest/gtest.h>

#include "store/error.h"

namespace cairn {
namespace {

const S3Headers kAnswer = {{"etag", "\"0123abcd\""},      {"content-type", "image/png"},      {"content-length", "12"},
                           {"cache-control", "max-age=1"}, {"x-amz-meta-owner", "Z\xc3\xbc"}, {"x-amz-meta-", "nameless"},
                           {"x-amz-request-id", "tx1"},    {"content-disposition", "attachment; filename=\"a b\""}};

TEST(ObjectHeaders, BecomeAttributesAndHeadersAgain) {
  const std::vector<Xattr> kept = xattrs_of_headers(kAnswer);
  std::vector<std::string> names;
  for (const Xattr& xattr : kept) names.push_back(xattr.name);
  EXPECT_EQ(names, (std::vector<std::string>{"user.s3.cache-control", "user.s3.content-disposition", "user.s3.content-type",
                                             "user.s3.etag", "user.s3.meta.owner"}));
  EXPECT_EQ(etag_of(kept), "0123abcd");
  EXPECT_EQ(headers_of_xattrs(kept), (S3Headers{{"cache-control", "max-age=1"},
                                                {"content-disposition", "attachment; filename=\"a b\""},
                                                {"content-type", "image/png"},
                                                {"x-amz-meta-owner", "Z\xc3\xbc"}}));
}

TEST(ObjectHeaders, OfOtherAttributesAreNone) {
  const Bytes value = {'x'};
  EXPECT_TRUE(headers_of_xattrs({{"user.s3.x-amz-acl", value}, {"user.mime", value}, {"security.capability", value}, {"user.s3.meta.", value}}).empty());
  EXPECT_EQ(etag_of({{"user.mime", value}}), "");
}

// An attribute can't add a header of its own to a request.
TEST(ObjectHeaders, HaveNoLineEnds) {
  auto refused = [](const std::string& name, const std::string& value) {
    try {
      headers_of_xattrs({{name, {value.begin(), value.end()}}});
      return false;
    } catch (const Error& e) {
      return e.code() == ErrorCode::kInvalidArgument;
    }
  };
  EXPECT_TRUE(refused("user.s3.content-type", "text/plain\r\nx-amz-acl: public-read"));
  EXPECT_TRUE(refused("user.s3.meta.a", std::string(1, '\0')));
  EXPECT_TRUE(refused("user.s3.meta.a\nb", "x"));
  EXPECT_TRUE(refused("user.s3.meta.a:b", "x"));
  EXPECT_FALSE(refused("user.s3.meta.a", "\xc3\xbc = %0d%0a"));
}

TEST(ObjectHeaders, TellEtagsAndTimes) {
  EXPECT_EQ(bare_etag("\"a\""), "a");
  EXPECT_EQ(bare_etag("W/\"a\""), "a");
  EXPECT_EQ(bare_etag("a-3"), "a-3");
  EXPECT_EQ(parse_http_time("Wed, 21 Oct 2015 07:28:00 GMT"), 1445412480'000000000);
  EXPECT_EQ(parse_http_time("Wed, 21 Oct 2015 07:28:00 GMT, really"), 0);
  EXPECT_EQ(parse_http_time(""), 0);
}

}  // namespace
}  // namespace cairn
