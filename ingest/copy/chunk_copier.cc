#include "ingest/copy/chunk_copier.h"

#include <algorithm>

#include "ingest/pipeline.h"

namespace cairn {

namespace {

constexpr size_t kMostPieces = 64 << 10;      // of a window
constexpr size_t kMostRefs = 256 << 10;
constexpr size_t kMostSteps = 32 << 10;
constexpr size_t kTreeCacheBytes = 8 << 20;
constexpr size_t kWorkerCacheBytes = 2 << 20; // a frame is used once and then dropped
constexpr size_t kQuestion = 4096;            // keys of one question to the index

}  // namespace

ChunkCopier::ChunkCopier(Repository& source, const Keyring& keys, WriteSession& session, KnownIds& known, size_t threads,
                         Monitor& monitor)
    : source_(source), keys_(keys), session_(session), known_(known), monitor_(monitor),
      trees_(source.backend(), source.keys(), source.index(), kTreeCacheBytes) {
  for (size_t i = 0; i < threads; ++i) workers_.emplace_back(source, session);
}

ChunkCopier::Worker::Worker(Repository& source, WriteSession& session)
    : reader(source.backend(), source.keys(), source.index(), kWorkerCacheBytes), builder(session.make_builder({})) {}

void ChunkCopier::copy(TreeSteps& steps, FramePolicy policy, TreeCopy& tree) {
  for (Worker& worker : workers_) worker.builder.set_policy(policy);
  while (auto step = steps.next()) add(std::move(*step), tree);
  bring(tree);
}

void ChunkCopier::flush() {
  for (Worker& worker : workers_) worker.builder.flush();
}

uint64_t ChunkCopier::take_stored_bytes() {
  uint64_t bytes = 0;
  for (Worker& worker : workers_) bytes += worker.builder.take_stored_bytes();
  return bytes;
}

bool ChunkCopier::full() const { return pieces_.size() >= kMostPieces || refs_ >= kMostRefs || steps_.size() >= kMostSteps; }

void ChunkCopier::add(CopyStep&& step, TreeCopy& tree) {
  if (full()) bring(tree);
  if (!step.content_due) {
    steps_.push_back({std::move(step), {}});
    return;
  }
  // A content of very many chunks goes on in the next window.
  monitor_.current(step.path);
  ChunkListReader list(trees_.object_source(), step.entry.content);
  CopyStep part = step;
  part.last = false;
  steps_.push_back({std::move(part), {}});
  for (auto refs = list.next(); !refs.empty(); refs = list.next()) {
    if (full()) {
      bring(tree);
      part = step;
      part.last = false;
      steps_.push_back({std::move(part), {}});
    }
    for (const ChunkRef& ref : refs) add_ref(steps_.back(), ref);
  }
  steps_.back().step.last = true;
}

void ChunkCopier::add_ref(Waiting& waiting, const ChunkRef& ref) {
  ++refs_;
  waiting.step.refs.push_back(ref);
  waiting.numbers.push_back(kKnown);
  if (ref.is_zeros()) return;
  if (auto known = known_.chunks.find(ref.id)) {
    waiting.step.refs.back().id = *known;
    return;
  }
  const auto [at, fresh] = numbers_.try_emplace(ref.id, static_cast<uint32_t>(pieces_.size()));
  if (fresh) pieces_.push_back({ref.id, {}, at->second, static_cast<uint32_t>(steps_.size() - 1)});
  waiting.numbers.back() = at->second;
}

// Where they are, in the order of packs and frames.
void ChunkCopier::find_pieces() {
  std::vector<ChunkId> ids;
  std::vector<std::optional<Location>> places;
  for (size_t begin = 0; begin < pieces_.size(); begin += kQuestion) {
    const size_t end = std::min(pieces_.size(), begin + kQuestion);
    ids.clear();
    for (size_t i = begin; i < end; ++i) ids.push_back(pieces_[i].id);
    source_.index().find_many(ids, places);
    for (size_t i = begin; i < end; ++i) {
      if (!places[i - begin])
        throw Error(ErrorCode::kNotFound, printable(steps_[pieces_[i].step].step.path) + ": chunk " + pieces_[i].id.hex() + " is in no pack");
      pieces_[i].at = *places[i - begin];
    }
  }
  std::ranges::sort(pieces_, [](const Piece& a, const Piece& b) {
    return std::tie(a.at.pack, a.at.frame, a.at.offset_bytes) < std::tie(b.at.pack, b.at.frame, b.at.offset_bytes);
  });
}

// Brings the window's chunks, then writes its part of the tree.
void ChunkCopier::bring(TreeCopy& tree) {
  copied_.assign(pieces_.size(), {});
  find_pieces();
  size_t next = 0;
  if (!pieces_.empty()) ordered_parallel_map<FrameJob, char>(
      workers_.size(), 4 * workers_.size(),
      [&]() -> std::optional<FrameJob> {
        monitor_.check_interrupted();
        if (next == pieces_.size()) return std::nullopt;
        FrameJob job{next, next + 1};
        const Location& at = pieces_[next].at;
        while (job.end < pieces_.size() && pieces_[job.end].at.pack == at.pack && pieces_[job.end].at.frame == at.frame) ++job.end;
        next = job.end;
        return job;
      },
      [&](size_t worker, FrameJob&& job) {
        bring_frame(workers_[worker], job);
        return char{};
      },
      [](char) {});
  for (const Piece& piece : pieces_) known_.chunks.put(piece.id, copied_[piece.number]);
  for (Waiting& waiting : steps_) {
    for (size_t i = 0; i < waiting.numbers.size(); ++i)
      if (waiting.numbers[i] != kKnown) waiting.step.refs[i].id = copied_[waiting.numbers[i]];
    tree.add(std::move(waiting.step));
  }
  steps_.clear();
  pieces_.clear();
  numbers_.clear();
  refs_ = 0;
}

// Runs on a worker.
void ChunkCopier::bring_frame(Worker& worker, const FrameJob& job) {
  worker.views.clear();
  for (size_t i = job.begin; i < job.end; ++i) {
    const Piece& piece = pieces_[i];
    try {
      worker.views.push_back(worker.reader.chunk(piece.id, piece.at));
    } catch (const Error& e) {
      throw Error(e.code(), printable(steps_[piece.step].step.path) + ": " + e.what());
    }
    read_bytes_ += worker.views.back().size();
  }
  worker.hashes.resize(worker.views.size());
  blake3_keyed_many(keys_.id_key, worker.views, worker.hashes);
  worker.ids.resize(worker.views.size());
  for (size_t i = 0; i < worker.ids.size(); ++i) worker.ids[i].bytes = worker.hashes[i];
  session_.claim_new(worker.ids, worker.fresh);
  for (size_t i = 0; i < worker.ids.size(); ++i) {
    copied_[pieces_[job.begin + i].number] = worker.ids[i];
    if (!worker.fresh[i]) continue;
    worker.builder.add(worker.ids[i], worker.views[i]);
    new_bytes_ += worker.views[i].size();
  }
}

}  // namespace cairn
