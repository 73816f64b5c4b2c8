#include "ingest/copy/recutter.h"

#include <algorithm>

#include "ingest/pipeline.h"

namespace cairn {

namespace {

constexpr size_t kRecutTreeCacheBytes = 8 << 20;
constexpr size_t kContentCacheBytes = 16 << 20;   // small files of one frame are read one after the other
constexpr size_t kMostRecutSteps = 512;                // without bytes, in one job

// Of a component whose stored stream is what a backup scans for its parts.
StreamFormat format_of(const ComponentInfo& component) {
  if (!component.transform.empty()) return StreamFormat::kRaw;
  if (component.kind == ComponentKind::kPostgres) return StreamFormat::kPostgres;
  if (component.kind == ComponentKind::kDocument) return StreamFormat::kJson;
  return StreamFormat::kRaw;
}

}  // namespace

// A content of the source as bytes in order.
class Recutter::StoredContent : public ByteSource {
 public:
  StoredContent(ChunkReader& trees, ChunkReader& chunks, const Content& content) : chunks_(chunks), runs_(trees.object_source(), content) {
    runs_.all();
  }
  uint64_t skip_hole() override {
    uint64_t bytes = 0;
    while (left_.empty() && (hole_ > 0 || advance())) bytes += std::exchange(hole_, 0);
    return bytes;
  }
  size_t read(std::span<uint8_t> into) override {
    if (left_.empty() && (hole_ > 0 || !advance() || hole_ > 0)) return 0;
    const size_t now = std::min(into.size(), left_.size());
    std::memcpy(into.data(), left_.data(), now);
    left_ = left_.subspan(now);
    return now;
  }
  // Holes as the zeros they are.
  size_t read_all(std::span<uint8_t> into) {
    if (left_.empty() && hole_ == 0 && !advance()) return 0;
    if (!left_.empty()) return read(into);
    const auto now = static_cast<size_t>(std::min<uint64_t>(into.size(), hole_));
    std::memset(into.data(), 0, now);
    hole_ -= now;
    return now;
  }

 private:
  // The next run; false at the end.
  bool advance() {
    auto run = runs_.next();
    if (!run) return false;
    if (run->ref.is_zeros()) hole_ = run->length_bytes;
    else left_ = bytes_of(chunks_, *run);
    return true;
  }
  ChunkReader& chunks_;
  ContentRuns runs_;
  ByteView left_;        // of the chunk at hand: the reader is asked for the next one only when this is empty
  uint64_t hole_ = 0;
};

Recutter::Recutter(Repository& source, const Keyring& keys, const ChunkerParams& params, WriteSession& session, size_t threads, Monitor& monitor)
    : params_(params), monitor_(monitor), trees_(source.backend(), source.keys(), source.index(), kRecutTreeCacheBytes),
      chunks_(source.backend(), source.keys(), source.index(), kContentCacheBytes), stored_bytes_(1) {
  for (size_t i = 0; i < threads; ++i) workers_.emplace_back(session, keys, params, GetObject(), monitor, stored_bytes_);
}
Recutter::~Recutter() = default;

void Recutter::copy(TreeSteps& steps, const ComponentInfo& component, const CutPolicy& policy, TreeCopy& tree) {
  component_ = &component;
  policy_ = policy;
  ordered_parallel_map<Work, Work>(
      workers_.size(), 4 * workers_.size(), [&] { return next(steps); },
      [&](size_t worker, Work&& work) { return store(workers_[worker], std::move(work)); },
      [&](Work&& work) {
        for (CopyStep& step : work.before) tree.add(std::move(step));
        if (work.step) tree.add(std::move(*work.step));
        new_bytes_ += work.job.weight_bytes;
      });
}

void Recutter::flush() {
  for (PieceStorer& worker : workers_) worker.flush();
}

std::optional<Recutter::Work> Recutter::next(TreeSteps& steps) {
  Work work;
  monitor_.check_interrupted();
  while (!slicer_ && work.before.size() < kMostRecutSteps) {
    auto step = steps.next();
    if (!step) break;
    if (step->content_due) open(std::move(*step));
    else work.before.push_back(std::move(*step));
  }
  if (slicer_) take_slice(work);
  if (work.before.empty() && !work.step) return std::nullopt;
  return work;
}

void Recutter::open(CopyStep&& step) {
  monitor_.current(step.path);
  step_ = std::move(step);
  content_ = std::make_unique<StoredContent>(trees_, chunks_, step_->entry.content);
  if (const StreamFormat format = format_of(*component_); format != StreamFormat::kRaw)
    opened_ = open_parts([from = content_.get()](std::span<uint8_t> into) { return from->read_all(into); }, {format, component_->name, nullptr});
  if (opened_.parts) slicer_ = std::make_unique<Slicer>(params_, policy_.chunk_size, *opened_.parts);
  else slicer_ = std::make_unique<Slicer>(params_, policy_.chunk_size, opened_.bytes ? *opened_.bytes : static_cast<ByteSource&>(*content_));
}

void Recutter::take_slice(Work& work) {
  Slice slice;
  try {
    slice = slicer_->next();
  } catch (const Error& e) {
    throw Error(e.code(), printable(step_->path) + ": " + e.what());
  }
  read_bytes_ += slice.bytes.size();
  work.step = *step_;
  work.step->last = slice.last;
  work.job.policy = policy_;
  work.job.bytes = std::move(slice.bytes);
  work.job.entries.resize(1);
  work.job.entries[0].content = JobEntry::Content::kRuns;
  work.job.entries[0].runs = std::move(slice.runs);
  if (!slice.last) return;
  slicer_.reset();
  opened_ = {};
  content_.reset();
  step_.reset();
}

// Runs on a worker.  What comes back has its references, and in job.weight_bytes how much of it was new.
Recutter::Work Recutter::store(PieceStorer& worker, Work&& work) {
  if (!work.step) return std::move(work);
  Stored stored = worker.store(std::move(work.job));
  work.step->refs = std::move(stored.entries[0].refs);
  work.job = {};
  work.job.weight_bytes = stored.new_bytes;
  return std::move(work);
}

}  // namespace cairn
