#include "ingest/bucket/object_content.h"

#include <algorithm>

#include "ingest/bucket/object_headers.h"

namespace cairn {

namespace {

using Outcome = ObjectPiece::Outcome;

ObjectPiece outcome(Outcome what) {
  ObjectPiece out;
  out.outcome = what;
  return out;
}

ObjectFacts facts_of(const S3Reply& reply, uint64_t size_bytes) {
  return {size_bytes, parse_http_time(reply.header("last-modified")), xattrs_of_headers(reply.headers)};
}

ObjectPiece empty_object(S3Client& client, const std::string& key, const std::string& etag) {
  std::optional<ObjectFacts> facts = object_facts(client, key);
  if (!facts) return outcome(Outcome::kGone);
  ObjectPiece out;
  out.facts = std::move(*facts);
  const bool other = !etag.empty() && etag_of(out.facts.xattrs) != etag;
  return out.facts.size_bytes == 0 && !other ? std::move(out) : outcome(Outcome::kChanged);
}

ObjectPiece ask(S3Client& client, const std::string& key, uint64_t offset, uint64_t length, const std::string& etag) {
  if (length == 0) return empty_object(client, key, etag);
  S3Headers headers{{"range", "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + length - 1)}};
  if (!etag.empty()) headers["if-match"] = "\"" + etag + "\"";
  S3Reply reply = client.request("GET", key, {}, headers, nullptr, length, {200, 206, 412, 416});
  if (reply.status == 412 || (reply.status == 416 && offset > 0)) return outcome(Outcome::kChanged);
  if (reply.status == 416) return empty_object(client, key, etag);
  ObjectPiece out;
  uint64_t size_bytes = reply.body.size();   // 200: all of it
  const std::string range = reply.header("content-range");
  if (reply.status == 206) size_bytes = parse_length(std::string_view(range).substr(range.find('/') + 1), client.name(key));
  const bool asked = reply.status == 206 ? range.starts_with("bytes " + std::to_string(offset) + "-") : offset == 0;
  if (!asked || size_bytes <= offset || reply.body.size() != std::min(length, size_bytes - offset))
    throw Error(ErrorCode::kIo, client.name(key) + ": GET: the server sends another range than was asked for: " + printable(range));
  out.facts = facts_of(reply, size_bytes);
  if (!etag.empty() && etag_of(out.facts.xattrs) != etag) return outcome(Outcome::kChanged);   // a server that doesn't know If-Match
  out.bytes = std::move(reply.body);
  return out;
}

}  // namespace

std::optional<ObjectFacts> object_facts(S3Client& client, const std::string& key) {
  try {
    const S3Reply reply = client.head(key);
    return facts_of(reply, parse_length(reply.header("content-length"), client.name(key)));
  } catch (const S3Refused& refused) {
    if (refused.code() == ErrorCode::kNotFound) return std::nullopt;
    throw;
  }
}

ObjectPiece get_piece(S3Client& client, const std::string& key, uint64_t offset, uint64_t length, const std::string& etag) {
  try {
    return ask(client, key, offset, length, etag);
  } catch (const S3Refused& refused) {
    ObjectPiece out = outcome(refused.code() == ErrorCode::kNotFound ? Outcome::kGone : Outcome::kRefused);
    out.why = refused.what();
    return out;
  }
}

void put_facts(const ObjectFacts& facts, Entry& entry) {
  entry.size_bytes = facts.size_bytes;
  // A list tells fractions of a second, an answer to GET doesn't.
  if (etag_of(entry.xattrs) != etag_of(facts.xattrs)) entry.mtime_ns = facts.modified_ns;
  entry.xattrs = facts.xattrs;
}

std::unique_ptr<ObjectContent> ObjectContent::open(S3Client& client, const std::string& key) {
  ObjectPiece first = get_piece(client, key, 0, kObjectPieceBytes, "");
  if (first.outcome == Outcome::kGone) throw S3Refused(ErrorCode::kNotFound, first.why);
  if (first.outcome == Outcome::kRefused) throw S3Refused(ErrorCode::kIo, first.why);
  if (first.outcome == Outcome::kChanged) throw ObjectChanged("changed while it was read");
  std::string etag = etag_of(first.facts.xattrs);
  return std::make_unique<ObjectContent>(std::move(first), [&client, key, etag = std::move(etag)](uint64_t offset) {
    return get_piece(client, key, offset, kObjectPieceBytes, etag);
  });
}

size_t ObjectContent::read(std::span<uint8_t> into) {
  if (at_ == piece_.bytes.size()) {
    if (end_ == piece_.facts.size_bytes) return 0;
    ObjectPiece next = next_(end_);
    if (next.outcome == Outcome::kRefused) throw S3Refused(ErrorCode::kIo, next.why);
    if (next.outcome == Outcome::kGone) throw ObjectChanged("vanished while it was read");
    if (next.outcome == Outcome::kChanged || next.facts.size_bytes != piece_.facts.size_bytes) throw ObjectChanged("changed while it was read");
    piece_.bytes = std::move(next.bytes);
    end_ += piece_.bytes.size();
    at_ = 0;
  }
  const size_t got = std::min(into.size(), piece_.bytes.size() - at_);
  std::memcpy(into.data(), piece_.bytes.data() + at_, got);
  at_ += got;
  return got;
}

}  // namespace cairn
