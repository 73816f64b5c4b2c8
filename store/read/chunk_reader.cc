#include "store/read/chunk_reader.h"

namespace cairn {

namespace {

constexpr size_t kOpenPacks = 64;   // tables kept: about 12 KB each
constexpr size_t kMostBasesRead = kMostBases * kMostDeltaDepth;  // for one frame, over all levels: no bomb of bases of bases
constexpr size_t kLeastFrames = 2;  // kept whatever their size, see chunk()
constexpr uint64_t kNoKey = UINT64_MAX;  // of a frame whose place in the index has changed

uint64_t frame_key(const Location& at) { return uint64_t{at.pack} << 32 | at.frame; }

}  // namespace

ChunkReader::ChunkReader(Backend& backend, const Keyring& keys, const Index& index, size_t cache_bytes)
    : backend_(backend), keys_(keys), index_(index), cache_bytes_(cache_bytes) {}
ChunkReader::~ChunkReader() = default;

ByteView ChunkReader::chunk(const ChunkId& id) {
  auto at = index_.find(id);
  if (!at && index_.look_again()) at = index_.find(id);
  if (!at) throw Error(ErrorCode::kNotFound, "chunk " + id.hex() + ": is not in the repository (any more)");
  return chunk(id, *at);
}

ByteView ChunkReader::chunk(const ChunkId& id, const Location& at) {
  try {
    return verified(id, at);
  } catch (const Error& e) {
    if (auto bytes = elsewhere(id, at)) return *bytes;
    if (e.code() == ErrorCode::kNotFound && index_.look_again())   // its pack is gone
      if (auto bytes = elsewhere(id, at)) return *bytes;
    throw;
  }
}

// Another copy; or the same, when the index has been built anew since it gave the place.
std::optional<ByteView> ChunkReader::elsewhere(const ChunkId& id, const Location& but_not) {
  const uint64_t epoch = epoch_;
  for (const Location& place : index_.places(id)) {
    if (place == but_not && index_.epoch() == epoch) continue;
    try {
      return verified(id, place);
    } catch (const Error&) {
    }
  }
  return std::nullopt;
}

// Drops what is known by pack numbers that don't hold any more.
void ChunkReader::follow_index() {
  if (epoch_ == index_.epoch()) return;
  epoch_ = index_.epoch();
  packs_.clear();
  by_key_.clear();   // the frames themselves stay until they are pushed out: views of them may be in use
  for (Frame& frame : frames_) frame.key = kNoKey;
}

void ChunkReader::drop_frames() {
  by_key_.clear();
  frames_.clear();
  cached_bytes_ = 0;
}

ByteView ChunkReader::verified(const ChunkId& id, const Location& at) {
  follow_index();
  const Buffer& plain = frame(at);
  if (uint64_t{at.offset_bytes} + at.length_bytes > plain.size())
    throw Error(ErrorCode::kCorrupt, "chunk " + id.hex() + ": the index places it beyond the end of its frame");
  ByteView bytes = plain.view().subspan(at.offset_bytes, at.length_bytes);
  if (keys_.chunk_id(bytes) != id)
    throw Error(ErrorCode::kCorrupt, "chunk " + id.hex() + ": " + pack_name(open_pack(at.pack).info.id) +
                                         " holds other bytes in its place");
  return bytes;
}

void ChunkReader::chunks_of_frame(std::span<const PlacedChunk> wanted, std::vector<std::optional<ByteView>>& out) {
  out.assign(wanted.size(), std::nullopt);
  std::vector<ByteView> bytes(wanted.size());
  std::vector<Blake3Hash> hashes(wanted.size());
  try {
    follow_index();
    const Buffer& plain = frame(wanted.front().at);
    for (size_t i = 0; i < wanted.size(); ++i) {
      const Location& at = wanted[i].at;
      if (uint64_t{at.offset_bytes} + at.length_bytes <= plain.size()) bytes[i] = plain.view().subspan(at.offset_bytes, at.length_bytes);
    }
  } catch (const Error&) {
    return;
  }
  blake3_keyed_many(keys_.id_key, bytes, hashes);
  for (size_t i = 0; i < wanted.size(); ++i)
    if (hashes[i] == wanted[i].id.bytes) out[i] = bytes[i];
}

const ChunkReader::OpenPack& ChunkReader::open_pack(uint32_t number) {
  auto found = packs_.find(number);
  if (found != packs_.end()) return *found->second;
  if (packs_.size() >= kOpenPacks) packs_.clear();
  PackInfo info = index_.pack(number);
  PackOpener opener(keys_, info);
  return *packs_.emplace(number, std::make_unique<OpenPack>(OpenPack{std::move(info), std::move(opener)})).first->second;
}

const Buffer& ChunkReader::frame(const Location& at) {
  auto found = by_key_.find(frame_key(at));
  if (found != by_key_.end()) {
    frames_.splice(frames_.begin(), frames_, found->second);
    return frames_.front().plain;
  }
  uint64_t epoch = index_.epoch();
  Buffer plain = load(at);
  // Looking up the pack may have found the index damaged and had it built anew: then the number of the pack means nothing any more.
  bool nameable = index_.epoch() == epoch;
  cached_bytes_ += plain.size();
  frames_.push_front({nameable ? frame_key(at) : kNoKey, std::move(plain)});
  if (nameable) by_key_[frame_key(at)] = frames_.begin();
  while (cached_bytes_ > cache_bytes_ && frames_.size() > kLeastFrames) {
    cached_bytes_ -= frames_.back().plain.size();
    if (frames_.back().key != kNoKey) by_key_.erase(frames_.back().key);
    frames_.pop_back();
  }
  return frames_.front().plain;
}

Buffer ChunkReader::open_frame(const Location& at) {
  follow_index();
  return load(at);
}

// A copy on this machine may be damaged where the storage is not.
Buffer ChunkReader::open_kept(const OpenPack& pack, const FrameInfo& frame, const std::string& name) {
  try {
    return pack.opener.open(frame, backend_.read_kept(name, pack.info.size_bytes, frame.offset, frame.stored_bytes));
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kCorrupt || !backend_.drop_kept(name)) throw;
  }
  return pack.opener.open(frame, backend_.read(name, frame.offset, frame.stored_bytes));
}

Buffer ChunkReader::load(const Location& at) {
  const OpenPack& pack = open_pack(at.pack);
  if (at.frame >= pack.info.frames.size())
    throw Error(ErrorCode::kCorrupt, pack_name(pack.info.id) + ": has no frame " + std::to_string(at.frame));
  FrameInfo info = pack.info.frames[at.frame];  // a copy: resolving bases may drop the table
  std::string name = pack_name(pack.info.id);
  Buffer packed = pack.info.type == ObjectType::kTreePack ? open_kept(pack, info, name)
                                                          : pack.opener.open(info, backend_.read(name, info.offset, info.stored_bytes));
  if (info.codec == Codec::kRaw) return packed;
  std::string what = name + ": frame " + std::to_string(info.number);
  if (info.codec == Codec::kZstd) return decompressor_.decompress(packed, info.plain_bytes, what);
  Buffer prefix = base_bytes(info);
  return decompressor_.decompress_delta(packed, prefix, info.plain_bytes, what);
}

Buffer ChunkReader::base_bytes(const FrameInfo& frame) {
  struct Descent {
    explicit Descent(int& levels) : depth(++levels) {}
    ~Descent() { --depth; }
    int& depth;
  } descent(depth_);
  if (depth_ > kMostDeltaDepth)
    throw Error(ErrorCode::kCorrupt, "a delta frame rests on more than " + std::to_string(kMostDeltaDepth) + " others");
  if (depth_ == 1) bases_read_ = 0;
  Encoder prefix;
  for (const ChunkId& base : frame.bases) {
    if (++bases_read_ > kMostBasesRead) throw Error(ErrorCode::kCorrupt, "a delta frame rests on too many chunks");
    prefix.raw(chunk(base));
    if (prefix.size() > kMostFrameBytes) throw Error(ErrorCode::kCorrupt, "the bases of a delta frame are too long");
  }
  return Buffer::copy_of(prefix.out());
}

}  // namespace cairn
