// Requests to one bucket: signed, repeated while that makes sense, verified.
//
// Repeated: transport failures, 408, 429, 5xx, 409 of a conditional PUT, a body damaged on the way; with growing, random pauses, or
//           as long as the server asks for (Retry-After), until `patience_s` has passed since the first failure.  A clock that is
//           wrong is corrected from the server's.
// Errors:   kNotFound; kWrongKey when these credentials may not delete or lock; kInvalidArgument when the bucket has no locks; kIo for all
//           else: what, where, the server's reason; kInterrupted in place of repeating once settings.stop says so.
//           What the server refused is S3Refused, so whatever else is thrown means that it can't be reached or talked to.
// Threads:  thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <span>

#include "store/backend/s3/http.h"
#include "store/backend/s3/listing.h"
#include "store/backend/s3/place.h"
#include "store/error.h"

namespace cairn {

struct S3Settings {
  HttpSettings http;
  double patience_s = 300;
  bool (*stop)() = nullptr;     // somebody wants to stop: nothing is repeated any more
  uint64_t upload_bytes_per_second = 0, download_bytes_per_second = 0;   // 0: unbounded
};

// The server answered, and repeating won't help.
class S3Refused : public Error {
 public:
  using Error::Error;
};

// What was asked of the server; repetitions count.
struct S3Counts {
  std::atomic<uint64_t> put{0}, get{0}, head{0}, list{0}, remove{0}, lock{0}, repeated{0}, sent_bytes{0}, received_bytes{0};
  uint64_t requests() const { return put + get + head + list + remove + lock; }
};

// Of a header; `what` it belongs to.   kIo unless it is a number.
uint64_t parse_length(std::string_view text, const std::string& what);

// As a sentence for people.
std::string describe(const S3Counts& counts);

struct S3Reply {
  int status = 0;
  S3Headers headers;
  Buffer body;
  S3Failure failure;    // of an answer that isn't a good one
  std::string header(const std::string& name) const {
    auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

class S3Client {
 public:
  S3Client(S3Place place, S3Credentials credentials, const S3Settings& settings);

  const S3Place& place() const { return place_; }
  const S3Counts& counts() const { return counts_; }

  // With headers such as range, if-match.  Good: 200, 206; also 416, whose reply is returned.
  S3Reply get(std::string_view key, const S3Headers& headers, uint64_t most_bytes);
  S3Reply head(std::string_view key);
  // Stores the body, and the headers with it.  With if-none-match or if-match among them: nullopt when the condition doesn't hold
  // (412), which may be this very put's own doing when an earlier answer was lost.  Returns the ETag.
  // Requires: body.finish() was called.
  std::optional<std::string> put(std::string_view key, const S3Body& body, const S3Headers& headers);
  // All objects whose key begins with one of `prefixes`, in the server's order, a page at a time; what lies between them comes along
  // where that is less requests, and is passed over where it fills more than a page.
  // Requires: `prefixes` are sorted, none begins with another one.
  void list(std::span<const std::string> prefixes, const std::function<void(S3Object&&)>& each);
  // It is a success when it wasn't there.  False when the bucket keeps it as an old version.
  bool remove(std::string_view key);
  // Any request to an object ("" for the bucket).  `good`: what is returned; other answers are errors.
  S3Reply request(const std::string& method, std::string_view key, const S3Query& query, S3Headers headers, const S3Body* body,
                  uint64_t most_bytes, std::initializer_list<int> good);

  // A reply to a PUT has told that the bucket keeps old versions.
  bool versions() const { return versions_; }

  // "s3://bucket/key".
  std::string name(std::string_view key) const;
  // By the clock of the server, as far as it is known.
  int64_t server_now_s() const;

 private:
  HttpRequest sign(const std::string& method, std::string_view key, const S3Query& query, const S3Headers& headers,
                   const S3Body* body, uint64_t most_bytes) const;
  bool correct_clock(const S3Headers& headers);
  void count(const std::string& kind);
  void pause(double seconds) const;
  [[noreturn]] void fail(const std::string& kind, std::string_view key, const S3Reply& reply, bool locks) const;

  const S3Place place_;
  const S3Credentials credentials_;
  const S3Settings settings_;
  Throttle upload_, download_;
  HttpClient http_;
  std::atomic<int64_t> clock_offset_s_{0};
  std::atomic<bool> versions_{false};
  S3Counts counts_;
};

}  // namespace cairn
