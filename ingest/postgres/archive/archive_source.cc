#include "ingest/postgres/archive/archive_source.h"

#include "ingest/postgres/archive/source.h"
#include "ingest/postgres/archive/tar_header.h"

namespace cairn {

namespace {

constexpr std::string_view kMagic = "PGDMP";
constexpr std::string_view kTocName = "toc.dat";

bool begins_custom(ByteView beginning) { return text(beginning).starts_with(kMagic); }

bool begins_tar(ByteView beginning) {
  if (beginning.size() < kTarBlockBytes + kMagic.size()) return false;
  const auto header = parse_tar_header(beginning.first(kTarBlockBytes));
  return header && header->regular && header->name == kTocName && begins_custom(beginning.subspan(kTarBlockBytes));
}

class ArchiveSource : public ArchiveReader {
 public:
  ArchiveSource(Input::Read read, const std::string& component) : ArchiveReader(component), in_(std::move(read)) {}

  size_t read(std::span<uint8_t> into) override {
    if (!begun_) begin();
    if (!opaque_) return ArchiveReader::read(into);
    return read_opaque(into);
  }
  uint64_t settled() const override {
    if (!begun_) return 0;
    return opaque_ ? read_bytes_ : ArchiveReader::settled();
  }
  void take_marks(std::vector<Mark>& marks) override {
    if (begun_ && !opaque_) ArchiveReader::take_marks(marks);
  }
  StreamParts parts() override {
    if (!opaque_) return ArchiveReader::parts();
    StreamParts out;
    out.ended = !problem_.cut;
    if (problem_.cut) {
      out.problem = problem_.why;
    } else {
      out.warnings.push_back("began like an archive of pg_dump, but isn't understood (" + problem_.why + "); saved as it came, without parts");
    }
    return out;
  }

 private:
  void begin() {
    begun_ = true;
    const ByteView beginning = in_.peek(kArchiveProbeBytes);
    if (begins_custom(beginning)) {
      begin_custom();
    } else if (begins_tar(beginning)) {
      begin_tar();
    } else {
      opaque_ = true;
      problem_.why = "no head of an archive";
    }
  }

  void begin_custom() {
    auto toc = read_toc(in_, ArchiveFormat::kCustom, UINT64_MAX, head_, problem_);
    opaque_ = !toc;
    if (!toc) return;
    auto job = std::make_unique<ArchiveJob>(ArchiveFormat::kCustom, std::move(*toc), std::move(head_));
    auto container = make_custom_container(*job, in_);
    start(ArchiveFormat::kCustom, std::move(job), std::move(container));
  }

  void begin_tar() {
    const ByteView block = in_.peek(kTarBlockBytes).first(kTarBlockBytes);
    const uint64_t size = parse_tar_header(block)->size_bytes;
    head_.assign(block.begin(), block.end());
    in_.skip(kTarBlockBytes);
    auto toc = read_toc(in_, ArchiveFormat::kTar, size, head_, problem_);
    opaque_ = !toc;
    if (!toc) return;
    auto job = std::make_unique<ArchiveJob>(ArchiveFormat::kTar, std::move(*toc), std::move(head_));
    auto container = make_tar_container(*job, in_, size);
    start(ArchiveFormat::kTar, std::move(job), std::move(container));
  }

  // What was taken for the head, then the rest.
  size_t read_opaque(std::span<uint8_t> into) {
    size_t size = std::min(into.size(), head_.size() - head_read_);
    if (size > 0) {
      std::memcpy(into.data(), head_.data() + head_read_, size);
      head_read_ += size;
    } else {
      const ByteView have = in_.peek(1);
      size = std::min(into.size(), have.size());
      if (size > 0) std::memcpy(into.data(), have.data(), size);
      in_.skip(size);
    }
    read_bytes_ += size;
    return size;
  }

  Input in_;
  bool begun_ = false, opaque_ = false;
  TocProblem problem_;
  Bytes head_;
  size_t head_read_ = 0;
  uint64_t read_bytes_ = 0;
};

}  // namespace

bool looks_like_archive(ByteView beginning) { return begins_custom(beginning) || begins_tar(beginning); }

std::unique_ptr<PartedSource> make_archive_source(std::function<size_t(std::span<uint8_t>)> read, const std::string& component) {
  return std::make_unique<ArchiveSource>(std::move(read), component);
}

}  // namespace cairn
