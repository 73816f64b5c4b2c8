#include "ingest/document/extract/read.h"

#include <algorithm>

#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kReadBytes = 64 << 10;

void require_json(const JsonScanner& scanner) {
  if (scanner.failed()) throw Error(ErrorCode::kCorrupt, "document: it isn't JSON: " + scanner.why_failed());
}

}  // namespace

void read_document(const ReadDocument& read, DocumentWalk& walk, const std::function<void(ByteView)>& before,
                   const std::function<void()>& behind) {
  JsonScanner scanner(walk);
  read([&](ByteView bytes) {
    while (!bytes.empty()) {
      const ByteView piece = bytes.first(std::min(bytes.size(), kReadBytes));
      before(piece);
      scanner.scan(piece);
      require_json(scanner);
      behind();
      bytes = bytes.subspan(piece.size());
    }
  });
  scanner.finish();
  require_json(scanner);
  if (scanner.values() == 0) throw Error(ErrorCode::kCorrupt, "document: it is empty");
}

}  // namespace cairn
