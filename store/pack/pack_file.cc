#include "store/pack/pack_file.h"

#include <algorithm>

namespace cairn {

namespace {

Bytes directory_associated_data(ByteView header, uint64_t pack_bytes) {
  Encoder out;
  out.raw(header);
  out.u64(pack_bytes);
  return out.take();
}

Secret make_pack_key(const Keyring& keys, PackInfo& pack) {
  Secret key = Secret::random();
  pack.key_box = seal_key(key, keys.box_public);
  pack.commitment = pack_commitment(key, pack.id);
  return key;
}

PackInfo new_pack(ObjectType type, Suite suite) {
  PackInfo pack;
  pack.id = random_id<PackId>();
  pack.type = type;
  pack.suite = suite;
  return pack;
}

}  // namespace

PackWriter::PackWriter(Backend& backend, const Keyring& keys, ObjectType type, Suite suite)
    : keys_(keys), info_(new_pack(type, suite)), header_(pack_header(info_, keys.repository)),
      cipher_(suite, make_pack_key(keys, info_)), upload_(backend.create(pack_name(info_.id))) {
  write(header_);
  write(info_.key_box);
}

// Requires: mu_ is held.  A pack whose file failed once takes nothing more: the other workers end as the first one did, with its
// words, for nobody knows whose are told.
void PackWriter::write(ByteView bytes) {
  if (failure_) std::rethrow_exception(failure_);
  try {
    upload_->append(bytes);
  } catch (...) {
    failure_ = std::current_exception();
    upload_.reset();
    throw;
  }
  hash_.update(bytes);
  written_bytes_ += bytes.size();
}

uint32_t PackWriter::reserve() {
  std::lock_guard lock(mu_);
  return next_number_++;
}

Buffer PackWriter::seal_frame(const FrameInfo& frame, ByteView packed) const {
  Buffer sealed(packed.size() + kTagBytes);
  cipher_.seal(frame.number, frame_associated_data(header_, frame), packed, sealed.data());
  return sealed;
}

void PackWriter::append(FrameInfo frame, ByteView sealed, std::vector<ChunkInfo> chunks) {
  std::lock_guard lock(mu_);
  frame.offset = written_bytes_;
  frame.stored_bytes = static_cast<uint32_t>(sealed.size());
  frame.chunk_count = static_cast<uint32_t>(chunks.size());
  write(sealed);
  info_.frames.push_back(std::move(frame));
  info_.chunks.insert(info_.chunks.end(), chunks.begin(), chunks.end());
}

size_t PackWriter::chunk_count() const {
  std::lock_guard lock(mu_);
  return info_.chunks.size();
}

uint64_t PackWriter::size_bytes() const {
  std::lock_guard lock(mu_);
  return written_bytes_;
}

PackInfo PackWriter::finish() {
  std::lock_guard lock(mu_);
  if (info_.frames.size() != next_number_) throw Error(ErrorCode::kIo, pack_name(info_.id) + ": a frame is missing; the pack is given up");
  // The directory's length would tell the number of chunks, so it is rounded up too; zeros after the signature are not read.
  Bytes body = info_.encode_body();
  size_t plain_bytes = (4 + body.size() + Certificate::kBytes + kSignatureBytes + 1023) / 1024 * 1024;
  size_t sealed_bytes = plain_bytes + kSharedNonceBytes + kTagBytes;
  info_.size_bytes = padded_bytes(written_bytes_ + sealed_bytes + kPackFooterBytes);
  sign_pack(info_, keys_);
  Encoder plain;
  plain.u32(static_cast<uint32_t>(body.size()));
  plain.raw(body);
  plain.raw(info_.author.encode());
  plain.raw(info_.signature);
  Bytes padded = plain.take();
  padded.resize(plain_bytes);
  Bytes padding(info_.size_bytes - written_bytes_ - sealed_bytes - kPackFooterBytes);
  random_fill(padding);
  write(padding);
  write(seal_shared(keys_.directory_key, directory_associated_data(header_, info_.size_bytes), padded));
  write(info_.key_box);
  Encoder footer;
  footer.u32(static_cast<uint32_t>(sealed_bytes));
  footer.u32(0);
  write(footer.out());
  Blake3Hash hash = hash_.finish();
  upload_->append(hash);
  upload_->commit();
  upload_.reset();
  return std::move(info_);
}

namespace {

// The parts of a pack around its frames.
struct PackEnds {
  ByteView head;    // header and first key box
  ByteView tail;    // the sealed directory and everything after it
};

uint32_t directory_bytes(ByteView footer, uint64_t pack_bytes, const std::string& name) {
  Decoder in(footer, name + ": footer");
  in.raw(kKeyBoxBytes);
  uint32_t sealed_bytes = in.u32();
  if (in.u32() != 0 || sealed_bytes > kMostDirectoryBytes || sealed_bytes + kFirstFrameOffset + kPackFooterBytes > pack_bytes)
    in.fail("impossible length of the directory");
  return sealed_bytes;
}

// Opens the directory under the key box at the head, else under the one at the foot.
PackInfo open_directory(const PackEnds& ends, uint64_t pack_bytes, const Keyring& keys, const PackId& id) {
  std::string name = pack_name(id);
  auto type = ends.head.size() > 10 && ends.head[10] == static_cast<uint8_t>(ObjectType::kTreePack) ? ObjectType::kTreePack
                                                                                                   : ObjectType::kDataPack;
  Header header = Header::decode(ends.head, type, name, keys.repository, id.view());
  ByteView sealed = ends.tail.first(ends.tail.size() - kPackFooterBytes);
  auto plain = open_shared(keys.directory_key, directory_associated_data(ends.head.first(kHeaderBytes), pack_bytes), sealed);
  if (!plain) throw Error(ErrorCode::kCorrupt, name + ": its directory can't be opened: it was altered");
  Decoder in(*plain, name + ": directory");
  ByteView body = in.raw(in.u32());
  PackInfo pack;
  pack.id = id;
  pack.type = type;
  pack.version = header.version;
  pack.suite = header.suite;
  pack.size_bytes = pack_bytes;
  pack.author = Certificate::decode(in.raw(Certificate::kBytes), name);
  std::ranges::copy(in.raw(kSignatureBytes), pack.signature.begin());
  std::ranges::copy(ends.head.subspan(kHeaderBytes, kKeyBoxBytes), pack.key_box.begin());
  ByteView second = ends.tail.subspan(ends.tail.size() - kPackFooterBytes, kKeyBoxBytes);
  if (!std::ranges::equal(body.first(std::min<size_t>(32, body.size())), blake3(pack.key_box)))
    std::ranges::copy(second, pack.key_box.begin());
  pack.decode_body(body);
  verify_pack_signature(pack, keys);
  return pack;
}

}  // namespace

PackInfo read_directory(Backend& backend, const Keyring& keys, const PackId& id, uint64_t size_bytes) {
  std::string name = pack_name(id);
  if (size_bytes < kFirstFrameOffset + kPackFooterBytes)
    throw Error(ErrorCode::kCorrupt, name + ": only " + std::to_string(size_bytes) + " bytes long");
  Buffer head = backend.read(name, 0, kFirstFrameOffset);
  // One read gets footer and directory of nearly every pack; a second one the rest of a long directory.
  uint64_t guess = std::min<uint64_t>(size_bytes - kFirstFrameOffset, 64 << 10);
  Buffer tail = backend.read(name, size_bytes - guess, guess);
  uint64_t wanted = directory_bytes(tail.view().last(kPackFooterBytes), size_bytes, name) + kPackFooterBytes;
  if (wanted > guess) tail = backend.read(name, size_bytes - wanted, wanted);
  return open_directory({head.view(), tail.view().last(wanted)}, size_bytes, keys, id);
}

PackInfo parse_pack(ByteView file, const Keyring& keys, const PackId& id) {
  std::string name = pack_name(id);
  check_trailer(file, name);
  if (file.size() < kFirstFrameOffset + kPackFooterBytes) throw Error(ErrorCode::kCorrupt, name + ": too short");
  uint64_t wanted = directory_bytes(file.last(kPackFooterBytes), file.size(), name) + kPackFooterBytes;
  return open_directory({file.first(kFirstFrameOffset), file.last(wanted)}, file.size(), keys, id);
}

namespace {

Secret open_pack_key(const Keyring& keys, const PackInfo& pack) {
  if (!keys.may_read()) throw Error(ErrorCode::kWrongKey, "this key may only write: it can't open stored content");
  auto key = open_key(pack.key_box, *keys.read_secret);
  if (!key || pack_commitment(*key, pack.id) != pack.commitment)
    throw Error(ErrorCode::kCorrupt, pack_name(pack.id) + ": its key box can't be opened: it was altered");
  return std::move(*key);
}

}  // namespace

PackOpener::PackOpener(const Keyring& keys, const PackInfo& pack)
    : header_(pack_header(pack, keys.repository)), cipher_(pack.suite, open_pack_key(keys, pack)), name_(pack_name(pack.id)) {}

Buffer PackOpener::open(const FrameInfo& frame, ByteView sealed) const {
  Buffer packed(sealed.size() - std::min(sealed.size(), kTagBytes));
  open(frame, sealed, packed.data());
  return packed;
}

Buffer PackOpener::open(const FrameInfo& frame, Buffer&& sealed) const {
  Buffer packed = std::move(sealed);
  open(frame, packed, packed.data());
  packed.set_size(packed.size() - kTagBytes);
  return packed;
}

void PackOpener::open(const FrameInfo& frame, ByteView sealed, uint8_t* out) const {
  if (!cipher_.open(frame.number, frame_associated_data(header_, frame), sealed, out))
    throw Error(ErrorCode::kCorrupt, name_ + ": frame " + std::to_string(frame.number) + " at byte " +
                                         std::to_string(frame.offset) + " is damaged");
}

}  // namespace cairn
