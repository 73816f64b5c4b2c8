#include "store/backend/kept_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "store/crypto/blake3.h"
#include "store/crypto/sodium.h"
#include "store/fd.h"
#include "store/id.h"

namespace cairn {

namespace {

namespace fs = std::filesystem;

constexpr uint64_t kSweeps = 16;   // so often while as much is saved as may be kept

Blake3Hash mark(const std::string& leaf, ByteView bytes) {
  Blake3 hash;
  hash.update(view(leaf));
  hash.update(view(std::string_view("\0", 1)));
  hash.update(bytes);
  return hash.finish();
}

template <class Move>   // of a piece; returns as read() and write() do
bool move_all(size_t size, Move piece) {
  for (size_t done = 0; done < size;) {
    const ssize_t n = piece(done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

}  // namespace

std::optional<Buffer> KeptFiles::load(const std::string& leaf, uint64_t most_bytes) const {
  const Fd file(::open(path(leaf).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status;
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  const auto length = static_cast<uint64_t>(status.st_size);
  Buffer out(static_cast<size_t>(std::min(length, most_bytes + sizeof(Blake3Hash))));
  bool good = length == out.size() && length >= sizeof(Blake3Hash) &&
              move_all(out.size(), [&](size_t done) { return ::read(file.get(), out.data() + done, out.size() - done); });
  if (good) {
    out.set_size(out.size() - sizeof(Blake3Hash));
    good = std::ranges::equal(mark(leaf, out), ByteView(out.data() + out.size(), sizeof(Blake3Hash)));
  }
  if (!good) {
    remove(leaf);
    return std::nullopt;
  }
  ::futimens(file.get(), nullptr);   // used now
  return out;
}

// Whole or not at all: another process may read it meanwhile.  Not made durable: after a crash its hash tells.
void KeptFiles::save(const std::string& leaf, ByteView bytes) {
  std::error_code ignored;
  fs::create_directories(folder_, ignored);
  const uint64_t step = most_bytes_ / kSweeps, before = saved_bytes_.fetch_add(bytes.size());
  if (before == 0 || before / step != (before + bytes.size()) / step) sweep();
  std::array<uint8_t, 8> random;
  random_fill(random);
  const std::string temporary = path(to_hex(random) + ".new");
  const Fd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return;
  const Blake3Hash hash = mark(leaf, bytes);
  const auto write_all = [&](ByteView all) {
    return move_all(all.size(), [&](size_t done) { return ::write(file.get(), all.data() + done, all.size() - done); });
  };
  if (!write_all(bytes) || !write_all(hash) || ::rename(temporary.c_str(), path(leaf).c_str()) != 0) ::unlink(temporary.c_str());
}

bool KeptFiles::remove(const std::string& leaf) const { return ::unlink(path(leaf).c_str()) == 0; }

// Those longest unused, until there is room for some time.
void KeptFiles::sweep() const {
  struct Kept {
    fs::file_time_type time;
    uint64_t bytes;
    fs::path path;
  };
  std::vector<Kept> files;
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;   // another process sweeps too
    files.push_back({at->last_write_time(gone), at->is_regular_file(gone) ? at->file_size(gone) : 0, at->path()});
    if (gone) files.pop_back();
    else bytes += files.back().bytes;
  }
  const uint64_t room = most_bytes_ / kSweeps * 2;
  if (bytes + room / 2 <= most_bytes_) return;
  std::ranges::sort(files, {}, &Kept::time);
  for (const Kept& file : files) {
    if (bytes + room <= most_bytes_) break;
    if (fs::is_regular_file(file.path, error) && fs::remove(file.path, error)) bytes -= file.bytes;
  }
}

}  // namespace cairn
