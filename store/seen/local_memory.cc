#include "store/seen/local_memory.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "store/crypto/sodium.h"
#include "store/error.h"
#include "store/fd.h"

namespace cairn {

namespace {

// False with errno.
bool write_all(int fd, ByteView bytes, Durable durable) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return durable == Durable::kNo || ::fdatasync(fd) == 0;
}

constexpr size_t kRandomBytes = 8;
constexpr std::chrono::hours kAbandoned{1};   // nobody writes for so long

// Of writers that were killed between making a file and putting it in its place.
void remove_abandoned(const std::filesystem::path& path) {
  const std::string begin = path.filename().string() + ".";
  std::error_code ignored;
  // Not a range: that throws where a folder can't be read to its end.
  for (std::filesystem::directory_iterator file(path.parent_path(), ignored), end; file != end; file.increment(ignored)) {
    const std::string name = file->path().filename().string();
    if (!name.starts_with(begin) || name.size() != begin.size() + 2 * kRandomBytes) continue;
    if (name.find_first_not_of("0123456789abcdef", begin.size()) != name.npos) continue;
    std::error_code gone;
    const auto written = file->last_write_time(gone);
    if (!gone && written < std::filesystem::file_time_type::clock::now() - kAbandoned) ::unlink(file->path().c_str());
  }
}

}  // namespace

std::optional<Bytes> read_memory(const std::string& path, size_t most_bytes) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status;
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  if (status.st_size < 0 || static_cast<uint64_t>(status.st_size) > most_bytes) return std::nullopt;
  Bytes out(static_cast<size_t>(status.st_size));
  for (size_t at = 0; at < out.size();) {
    const ssize_t got = ::read(fd.get(), out.data() + at, out.size() - at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    at += static_cast<size_t>(got);
  }
  return out;
}

void mark_as_cache(const std::string& folder) {
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const std::string tag = folder + "/CACHEDIR.TAG";
  if (!std::filesystem::exists(tag, ignored)) std::ofstream(tag) << "Signature: 8a477f597d28d172789f06886806bc55\n# cairn's local index\n";
}

void write_memory(const std::string& path, ByteView bytes, Durable durable) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  remove_abandoned(path);
  std::array<uint8_t, kRandomBytes> random{};
  random_fill(random);
  const std::string temporary = path + "." + to_hex(random);
  const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) throw_errno(path);
  if (write_all(fd.get(), bytes, durable) && ::rename(temporary.c_str(), path.c_str()) == 0) return;
  const int kept = errno;
  ::unlink(temporary.c_str());
  throw errno_error(kept, path);
}

}  // namespace cairn
