#include "ingest/copy/chunk_copier.h"

#include <algorithm>

#include "ingest/pipeline.h"

namespace cairn {

namespace {

constexpr size_t kMostPieces = 64 << 10;      // of a window
constexpr size_t kMostRefs = 256 << 10;
constexpr size_t kMostSteps = 32 << 10;
constexpr size_t kCopyTreeCacheBytes = 8 << 20;
constexpr size_t kWorkerCacheBytes = 2 << 20; // a frame is used once and then dropped
constexpr size_t kOpenPacks = 64;             // tables a worker keeps
constexpr size_t kQuestion = 4096;            // keys of one question to the index

}  // namespace

ChunkCopier::ChunkCopier(Repository& source, const Keyring& keys, WriteSession& session, KnownIds& known, size_t threads,
                         Monitor& monitor)
    : source_(source), source_index_(source.index()), keys_(keys), session_(session), known_(known), monitor_(monitor),
      trees_(source.backend(), source.keys(), source.index(), kCopyTreeCacheBytes) {
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
    source_index_.find_many(ids, places);
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
  if (!open_frame(worker, job)) read_chunks(worker, job);
  for (ByteView view : worker.views) read_bytes_ += view.size();
  worker.hashes.resize(worker.views.size());
  blake3_keyed_many(keys_.id_key, worker.views, worker.hashes);
  worker.ids.resize(worker.views.size());
  for (size_t i = 0; i < worker.ids.size(); ++i) {
    worker.ids[i].bytes = worker.hashes[i];
    copied_[pieces_[job.begin + i].number] = worker.ids[i];
  }
  session_.claim_new(worker.ids, worker.fresh);
  const bool taken = take_frame(worker, job);
  for (size_t i = 0; i < worker.ids.size(); ++i) {
    if (!worker.fresh[i]) continue;
    if (!taken) worker.builder.add(worker.ids[i], worker.views[i]);
    new_bytes_ += worker.views[i].size();
  }
}

// The chunks of the job from their frame, verified.  False when that isn't to be had: read_chunks() finds another way, or says why not.
bool ChunkCopier::open_frame(Worker& worker, const FrameJob& job) try {
  const Location& at = pieces_[job.begin].at;
  worker.frame.reset();
  if (worker.epoch != source_index_.epoch() || worker.packs.size() >= kOpenPacks) worker.packs.clear();
  worker.epoch = source_index_.epoch();
  std::unique_ptr<OpenPack>& pack = worker.packs[at.pack];
  if (!pack) {
    PackInfo info = source_index_.pack(at.pack);
    PackOpener opener(source_.keys(), info);
    pack = std::make_unique<OpenPack>(OpenPack{std::move(info), std::move(opener)});
  }
  if (at.frame >= pack->info.frames.size()) return false;
  OpenFrame frame;
  frame.info = pack->info.frames[at.frame];
  if (frame.info.codec != Codec::kRaw && frame.info.codec != Codec::kZstd) return false;
  const std::string name = pack_name(pack->info.id);
  frame.packed = pack->opener.open(frame.info, source_.backend().read(name, frame.info.offset, frame.info.stored_bytes));
  if (frame.info.codec == Codec::kZstd) frame.plain = worker.decompressor.decompress(frame.packed, frame.info.plain_bytes, name);
  worker.frame = std::move(frame);
  worker.views.clear();
  const ByteView plain = worker.frame->bytes();
  for (size_t i = job.begin; i < job.end; ++i) {
    const Location& piece = pieces_[i].at;
    if (uint64_t{piece.offset_bytes} + piece.length_bytes > plain.size()) return false;
    worker.views.push_back(plain.subspan(piece.offset_bytes, piece.length_bytes));
  }
  worker.hashes.resize(worker.views.size());
  blake3_keyed_many(source_.keys().id_key, worker.views, worker.hashes);
  for (size_t i = job.begin; i < job.end; ++i)
    if (worker.hashes[i - job.begin] != pieces_[i].id.bytes) return false;
  return true;
} catch (const Error&) {
  worker.packs.clear();
  return false;
}

void ChunkCopier::read_chunks(Worker& worker, const FrameJob& job) {
  worker.frame.reset();
  worker.views.clear();
  for (size_t i = job.begin; i < job.end; ++i) {
    const Piece& piece = pieces_[i];
    try {
      worker.views.push_back(worker.reader.chunk(piece.id, piece.at));
    } catch (const Error& e) {
      throw Error(e.code(), printable(steps_[piece.step].step.path) + ": " + e.what());
    }
  }
}

// The whole frame as it is compressed: when all of it is needed, and new.
bool ChunkCopier::take_frame(Worker& worker, const FrameJob& job) {
  if (!worker.frame || !std::ranges::all_of(worker.fresh, [](uint8_t one) { return one != 0; })) return false;
  uint64_t end = 0;
  std::vector<ChunkInfo> chunks;
  for (size_t i = job.begin; i < job.end; ++i) {
    if (pieces_[i].at.offset_bytes != end) return false;
    end += pieces_[i].at.length_bytes;
    chunks.push_back({worker.ids[i - job.begin], pieces_[i].at.length_bytes});
  }
  if (end != worker.frame->bytes().size()) return false;
  FrameInfo info;
  info.codec = worker.frame->info.codec;
  info.plain_bytes = static_cast<uint32_t>(end);
  worker.builder.add_compressed(std::move(info), worker.frame->packed, std::move(chunks));
  return true;
}

}  // namespace cairn
