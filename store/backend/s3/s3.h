// A repository in an S3 bucket, below a prefix.  Needs PutObject, GetObject and ListBucket; DeleteObject for remove() only.
//
// Durable:  one PUT a file, so nothing is visible before it is whole; the server checks its SHA-256 and MD5, and we its ETag.
// Create:   atomic by "If-None-Match: *" where the server honours it (asked once for each machine), else by claims (atomic_put.h).
// Upload:   collected in an unnamed temporary file in options.local_folder, sent by commit().
// Read:     who reads a file from front to back is read ahead for, see read_ahead.h.
// Key:      PREFIX/NAME.  PREFIX/tmp/ holds the probe and claims; nothing of it is listed.
// Errors:   as in backend.h, from client.h.   Memory: 64 MiB of read-ahead, 256 KiB an upload, the answers on their way.
// Threads:  thread-safe.
#pragma once

#include <memory>
#include <string>

#include "store/backend/backend.h"
#include "store/backend/s3/client.h"

namespace cairn {

struct S3Options {
  std::string local_folder;        // for temporary files and what is known of the server
  bool (*stop)() = nullptr;        // somebody wants to stop: failing requests throw kInterrupted instead of being repeated
  uint64_t upload_bytes_per_second = 0, download_bytes_per_second = 0;   // 0: unbounded
};

// With what the environment says: CAIRN_S3_RETRY_SECONDS (how long failing requests are repeated; 300), CAIRN_S3_CA_FILE.
// kInvalidArgument.
S3Settings s3_settings(const S3Options& options);

// Nothing is asked of the server here.  `url`: see place.h.   kInvalidArgument.
std::unique_ptr<Backend> open_s3(std::string_view url, const S3Options& options);

}  // namespace cairn
