// Lists and errors as servers write them, and what must be refused.
#include "store/backend/s3/listing.h"

#include <gtest/gtest.h>

#include "store/error.h"

namespace cairn {
namespace {

TEST(S3Listing, OfAPageThatGoesOn) {
  const S3Listing page = parse_listing(R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix>p/</Prefix><IsTruncated>true</IsTruncated>
  <Contents><Key>p/a%20b%2Bc+d</Key><LastModified>2009-10-12T17:50:30.250Z</LastModified><ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag>
  <Size>434234</Size><Owner><ID>x</ID><Key>not this one</Key></Owner></Contents>
  <Contents><Key>p/z</Key><LastModified>1970-01-01T00:00:01Z</LastModified><Size>0</Size><Checksum/></Contents>
  <NextContinuationToken>a&lt;b&amp;c&#61;</NextContinuationToken><EncodingType>url</EncodingType></ListBucketResult>)");
  ASSERT_EQ(page.objects.size(), 2u);
  EXPECT_EQ(page.objects[0].key, "p/a b+c d");
  EXPECT_EQ(page.objects[0].size_bytes, 434234u);
  EXPECT_EQ(page.objects[0].modified_ns, 1255369830'250'000'000);
  EXPECT_EQ(page.objects[0].etag, "fba9dede5f27731c9771645a39863328");
  EXPECT_EQ(page.objects[1].modified_ns, 1'000'000'000);
  EXPECT_EQ(page.objects[1].etag, "");
  EXPECT_EQ(page.next, "a<b&c=");
}

TEST(S3Listing, OfNothing) {
  const S3Listing page = parse_listing("<ListBucketResult><IsTruncated>false</IsTruncated><NextContinuationToken>x</NextContinuationToken></ListBucketResult>\n");
  EXPECT_TRUE(page.objects.empty());
  EXPECT_EQ(page.next, "");
}

TEST(S3Listing, RefusesWhatIsNone) {
  const std::string key = "<Contents><Key>a</Key>", size = "<Size>1</Size>";
  for (const std::string& inside : {key + "</Contents>", "<Contents>" + size + "</Contents>", key + "<Size>-1</Size></Contents>", key + "<Size>1x</Size></Contents>",
           key + size + "<LastModified>now</LastModified></Contents>", key + size, std::string("<IsTruncated>true</IsTruncated>"), std::string("<a></b>"),
           std::string("&bomb;"), std::string("<![CDATA[x]]>"), std::string("&#xffff;"), std::string("<EncodingType>url</EncodingType><Contents><Key>%g</Key>") + size + "</Contents>"})
    EXPECT_THROW(parse_listing("<ListBucketResult>" + inside + "</ListBucketResult>"), Error) << inside;
  for (std::string whole : {"", "<html></html>", "<ListBucketResult>", "<!DOCTYPE x [<!ENTITY a 'b'>]><ListBucketResult/>", "hello", "<"})
    EXPECT_THROW(parse_listing(whole), Error) << whole;
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  EXPECT_THROW(parse_listing(deep), Error);
}

TEST(S3Retention, IsReadWithAnyFractionOfASecond) {
  const S3Retention ceph = parse_retention(
      "<?xml version=\"1.0\"?><Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2027-12-01T00:00:00.000000000Z</RetainUntilDate></Retention>");
  EXPECT_EQ(ceph.mode, "COMPLIANCE");
  EXPECT_EQ(ceph.end_ns, parse_s3_time("2027-12-01T00:00:00Z"));
  EXPECT_EQ(parse_retention("<Retention xmlns=\"x\"/>").mode, "");
  EXPECT_EQ(parse_retention("<Error><Code>NoSuchKey</Code></Error>").mode, "");
  EXPECT_THROW(parse_retention("<Retention><Mode>COMPLIANCE"), Error);
  EXPECT_THROW(parse_retention("<Retention><RetainUntilDate>soon</RetainUntilDate></Retention>"), Error);
}

TEST(S3Failure, IsReadWhereThereIsOne) {
  const S3Failure failure = parse_failure("<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>It isn&apos;t there</Message><Resource>/x</Resource></Error>");
  EXPECT_EQ(failure.code, "NoSuchKey");
  EXPECT_EQ(failure.message, "It isn't there");
  for (std::string none : {"", "<html><body>502 Bad Gateway", "<Error><Code>cut", "{}"}) EXPECT_EQ(parse_failure(none).code, "") << none;
}

}  // namespace
}  // namespace cairn
