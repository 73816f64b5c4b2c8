#include "ingest/postgres/dump_source.h"

#include "ingest/postgres/dump_scanner.h"
#include "ingest/postgres/parts.h"

namespace cairn {

namespace {

class DumpSource : public PartedSource {
 public:
  DumpSource(std::function<size_t(std::span<uint8_t>)> read, const std::string& component)
      : read_from_(std::move(read)), component_(component) {}

  size_t read(std::span<uint8_t> into) override {
    size_t got = read_from_(into);
    if (got == 0) ended_ = true;
    if (got > 0 && !scanner_.failed()) scanner_.scan(into.first(got), marks_);
    if (scanner_.failed() && !opaque_) {
      marks_.push_back({bytes_, false});   // its lines are no records any more
      opaque_ = true;
    }
    bytes_ += got;
    return got;
  }

  uint64_t settled() const override { return opaque_ || ended_ ? bytes_ : scanner_.settled(); }

  void take_marks(std::vector<Mark>& marks) override {
    marks.insert(marks.end(), marks_.begin(), marks_.end());
    marks_.clear();
  }

  StreamParts parts() override {
    StreamParts out;
    if (opaque_) {
      out.warnings.push_back("began like a PostgreSQL dump but isn't one (" + scanner_.why_failed() + "); saved as it came, without parts");
      return out;
    }
    out = parts_of_dump(scanner_.finish(), component_);
    out.properties["original"] = "dump.sql";
    return out;
  }

 private:
  std::function<size_t(std::span<uint8_t>)> read_from_;
  std::string component_;
  DumpScanner scanner_;
  std::vector<Mark> marks_;
  uint64_t bytes_ = 0;
  bool ended_ = false;
  bool opaque_ = false;
};

}  // namespace

std::unique_ptr<PartedSource> make_dump_source(std::function<size_t(std::span<uint8_t>)> read, const std::string& component) {
  return std::make_unique<DumpSource>(std::move(read), component);
}

}  // namespace cairn
