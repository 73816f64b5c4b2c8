#include "ingest/parts/open_parts.h"

#include <algorithm>

#include "ingest/postgres/archive/archive_source.h"
#include "ingest/postgres/dump_scanner.h"
#include "ingest/postgres/dump_source.h"

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

OpenedStream open_parts(ReadBytes read, StreamFormat format, const std::string& component) {
  auto bytes = std::make_unique<PeekedBytes>(std::move(read), format == StreamFormat::kRaw ? 0 : kPeekBytes);
  OpenedStream opened;
  ReadBytes rest = [from = bytes.get()](std::span<uint8_t> into) { return from->read(into); };
  if (looks_like_archive(bytes->beginning())) opened.parts = make_archive_source(std::move(rest), component);
  else if (DumpScanner::looks_like_dump(bytes->beginning())) opened.parts = make_dump_source(std::move(rest), component);
  opened.bytes = std::move(bytes);
  return opened;
}

}  // namespace cairn
