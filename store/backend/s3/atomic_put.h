// Stores an object unless there is one of that key: exactly one of many does it, whatever the server can do.
//
// Where the server honours "If-None-Match: *" that is one request.  Elsewhere whoever wants to store puts a claim (an object with a
// random name) beside the key, and goes on only if he then sees no other claim and no object: of two, the later to list sees the
// other's claim, or what he stored.  Who sees another gives way and tries again after a random pause.  Claims of the dead are passed
// over after an hour, by the server's clock; nobody relies on one of his own that is half an hour old.  A random name (64 hexadecimal
// digits) is nobody else's, so it needs no claim.
//
// Errors:   kIo "exists with other content", and the client's.   Threads: thread-safe.
#pragma once

#include <mutex>

#include "store/backend/s3/client.h"

namespace cairn {

class AtomicPut {
 public:
  // `scratch`: the prefix of claims and of the probe, ending with '/'.  `known_file`: remembers what the server can do.
  AtomicPut(S3Client& client, std::string scratch, std::string known_file);
  // Equal bytes that are there already are a success: false, for then `headers` may not be theirs.
  bool put(const std::string& key, const S3Body& body, const S3Headers& headers = {});

 private:
  bool conditional();
  bool probe();
  bool put_claimed(const std::string& key, const S3Body& body, const S3Headers& headers);
  bool put_unclaimed(const std::string& key, const S3Body& body, const S3Headers& headers);
  bool nobody_else_claims(const std::string& claims, const std::string& mine);
  bool there(const std::string& key, const S3Body& body);
  bool equal(const std::string& key, const S3Body& body, const std::string& etag);
  void store(const std::string& key, const S3Body& body, const S3Headers& headers, const std::string& etag);
  S3Client& client_;
  const std::string scratch_, known_file_;
  std::mutex mu_;
  std::optional<bool> conditional_;               // guarded by mu_
  bool versions_ = false;                         // guarded by mu_; conditional_ holds although the bucket keeps versions
  std::atomic<int> md5_etags_{0}, other_etags_{0};   // seen so far
};

}  // namespace cairn
