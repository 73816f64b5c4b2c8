// AWS Signature Version 4, as S3 wants it: who sends a request, and that nothing in it was changed on the way.
// Source: "Signature Calculations for the Authorization Header" in the Amazon S3 API reference.
//
// Threads:  functions, thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace cairn {

struct S3Credentials {
  std::string access_key, secret_key;
  std::string session_token;   // "" unless they are temporary
};

using S3Query = std::map<std::string, std::string>;     // names and values as they are meant, not encoded
using S3Headers = std::map<std::string, std::string>;   // names in lower case

struct UnsignedRequest {
  std::string method;
  std::string path;             // from the '/', encoded by uri_encode()
  S3Query query;
  S3Headers headers;            // all that are signed: host, x-amz-date, x-amz-content-sha256 …
  std::string payload_sha256;   // hexadecimal
};

// Everything but A-Z a-z 0-9 - . _ ~ as %XX; '/' too unless `keep_slashes`.
std::string uri_encode(std::string_view text, bool keep_slashes);

// "a=1&b=", sorted and encoded: what is signed, and what must be sent.
std::string canonical_query(const S3Query& query);

// The value of the Authorization header.  `time`: as in x-amz-date, "20130524T000000Z".
std::string authorization(const UnsignedRequest& request, const S3Credentials& credentials, std::string_view region,
                          std::string_view time, std::string_view service = "s3");

// Seconds since the epoch as "20130524T000000Z".
std::string amz_time(int64_t seconds);

}  // namespace cairn
