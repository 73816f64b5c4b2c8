// The repository's password, or the key in its place: where it comes from, and that it goes away again.
//
// Sources:  a file, the variable CAIRN_PASSWORD, a command, a key file, else a question on the terminal.  More than one of the first four is
//           refused: nobody could say which one a new repository got.  Standard input is never one of them: it is for data.
// Secrecy:  CAIRN_PASSWORD is wiped out of our environment when it is read; commands run by cairn don't get it (ingest/stream).
// Threads:  one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cli/options.h"
#include "ingest/monitor.h"
#include "store/keys/key_slot.h"

namespace cairn {

// A few bytes that are wiped in the end.
class Password {
 public:
  static constexpr size_t kMostBytes = 4096;

  Password();
  Password(Password&&) noexcept = default;
  Password& operator=(Password&&) = delete;
  ~Password();

  std::string_view view() const { return {bytes_.get(), size_}; }
  // What it opens; valid as long as this.
  Unlock unlock() const { return {kind_, view()}; }
  SlotKind kind() const { return kind_; }
  void set_kind(SlotKind kind) { kind_ = kind; }
  // Room for what is to be appended; add() after that.  One byte more than is allowed, to notice what is too long.
  char* room() { return bytes_.get() + size_; }
  size_t room_bytes() const { return kMostBytes + 1 - size_; }
  void add(size_t bytes) { size_ += bytes; }
  // Takes exactly one "\n" from the end, as editors and commands put one there.
  void trim_newline();
  // UsageError when it is empty, too long, or has a NUL or a byte order mark in it; `origin` is for the message.
  void require_sensible(std::string_view origin) const;

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
  SlotKind kind_ = SlotKind::kPassword;
};

enum class Ask { kOnce, kTwice };  // twice: for a new repository

// Which sources are named, as in "a password file and CAIRN_PASSWORD"; "" for none.
std::string named_sources(const Options& options);

// Errors: UsageError (several sources, none at all, a senseless password), kNotFound and kIo for a file or a command,
// kInterrupted.  `place` is for the question.
Password read_password(const Options& options, Ask ask, const std::string& place, Monitor& monitor);

// The content of a file, without the newline at its end; `what` is for messages: "the password file".  Errors as above.
Password read_secret_file(const std::string& path, const std::string& what);

// Asks twice on the terminal, for instance "New password for" a place.   Errors as above.
Password ask_new_password(const std::string& question, const std::string& place);

}  // namespace cairn
