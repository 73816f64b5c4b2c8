#include "ingest/parts/part_output.h"

#include <algorithm>
#include <cstring>

#include "ingest/pipeline.h"
#include "store/parallel.h"

namespace cairn {

namespace {

constexpr size_t kReaderCacheBytes = 8 << 20;
constexpr size_t kMostJobRuns = 64;              // in one job: a megabyte of small chunks, which stays in a processor's cache
constexpr uint64_t kJobBytes = 4 << 20;
constexpr uint64_t kZeroStep = 1 << 20;       // long holes in steps, so that no job needs much memory
constexpr uint64_t kSmallBytes = 1 << 20;     // not worth starting threads for

// A text, or a run of the content.
struct Run {
  ByteView text;
  ContentRun run;
};

struct Job {
  std::vector<Run> runs;
  uint64_t bytes = 0;
};

Buffer load(ChunkReader& reader, const Job& job) {
  Buffer out(static_cast<size_t>(job.bytes));
  uint8_t* to = out.data();
  for (const Run& one : job.runs) {
    auto length = static_cast<size_t>(one.text.empty() ? one.run.length_bytes : one.text.size());
    if (!one.text.empty()) std::memcpy(to, one.text.data(), length);
    else if (one.run.ref.is_zeros()) std::memset(to, 0, length);
    else std::memcpy(to, bytes_of(reader, one.run).data(), length);
    to += length;
  }
  return out;
}

}  // namespace

// Cuts the pieces into jobs of some 4 MiB, which may hold many small pieces.
class PartOutput::Jobs {
 public:
  Jobs(ChunkReader& trees, const Content& content) : content_(content), runs_(trees.object_source(), content) {}

  void of_pieces(std::span<const PartPiece> pieces) {
    pieces_ = pieces;
    at_ = 0;
    inline_ = {};
    in_extent_ = false;
  }
  void of_all() {
    inline_ = content_.inline_bytes;
    if (content_.kind != Content::Kind::kInline) runs_.all();
    in_extent_ = true;
  }

  std::optional<Job> next() {
    Job job;
    while (job.runs.size() < kMostJobRuns && job.bytes < kJobBytes) {
      std::optional<Run> run = next_run();
      if (!run) break;
      job.bytes += run->text.empty() ? run->run.length_bytes : run->text.size();
      job.runs.push_back(*run);
    }
    if (job.runs.empty()) return std::nullopt;
    return job;
  }

 private:
  std::optional<Run> next_run() {
    for (;;) {
      if (!inline_.empty()) return Run{std::exchange(inline_, {}), {}};
      if (in_extent_ && content_.kind != Content::Kind::kInline)
        if (auto run = runs_.next(kZeroStep)) return Run{{}, *run};
      in_extent_ = false;
      if (at_ == pieces_.size()) return std::nullopt;
      begin(pieces_[at_++]);
    }
  }
  void begin(const PartPiece& piece) {
    inline_ = piece.text;
    if (!piece.text.empty() || piece.extent.length_bytes == 0) return;
    auto [offset, length] = piece.extent;
    if (content_.kind != Content::Kind::kInline) {
      runs_.seek(offset, length);
      in_extent_ = true;
      return;
    }
    uint64_t size = content_.inline_bytes.size();
    if (length > size || offset > size - length) throw Error(ErrorCode::kCorrupt, "a part reaches beyond the end of its stream");
    inline_ = ByteView(content_.inline_bytes).subspan(offset, length);
  }
  const Content& content_;
  ContentRuns runs_;
  std::span<const PartPiece> pieces_;
  size_t at_ = 0;
  ByteView inline_;         // of a text or of an inline content, to be given next
  bool in_extent_ = false;
};

PartOutput::PartOutput(Repository& repository, const Content& content, size_t threads, Monitor& monitor)
    : repository_(repository), index_(repository.index()), content_(content), threads_(threads ? threads : processor_count()),
      monitor_(monitor), readers_(threads_ + 1) {}
PartOutput::~PartOutput() = default;

ChunkReader& PartOutput::reader(size_t worker) {
  if (!readers_[worker])
    readers_[worker] = std::make_unique<ChunkReader>(repository_.backend(), repository_.keys(), index_, kReaderCacheBytes);
  return *readers_[worker];
}

void PartOutput::write(std::span<const PartPiece> pieces, const WriteBytes& write) {
  if (!jobs_) jobs_ = std::make_unique<Jobs>(reader(threads_), content_);
  jobs_->of_pieces(pieces);
  uint64_t bytes = 0;
  for (const PartPiece& piece : pieces) bytes += std::min(kSmallBytes, piece.text.size() + piece.extent.length_bytes);
  run(*jobs_, bytes, write);
}

uint64_t PartOutput::write_all(const WriteBytes& write) {
  Jobs jobs(reader(threads_), content_);
  jobs.of_all();
  uint64_t written = 0;
  run(jobs, kSmallBytes, [&](ByteView bytes) {
    write(bytes);
    written += bytes.size();
  });
  return written;
}

void PartOutput::run(Jobs& jobs, uint64_t about_bytes, const WriteBytes& write) {
  if (about_bytes < kSmallBytes) {
    while (auto job = jobs.next()) {
      monitor_.check_interrupted();
      write(load(reader(0), *job));
    }
    return;
  }
  for (size_t worker = 0; worker < threads_; ++worker) reader(worker);
  ordered_parallel_map<Job, Buffer>(
      threads_, 2 * threads_,
      [&] {
        monitor_.check_interrupted();
        return jobs.next();
      },
      [&](size_t worker, Job&& job) { return load(*readers_[worker], job); },
      [&](Buffer&& bytes) { write(bytes); });
}

}  // namespace cairn
