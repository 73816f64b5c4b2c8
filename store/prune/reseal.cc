#include "store/prune/reseal.h"

#include <algorithm>

namespace cairn {

Resealer::Resealer(Backend& backend, const Keyring& keys, ChunkReader& bases, FrameBuilder& builder, bool recompress)
    : backend_(backend), keys_(keys), bases_(bases), builder_(builder), recompress_(recompress) {}

ResealReport Resealer::reseal(const PackInfo& pack, const Keep& keep) {
  ResealReport report;
  opener_.reset();
  size_t first_chunk = 0;
  for (const FrameInfo& frame : pack.frames) {
    if (frame.chunk_count > pack.chunks.size() - first_chunk)
      throw Error(ErrorCode::kCorrupt, pack_name(pack.id) + ": its frames hold more chunks than it lists");
    Run run;
    run.chunks = std::span(pack.chunks).subspan(first_chunk, frame.chunk_count);
    first_chunk += frame.chunk_count;
    for (const ChunkInfo& chunk : run.chunks) run.kept.push_back(keep(chunk.id));
    if (std::ranges::count(run.kept, 1) > 0) reseal_frame(pack, frame, run, report);
  }
  return report;
}

// False with the reason when the frame can't be had.  What ends the whole is thrown.
bool Resealer::load(const PackInfo& pack, const FrameInfo& frame, std::string& trouble) {
  const std::string name = pack_name(pack.id);
  try {
    if (!opener_) opener_.emplace(keys_, pack);
    if (frame.stored_bytes < kTagBytes) throw Error(ErrorCode::kCorrupt, name + ": frame " + std::to_string(frame.number) + " is too short");
    packed_ = opener_->open(frame, backend_.read(name, frame.offset, frame.stored_bytes));
    const std::string what = name + ": frame " + std::to_string(frame.number);
    if (frame.codec == Codec::kZstd) plain_ = decompressor_.decompress(packed_, frame.plain_bytes, what);
    if (frame.codec == Codec::kZstdDelta)
      plain_ = decompressor_.decompress_delta(packed_, bases_.base_bytes(frame), frame.plain_bytes, what);
    return true;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kCorrupt && e.code() != ErrorCode::kIo && e.code() != ErrorCode::kNotFound) throw;
    trouble = e.what();
    return false;
  }
}

// The wanted chunks that are what they should be; the others go to the report.
std::vector<Resealer::Piece> Resealer::verified(const PackInfo& pack, const FrameInfo& frame, const Run& run, ByteView plain,
                                                ResealReport& report) const {
  std::vector<Piece> wanted, good;
  uint64_t at = 0;
  for (size_t i = 0; i < run.chunks.size(); ++i) {
    const ChunkInfo& chunk = run.chunks[i];
    const bool inside = at + chunk.length_bytes <= plain.size();
    if (run.kept[i]) wanted.push_back({&chunk, inside ? plain.subspan(at, chunk.length_bytes) : ByteView{}});
    at += chunk.length_bytes;
  }
  std::vector<ByteView> views;
  for (const Piece& piece : wanted) views.push_back(piece.bytes);
  std::vector<Blake3Hash> hashes(views.size());
  blake3_keyed_many(keys_.id_key, views, hashes);
  for (size_t i = 0; i < wanted.size(); ++i) {
    const ChunkInfo& chunk = *wanted[i].chunk;
    if (hashes[i] == chunk.id.bytes && views[i].size() == chunk.length_bytes) good.push_back(wanted[i]);
    else
      report.damage.push_back({chunk.id, pack_name(pack.id) + ": frame " + std::to_string(frame.number) + " holds other bytes for chunk " +
                                             chunk.id.hex()});
  }
  return good;
}

void Resealer::reseal_frame(const PackInfo& pack, const FrameInfo& frame, const Run& run, ResealReport& report) {
  std::string trouble;
  if (!load(pack, frame, trouble)) {
    for (size_t i = 0; i < run.chunks.size(); ++i)
      if (run.kept[i]) report.damage.push_back({run.chunks[i].id, trouble});
    return;
  }
  const ByteView plain = frame.codec == Codec::kRaw ? packed_.view() : plain_.view();
  const std::vector<Piece> good = verified(pack, frame, run, plain, report);
  uint64_t good_bytes = 0;
  for (const Piece& piece : good) good_bytes += piece.bytes.size();
  report.chunks += good.size();
  report.plain_bytes += good_bytes;
  if (!recompress_ && frame.codec != Codec::kZstdDelta && good.size() == run.chunks.size() && good_bytes == plain.size()) {
    FrameInfo same;
    same.plain_bytes = frame.plain_bytes;
    same.codec = frame.codec;
    return builder_.add_compressed(std::move(same), packed_, {run.chunks.begin(), run.chunks.end()});
  }
  if (pack.type == ObjectType::kDataPack) builder_.flush();
  if (policy) builder_.set_policy(policy(frame));
  for (const Piece& piece : good) builder_.add(piece.chunk->id, piece.bytes);
  if (pack.type == ObjectType::kDataPack) builder_.flush();
}

}  // namespace cairn
