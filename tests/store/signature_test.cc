// Against the worked examples that Amazon publishes for Signature Version 4.
#include "store/backend/s3/signature.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

constexpr char kEmpty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char kTime[] = "20130524T000000Z";
const S3Credentials kExample{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};

std::string signature_of(const UnsignedRequest& request) {
  const std::string whole = authorization(request, kExample, "us-east-1", kTime);
  EXPECT_TRUE(whole.starts_with("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=")) << whole;
  return whole.substr(whole.find("Signature=") + 10);
}

S3Headers headers(const std::string& payload, S3Headers more = {}) {
  more["host"] = "examplebucket.s3.amazonaws.com";
  more["x-amz-date"] = kTime;
  more["x-amz-content-sha256"] = payload;
  return more;
}

TEST(Signature, OfAGetWithARange) {
  EXPECT_EQ(signature_of({"GET", "/test.txt", {}, headers(kEmpty, {{"range", "bytes=0-9"}}), kEmpty}),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(Signature, OfAPut) {
  const std::string payload = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
  const S3Headers more{{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  EXPECT_EQ(signature_of({"PUT", "/" + uri_encode("test$file.text", true), {}, headers(payload, more), payload}),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(Signature, OfAQueryWithoutValue) {
  EXPECT_EQ(signature_of({"GET", "/", {{"lifecycle", ""}}, headers(kEmpty), kEmpty}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(Signature, OfAList) {
  EXPECT_EQ(signature_of({"GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, headers(kEmpty), kEmpty}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(Signature, OfAnotherService) {
  const UnsignedRequest request{"GET", "/", {{"Version", "2010-05-08"}, {"Action", "ListUsers"}},
                                {{"host", "iam.amazonaws.com"}, {"x-amz-date", "20150830T123600Z"},
                                 {"content-type", "application/x-www-form-urlencoded;  charset=utf-8 "}}, kEmpty};
  const S3Credentials example{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
  EXPECT_EQ(authorization(request, example, "us-east-1", "20150830T123600Z", "iam"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request,SignedHeaders=content-type;host;x-amz-date,"
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST(Signature, EncodesWhatUrlsDoNotCarry) {
  EXPECT_EQ(uri_encode("a b/c+d~é*'()", true), "a%20b/c%2Bd~%C3%A9%2A%27%28%29");
  EXPECT_EQ(uri_encode("a/b", false), "a%2Fb");
  EXPECT_EQ(canonical_query({{"b", "2"}, {"a", "x y"}, {"B", ""}}), "B=&a=x%20y&b=2");
  EXPECT_EQ(amz_time(1369353600), kTime);
}

}  // namespace
}  // namespace cairn
