#include "ingest/sort/spill_file.h"

#include <fcntl.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "ingest/crypto/aes_gcm.h"
#include "store/error.h"
#include "store/fd.h"

namespace cairn {

namespace {

constexpr size_t kBlockBytes = SpillFile::kBlockBytes;
constexpr size_t kSealedBytes = kBlockBytes + kGcmTagBytes;   // a block in the file
constexpr uint64_t kNoBlock = UINT64_MAX;

// What a call with errno `error_number` met.
Error spill_error(const std::string& directory, int error_number) {
  const Error met = errno_error(error_number, "temporary file in " + printable(directory));
  return Error(met.code() == ErrorCode::kNoSpace ? ErrorCode::kNoSpace : ErrorCode::kIo,
               std::string(met.what()) + "; set TMPDIR to a directory with room for it");
}

Fd make_file(const std::string& directory) {
  Fd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600));
  // Not every file system can do that; EISDIR comes from kernels that don't know the flag.
  if (!file && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == ENOSYS)) {
    std::string path = directory + "/cairn-XXXXXX";
    file = Fd(::mkostemp(path.data(), O_CLOEXEC));
    if (file) ::unlink(path.c_str());
  }
  if (!file) throw spill_error(directory, errno);
  return file;
}

GcmNonce nonce_of(uint64_t block) {
  GcmNonce nonce{};
  std::memcpy(nonce.data(), &block, sizeof block);
  return nonce;
}

}  // namespace

std::string spill_directory() {
  const char* set = std::getenv("TMPDIR");
  return set != nullptr && *set != '\0' ? set : "/var/tmp";
}

struct SpillFile::State {
  explicit State(std::string where) : directory(std::move(where)) {}

  // Seals a block and writes it behind the others.
  void write_block(const uint8_t* plain) {
    if (!sealing) {
      file = make_file(directory);
      sealed = Buffer(kSealedBytes);
      const Secret key = Secret::random();
      opening.emplace(AesGcm::Direction::kOpen, key, nonce_of(0));
      sealing.emplace(AesGcm::Direction::kSeal, key, nonce_of(0));
    }
    sealing->restart(nonce_of(blocks));
    sealing->update({plain, kBlockBytes}, sealed.span().first(kBlockBytes));
    std::ranges::copy(sealing->sealed(), sealed.data() + kBlockBytes);
    uint64_t at = blocks * kSealedBytes;
    for (ByteView left = sealed; !left.empty();) {
      const ssize_t written = ::pwrite(file.get(), left.data(), left.size(), static_cast<off_t>(at));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) throw spill_error(directory, written == 0 ? ENOSPC : errno);
      left = left.subspan(static_cast<size_t>(written));
      at += static_cast<uint64_t>(written);
    }
  }

  // Requires: the block is in the file.
  void read_block(uint64_t block, uint8_t* plain) const {
    GcmTag tag;
    for (size_t got = 0; got < kSealedBytes;) {
      const size_t of_plain = std::min(got, kBlockBytes), of_tag = got - of_plain;
      const std::array<iovec, 2> pieces{{{plain + of_plain, kBlockBytes - of_plain}, {tag.data() + of_tag, tag.size() - of_tag}}};
      const ssize_t more = ::preadv(file.get(), pieces.data(), pieces.size(), static_cast<off_t>(block * kSealedBytes + got));
      if (more < 0 && errno == EINTR) continue;
      if (more < 0) throw spill_error(directory, errno);
      if (more == 0) throw changed();
      got += static_cast<size_t>(more);
    }
    std::lock_guard lock(opening_mu);
    opening->restart(nonce_of(block));
    opening->update({plain, kBlockBytes}, {plain, kBlockBytes});
    if (!opening->opened(tag)) throw changed();
  }

  Error changed() const {
    return Error(ErrorCode::kCorrupt, "temporary file in " + printable(directory) +
                                          ": it doesn't hold what was written to it; check that disk, or set TMPDIR to another");
  }

  // False when the block isn't the one in memory.
  bool read_pending(uint64_t block, size_t begin, std::span<uint8_t> into) const {
    std::lock_guard lock(mu);
    if (block < blocks) return false;
    if (block > blocks || begin + into.size() > pending_bytes)
      throw Error(ErrorCode::kInvalidArgument, "temporary file in " + printable(directory) + ": read beyond its end");
    std::memcpy(into.data(), pending.data() + begin, into.size());
    return true;
  }

  void read_piece(uint64_t block, size_t begin, std::span<uint8_t> into) const {
    std::lock_guard lock(cache_mu);
    if (cached_block != block) {
      if (cached.empty()) cached = Buffer(kBlockBytes);
      cached_block = kNoBlock;
      read_block(block, cached.data());
      cached_block = block;
    }
    std::memcpy(into.data(), cached.data() + begin, into.size());
  }

  void append(ByteView bytes) {
    while (!bytes.empty()) {
      if (blocks == kMostBytes / kBlockBytes) throw spill_error(directory, EFBIG);
      const bool whole = pending_bytes == 0 && bytes.size() >= kBlockBytes;
      const size_t taken = std::min(bytes.size(), kBlockBytes - pending_bytes);
      if (!whole) {
        std::lock_guard lock(mu);
        if (pending.empty()) pending = Buffer(kBlockBytes);
        std::memcpy(pending.data() + pending_bytes, bytes.data(), taken);
        pending_bytes += taken;
      }
      if (whole || pending_bytes == kBlockBytes) {
        write_block(whole ? bytes.data() : pending.data());
        std::lock_guard lock(mu);
        ++blocks;
        pending_bytes = 0;
      }
      bytes = bytes.subspan(taken);
    }
  }

  const std::string directory;
  Fd file;
  std::optional<AesGcm> sealing;      // append()'s
  mutable std::mutex opening_mu;      // of what follows
  mutable std::optional<AesGcm> opening;
  Buffer sealed;                      // what append() writes
  std::optional<Error> failure;       // of append(): another block under the same nonce would give both away
  mutable std::mutex mu;              // of what follows, where append() changes it
  Buffer pending;                     // the last block, until it is full
  size_t pending_bytes = 0;
  uint64_t blocks = 0;                // in the file
  mutable std::mutex cache_mu;        // of what follows
  mutable Buffer cached;
  mutable uint64_t cached_block = kNoBlock;
};

SpillFile::SpillFile(std::string directory) : state_(std::make_unique<State>(std::move(directory))) {}
SpillFile::~SpillFile() = default;
SpillFile::SpillFile(SpillFile&&) noexcept = default;
SpillFile& SpillFile::operator=(SpillFile&&) noexcept = default;

uint64_t SpillFile::append(ByteView bytes) {
  if (state_->failure) throw Error(*state_->failure);
  const uint64_t offset = size_bytes();
  try {
    state_->append(bytes);
  } catch (const Error& error) {
    state_->failure = error;
    throw;
  }
  return offset;
}

void SpillFile::read(uint64_t offset, std::span<uint8_t> into) const {
  while (!into.empty()) {
    const uint64_t block = offset / kBlockBytes;
    const size_t begin = offset % kBlockBytes;
    const std::span<uint8_t> piece = into.first(std::min(into.size(), kBlockBytes - begin));
    if (!state_->read_pending(block, begin, piece)) {
      if (piece.size() == kBlockBytes) state_->read_block(block, piece.data());
      else state_->read_piece(block, begin, piece);
    }
    offset += piece.size();
    into = into.subspan(piece.size());
  }
}

uint64_t SpillFile::size_bytes() const {
  std::lock_guard lock(state_->mu);
  return state_->blocks * kBlockBytes + state_->pending_bytes;
}

}  // namespace cairn
