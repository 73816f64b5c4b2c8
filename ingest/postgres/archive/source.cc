#include "ingest/postgres/archive/source.h"

#include <algorithm>

#include "ingest/postgres/parts.h"

namespace cairn {

namespace {

constexpr size_t kEnoughBytes = 256 << 10;   // to read at a time

struct FormatNames {
  std::string_view format, transform, original;
};

FormatNames names_of(ArchiveFormat format) {
  if (format == ArchiveFormat::kCustom) return {"custom", "pgdump-custom", "dump.pgdump"};
  if (format == ArchiveFormat::kTar) return {"tar", "pgdump-tar", "dump.tar"};
  return {"directory", "pgdump-directory", "dump"};
}

std::string_view codec_name(PackCodec codec) {
  switch (codec) {
    case PackCodec::kNone: break;
    case PackCodec::kZlib:
    case PackCodec::kGzip: return "gzip";
    case PackCodec::kLz4: return "lz4";
    case PackCodec::kZstd: return "zstd";
  }
  return "none";
}

// From places in the text to places in the stored stream.
void place(std::vector<Part>& parts, const Layout& layout) {
  for (Part& part : parts) {
    std::vector<Extent> placed;
    for (const Extent& extent : part.extents) {
      for (const Extent& one : layout.text(extent)) placed.push_back(one);
    }
    part.extents = std::move(placed);
  }
}

}  // namespace

void ArchiveReader::start(ArchiveFormat format, std::unique_ptr<ArchiveJob> job, std::unique_ptr<Container> container) {
  format_ = format;
  job_ = std::move(job);
  container_ = std::move(container);
}

size_t ArchiveReader::read(std::span<uint8_t> into) {
  while (container_ && job_->out.waiting_bytes() < std::min(into.size(), kEnoughBytes)) {
    if (!container_->step()) container_.reset();
  }
  return job_->out.read(into);
}

StreamParts ArchiveReader::parts() {
  StreamParts out;
  const FormatNames names = names_of(format_);
  auto& outline = job_->out.outline();
  if (outline) {
    if (outline->started.empty()) outline->started = job_->toc.created;
    if (outline->databases.size() == 1 && outline->databases[0].name.empty()) outline->databases[0].name = job_->toc.database;
    out = parts_of_dump(*outline, job_->toc.database.empty() ? component_ : job_->toc.database);
    place(out.parts, job_->out.layout());
  } else {
    out.warnings.push_back("archive of pg_dump, database " + printable(job_->toc.database) + ": what it holds isn't understood (" +
                           job_->out.why_no_dump() + "); saved without parts");
  }
  if (job_->render.cut_short()) {
    out.warnings.push_back("archive of pg_dump, database " + printable(job_->toc.database) +
                           ": it says more of large objects than can be; its parts don't have it all, its original does");
  }
  out.kind = ComponentKind::kPostgres;
  out.warnings.insert(out.warnings.end(), job_->warnings.begin(), job_->warnings.end());
  if (!job_->problem.empty()) {
    out.ended = false;
    out.problem = job_->problem;
  }
  out.properties["format"] = names.format;
  out.properties["compression"] = codec_name(job_->toc.codec);
  if (job_->toc.minor_version > 0) out.properties["archive.version"] = job_->toc.version();
  out.properties["original"] = names.original;
  out.transform = names.transform;
  out.recipe = job_->recipe.finish(job_->out.layout());
  return out;
}

}  // namespace cairn
