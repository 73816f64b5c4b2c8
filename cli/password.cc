#include "cli/password.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/interrupt.h"
#include "cli/key_file.h"
#include "ingest/stream/stream_source.h"
#include "store/crypto/sodium.h"
#include "store/error.h"
#include "store/fd.h"

namespace cairn {

namespace {

std::span<uint8_t> writable(char* bytes, size_t size) { return {reinterpret_cast<uint8_t*>(bytes), size}; }

// The variable's own memory is what /proc/PID/environ shows, so it is wiped where it is.
Password from_variable(const std::string& name) {
  char* value = std::getenv(name.c_str());
  Password out;
  const size_t length = std::strlen(value), taken = std::min(length, out.room_bytes());
  std::memcpy(out.room(), value, taken);
  out.add(taken);
  wipe(writable(value, length));
  ::unsetenv(name.c_str());
  out.require_sensible(name);
  return out;
}

Password from_command(const std::string& command, Monitor& monitor) {
  auto source = run_shell("password command", command, monitor);
  Password out;
  while (out.room_bytes() > 0) {
    const size_t got = source->read(writable(out.room(), out.room_bytes()));
    if (got == 0) break;
    out.add(got);
  }
  if (out.room_bytes() > 0) source->finish();
  out.trim_newline();
  out.require_sensible("what the password command printed");
  return out;
}

void write_terminal(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) throw_errno("terminal");
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
}

Password ask_once(int terminal, const std::string& question) {
  const HiddenTyping hidden(terminal);
  write_terminal(terminal, question);
  Password out;
  while (out.room_bytes() > 0 && !out.view().ends_with('\n')) {
    if (!wait_until_readable(terminal)) {
      write_terminal(terminal, "\n");  // the message that follows deserves a line of its own
      check_interrupted();
    }
    const ssize_t got = ::read(terminal, out.room(), out.room_bytes());
    if (got < 0 && errno != EINTR) throw_errno("terminal");
    if (got == 0) break;  // Ctrl-D
    if (got > 0) out.add(static_cast<size_t>(got));
  }
  out.trim_newline();
  out.require_sensible("the password");
  return out;
}

Fd open_terminal(const std::string& place, const std::string& otherwise) {
  Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) throw UsageError("no password for " + printable(place) + ", and no terminal to ask for it: " + otherwise);
  return terminal;
}

Password ask_twice(int terminal, const std::string& question) {
  Password first = ask_once(terminal, question + ": ");
  const Password second = ask_once(terminal, "The same again: ");
  if (!equal_constant_time(cairn::view(first.view()), cairn::view(second.view())))
    throw UsageError("the two passwords differ; nothing was made");
  return first;
}

}  // namespace

Password::Password() : bytes_(std::make_unique<char[]>(kMostBytes + 1)) {}

Password::~Password() {
  if (bytes_) wipe(writable(bytes_.get(), kMostBytes + 1));
}

void Password::trim_newline() {
  if (view().ends_with('\n')) --size_;
}

void Password::require_sensible(std::string_view origin) const {
  const std::string where(origin);
  if (size_ == 0) throw UsageError(where + ": is empty");
  if (size_ > kMostBytes) throw UsageError(where + ": is longer than " + std::to_string(kMostBytes) + " bytes");
  if (view().find('\0') != std::string_view::npos) throw UsageError(where + ": has a NUL byte in it");
  if (view().starts_with("\xef\xbb\xbf")) throw UsageError(where + ": begins with a byte order mark; remove it");
}

Password read_secret_file(const std::string& path, const std::string& what) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::string name = what + " " + printable(path);
  if (!file) throw_errno(name);
  Password out;
  while (out.room_bytes() > 0) {
    if (!wait_until_readable(file.get())) check_interrupted();  // it may be a pipe
    const ssize_t got = ::read(file.get(), out.room(), out.room_bytes());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno(name);
    if (got == 0) break;
    out.add(static_cast<size_t>(got));
  }
  out.trim_newline();
  out.require_sensible(name);
  return out;
}

std::string named_sources(const Options& options) {
  const char* variable = std::getenv(options.password_variable.c_str());
  std::string sources;
  for (auto [given, name] : {std::pair{!options.password_file.empty(), "a password file"},
                             {variable && *variable != '\0', options.password_variable.c_str()},
                             {!options.password_command.empty(), "a password command"},
                             {!options.key_file.empty(), "a key file"}})
    if (given) sources += (sources.empty() ? "" : " and ") + std::string(name);
  return sources;
}

Password ask_new_password(const std::string& question, const std::string& place) {
  return ask_twice(open_terminal(place, "give --new-password-file or --new-key-file").get(), question + " " + printable(place));
}

Password read_password(const Options& options, Ask ask, const std::string& place, Monitor& monitor) {
  const std::string sources = named_sources(options);
  if (sources.find(" and ") != sources.npos) throw UsageError("ambiguous password: there is " + sources + "; give one of them");
  if (options.password_file == "-" || options.key_file == "-")
    throw UsageError("the password is never read from standard input; write /dev/fd/N or a file");
  if (!options.password_file.empty()) return read_secret_file(options.password_file, "the password file");
  if (!options.key_file.empty()) return read_key_file(options.key_file);
  if (!options.password_command.empty()) return from_command(options.password_command, monitor);
  if (!sources.empty()) return from_variable(options.password_variable);
  const std::string& variable = options.password_variable;
  const Fd terminal = open_terminal(place, "set " + variable + "_FILE, " + variable + "_COMMAND or " + variable + ", or give a key file");
  if (ask == Ask::kOnce) return ask_once(terminal.get(), "Password of " + printable(place) + ": ");
  return ask_twice(terminal.get(), "Password for the new repository " + printable(place));
}

}  // namespace cairn
