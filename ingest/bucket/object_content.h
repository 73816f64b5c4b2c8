// The bytes of one object: by GETs of pieces, all of one version of it.
//
// Memory:   a piece.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/backup/byte_source.h"
#include "store/backend/s3/client.h"
#include "store/tree/entry.h"

namespace cairn {

struct ObjectFacts {
  uint64_t size_bytes = 0;      // of the whole object
  int64_t modified_ns = 0;      // whole seconds
  std::vector<Xattr> xattrs;    // ingest/bucket/object_headers.h
};

struct ObjectPiece {
  enum class Outcome {
    kGot,
    kGone,        // there is no such object any more
    kChanged,     // it has another ETag, or another length, than was asked for
    kRefused,     // told in `why`
  };
  Outcome outcome = Outcome::kGot;
  Buffer bytes;
  ObjectFacts facts;
  std::string why;
};

constexpr uint64_t kObjectPieceBytes = 8 << 20;

// nullopt when there is no such object.   Errors: S3Refused, the client's.   Threads: thread-safe.
std::optional<ObjectFacts> object_facts(S3Client& client, const std::string& key);

// Bytes [offset, offset + length) as far as the object has them; `etag`: of the version they must be of, "" for any.  Length 0 asks for
// the facts of an object without bytes; one that has some is kChanged.
// Errors: those of the client when the server can't be reached or talked to.   Threads: thread-safe.
ObjectPiece get_piece(S3Client& client, const std::string& key, uint64_t offset, uint64_t length, const std::string& etag);

// The object became another one while it was read.
class ObjectChanged : public Error {
 public:
  explicit ObjectChanged(const std::string& message) : Error(ErrorCode::kIo, message) {}
};

// Threads:  one thread at a time.
class ObjectContent : public ByteSource {
 public:
  // The piece that begins at `offset`.
  using NextPiece = std::function<ObjectPiece(uint64_t offset)>;
  // Requires: first.outcome is kGot.
  ObjectContent(ObjectPiece&& first, NextPiece next) : piece_(std::move(first)), next_(std::move(next)), end_(piece_.bytes.size()) {}
  // Whatever is there now, a piece after the other.  `client` must outlive it.   Errors: kNotFound, S3Refused, the client's.
  static std::unique_ptr<ObjectContent> open(S3Client& client, const std::string& key);

  // Of the version that is read.
  const ObjectFacts& facts() const { return piece_.facts; }
  // Errors: ObjectChanged, S3Refused, the client's.
  size_t read(std::span<uint8_t> into) override;

 private:
  ObjectPiece piece_;
  NextPiece next_;
  uint64_t end_;       // of the piece, in the object
  size_t at_ = 0;      // in the piece
};

// The entry's size, time and attributes are those of the object.
void put_facts(const ObjectFacts& facts, Entry& entry);

}  // namespace cairn
