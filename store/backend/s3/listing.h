// The XML that S3 answers with, read by a small parser: elements, text and the five entities; no attributes' values, no DTD, nothing
// that could grow (a document with a DTD is refused).
//
// Errors:   kCorrupt, naming what is wrong.   Memory: a page of at most 16 MiB.   Threads: functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

constexpr size_t kMostS3AnswerBytes = 16 << 20;

struct S3Object {
  std::string key;            // the whole one, as bytes
  uint64_t size_bytes = 0;
  int64_t modified_ns = 0;    // since the epoch
  std::string etag;           // without quotes
};

// One page of ListObjectsV2.
struct S3Listing {
  std::vector<S3Object> objects;
  std::string next;           // continuation token; "" on the last page
};
S3Listing parse_listing(std::string_view xml);

// An <Error>; both "" when it is none.
struct S3Failure {
  std::string code, message;
};
S3Failure parse_failure(std::string_view xml) noexcept;

// What GET ?retention answers.
struct S3Retention {
  std::string mode;           // "COMPLIANCE", "GOVERNANCE"; "" when it says nothing
  int64_t end_ns = 0;         // since the epoch
};
S3Retention parse_retention(std::string_view xml);

// "2009-10-12T17:50:30.000Z" in nanoseconds since the epoch; kCorrupt.
int64_t parse_s3_time(std::string_view text);

}  // namespace cairn
