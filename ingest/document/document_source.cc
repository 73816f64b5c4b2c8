#include "ingest/document/document_source.h"

#include <algorithm>
#include <optional>

#include "ingest/document/document_parts.h"
#include "ingest/document/json_text.h"

namespace cairn {

namespace {

// Kept to be read again when a second value shows that these are lines.
constexpr size_t kMostBeginningBytes = 2 << 20;

class NoEvents : public JsonEvents {
 public:
  void begin(Kind, uint64_t) override {}
  void end(Kind, uint64_t) override {}
  void name(std::string_view, uint64_t) override {}
  void scalar(Kind, std::string_view, uint64_t, uint64_t) override {}
  int deepest() const override { return -1; }
};

class DocumentSource : public PartedSource {
 public:
  DocumentSource(std::function<size_t(std::span<uint8_t>)> read, std::vector<DocumentProfile> profiles)
      : read_from_(std::move(read)), profiles_(std::move(profiles)) {
    start(DocumentParts::Shape::kDocument);
  }

  size_t read(std::span<uint8_t> into) override {
    const size_t got = read_from_(into);
    if (parts_ && got > 0) look_at(into.first(got));
    if (parts_ && got == 0) scanner_->finish();
    if (parts_ && scanner_->failed() && !scanner_->cut()) parts_.reset();
    bytes_ += got;
    return got;
  }

  uint64_t settled() const override { return bytes_; }

  void take_marks(std::vector<Mark>& marks) override {
    if (!parts_) return;
    // What ends with the bytes that were read is marked when others follow.
    std::vector<Mark>& known = parts_->marks();
    const auto end = std::ranges::find_if(known, [&](const Mark& mark) { return mark.offset_bytes >= bytes_; });
    const auto begin = std::find_if(known.begin(), end, [&](const Mark& mark) { return mark.offset_bytes >= marks_from_; });
    marks.insert(marks.end(), begin, end);
    known.erase(known.begin(), end);
  }

  StreamParts parts() override {
    StreamParts out;
    if (!parts_) {
      out.warnings.push_back("isn't JSON (" + scanner_->why_failed() + "); saved as it came, without parts");
      return out;
    }
    if (!parts_->any_container()) {
      out.warnings.push_back("holds neither a JSON object nor an array; saved as it came, without parts");
      return out;
    }
    const std::string where = parts_->where();
    out = parts_->finish(!scanner_->cut());
    if (!out.ended) out.problem = scanner_->why_failed() + (where.empty() ? "" : ", in " + where);
    return out;
  }

 private:
  void start(DocumentParts::Shape shape) {
    parts_.emplace(profiles_, shape);
    scanner_.emplace(*parts_);
  }

  void look_at(ByteView piece) {
    if (keeps_ && beginning_.size() + piece.size() > kMostBeginningBytes) forget_beginning();
    if (keeps_) beginning_.insert(beginning_.end(), piece.begin(), piece.end());
    scanner_->scan(piece);
    if (!parts_->stopped()) return;
    start(DocumentParts::Shape::kLines);
    marks_from_ = bytes_;
    scanner_->scan(beginning_);
    forget_beginning();
  }

  void forget_beginning() {
    keeps_ = false;
    beginning_ = Bytes();
    parts_->keep_going();
  }

  std::function<size_t(std::span<uint8_t>)> read_from_;
  const std::vector<DocumentProfile> profiles_;
  std::optional<DocumentParts> parts_;     // none: it isn't JSON
  std::optional<JsonScanner> scanner_;
  Bytes beginning_;
  bool keeps_ = true;
  uint64_t bytes_ = 0;
  uint64_t marks_from_ = 0;                // those before were settled when they were first seen
};

}  // namespace

bool looks_like_json(ByteView beginning) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  const ByteView plain = text(beginning).starts_with(kByteOrderMark) ? beginning.subspan(kByteOrderMark.size()) : beginning;
  const uint8_t* end = plain.data() + plain.size();
  const uint8_t* first = pass_json_space(plain.data(), end);
  if (first == end || (*first != '{' && *first != '[')) return false;
  NoEvents nobody;
  JsonScanner scanner(nobody);
  scanner.scan(beginning);
  return !scanner.failed();
}

std::unique_ptr<PartedSource> make_document_source(std::function<size_t(std::span<uint8_t>)> read, std::vector<DocumentProfile> profiles) {
  return std::make_unique<DocumentSource>(std::move(read), std::move(profiles));
}

}  // namespace cairn
