#include "cli/key_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "store/crypto/sodium.h"
#include "store/error.h"
#include "store/fd.h"

namespace cairn {

namespace {

constexpr size_t kDigits = 64;

bool is_key(std::string_view text) {
  return text.size() == kDigits && std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Password random_key() {
  const Secret bits = Secret::random();
  Password out;
  for (const uint8_t byte : bits.view())
    for (const unsigned digit : {unsigned{byte} >> 4U, unsigned{byte} & 15U}) {
      *out.room() = "0123456789abcdef"[digit];
      out.add(1);
    }
  out.set_kind(SlotKind::kKeyFile);
  return out;
}

void write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) throw_errno("key file " + printable(path));
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
}

// The name too must survive a power failure: the repository will be worth nothing without it.
void sync_folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) throw_errno("directory of the key file " + printable(path));
}

}  // namespace

Password read_key_file(const std::string& path) {
  Password out = read_secret_file(path, "the key file");
  if (!is_key(out.view()))
    throw UsageError("key file " + printable(path) + ": is none: not one line of 64 digits 0-9a-f (make one with --new-key-file)");
  out.set_kind(SlotKind::kKeyFile);
  return out;
}

Password make_key_file(const std::string& path) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file && errno == EEXIST) return read_key_file(path);
  if (!file) throw_errno("key file " + printable(path));
  Password out = random_key();
  write_all(file.get(), out.view(), path);
  write_all(file.get(), "\n", path);
  if (::fsync(file.get()) != 0) throw_errno("key file " + printable(path));
  sync_folder_of(path);
  return out;
}

}  // namespace cairn
