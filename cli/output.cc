#include "cli/output.h"

#include <unistd.h>

#include <cerrno>

#include "store/error.h"

namespace cairn {

Output::Output(int fd) : fd_(fd), is_terminal_(::isatty(fd) == 1) {}

void Output::write(std::string_view text) {
  if (buffer_.size() + text.size() > kBufferBytes) flush();
  if (text.size() >= kBufferBytes) {
    write_all(text);
  } else {
    buffer_ += text;
  }
}

void Output::flush() {
  write_all(buffer_);
  buffer_.clear();
}

void Output::write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) throw OutputClosed();
    if (written < 0) throw_errno("standard output");
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace cairn
