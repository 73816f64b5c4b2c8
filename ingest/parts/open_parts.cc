#include "ingest/parts/open_parts.h"

#include <algorithm>

#include "ingest/document/document_source.h"
#include "ingest/document/sealed_document.h"
#include "ingest/postgres/archive/archive_source.h"
#include "ingest/postgres/dump_scanner.h"
#include "ingest/postgres/dump_source.h"
#include "ingest/redis/rdb_source.h"

namespace cairn {

namespace {

constexpr size_t kPeekBytes = 16 << 10;

// A stream whose beginning was read already.
class PeekedBytes : public ByteSource {
 public:
  PeekedBytes(ReadBytes read, size_t peek_bytes) : read_(std::move(read)), peeked_(peek_bytes) {
    size_t used = 0;
    for (size_t got = 1; used < peek_bytes && got > 0; used += got) got = read_({peeked_.data() + used, peek_bytes - used});
    peeked_.set_size(used);
  }

  ByteView beginning() const { return peeked_; }

  size_t read(std::span<uint8_t> into) override {
    size_t left = peeked_.size() - passed_;
    if (left == 0) return read_(into);
    size_t now = std::min(left, into.size());
    std::memcpy(into.data(), peeked_.data() + passed_, now);
    passed_ += now;
    return now;
  }

 private:
  ReadBytes read_;
  Buffer peeked_;
  size_t passed_ = 0;
};

}  // namespace

OpenedStream open_parts(ReadBytes read, const OpenOptions& options) {
  const StreamFormat format = options.format;
  auto bytes = std::make_unique<PeekedBytes>(std::move(read), format == StreamFormat::kRaw ? 0 : kPeekBytes);
  OpenedStream opened;
  ReadBytes rest = [from = bytes.get()](std::span<uint8_t> into) { return from->read(into); };
  const ByteView beginning = bytes->beginning();
  auto may_be = [&](StreamFormat one) { return format == StreamFormat::kAuto || format == one; };
  auto document = [](ReadBytes plain) { return make_document_source(std::move(plain), document_profiles()); };
  if (may_be(StreamFormat::kPostgres) && looks_like_archive(beginning)) {
    opened.parts = make_archive_source(std::move(rest), options.component);
  } else if (may_be(StreamFormat::kPostgres) && DumpScanner::looks_like_dump(beginning)) {
    opened.parts = make_dump_source(std::move(rest), options.component);
  } else if (may_be(StreamFormat::kRedis) && RdbReader::looks_like_rdb(beginning)) {
    opened.parts = make_rdb_source(std::move(rest));
  } else if (may_be(StreamFormat::kJson) && looks_like_json(beginning)) {
    opened.parts = document(std::move(rest));
  } else if (may_be(StreamFormat::kJson) && options.document_key && opens_as_document(*options.document_key, beginning)) {
    opened.parts = make_sealed_document_source(std::move(rest), *options.document_key, document);
    opened.unsealed = true;
  }
  opened.bytes = std::move(bytes);
  return opened;
}

std::string_view format_words(StreamFormat format) {
  switch (format) {
    case StreamFormat::kRedis: return "an RDB file";
    case StreamFormat::kJson: return "a JSON document";
    default: return "a PostgreSQL dump";
  }
}

}  // namespace cairn
