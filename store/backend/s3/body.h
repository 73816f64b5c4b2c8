// What a PUT sends: bytes that can be read again from any place, for requests are repeated.
//
// Memory:   small bodies are held; larger ones lie in an unnamed temporary file.
// Errors:   kIo, kNoSpace, naming the folder.   Threads: append() by one thread; read() is thread-safe once all is appended.
#pragma once

#include <string>

#include "store/backend/s3/digest.h"
#include "store/fd.h"

namespace cairn {

class S3Body {
 public:
  // `spool_folder`: made when it is missing and needed.
  explicit S3Body(std::string spool_folder) : folder_(std::move(spool_folder)) {}
  void append(ByteView bytes);
  uint64_t size_bytes() const { return size_bytes_; }
  // Both digests; after it nothing may be appended.
  void finish();
  const Sha256& sha256() const { return sha256_; }
  const Md5& md5() const { return md5_; }
  // Bytes from `offset`; fewer than asked for only at the end.
  size_t read(uint64_t offset, std::span<uint8_t> out) const;

 private:
  void spool(ByteView bytes);
  std::string folder_;
  Bytes held_;              // all of it, until there is a file
  Fd file_;
  uint64_t size_bytes_ = 0;
  BodyDigest digest_;
  Sha256 sha256_{};
  Md5 md5_{};
};

}  // namespace cairn
