// The one exception of cairn: a code for programs, facts for people ("what: where: why").
// "No" as an ordinary answer is an optional or a bool, never an Error; our own bugs are asserts.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace cairn {

enum class ErrorCode {
  kNotFound,         // a named thing is not there
  kCorrupt,          // bytes that are not what was once written
  kIo,               // the system refused or failed
  kNoSpace,          // disk or quota is full
  kWrongKey,         // wrong password, or a key that may not do this
  kLocked,           // somebody else holds it, or took our lease
  kUnsupported,      // a newer format, or a thing this machine can't do
  kInvalidArgument,  // the caller asked for something impossible
  kNoRepository,     // nothing at that place looks like a repository
  kInterrupted,      // a person or the system asked us to stop
};

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

// Builds an Error from `error_number`: "what: No such file or directory", with the code that fits (ENOSPC and EDQUOT: kNoSpace,
// ENOENT: kNotFound, else kIo).
Error errno_error(int error_number, std::string_view what);

// Throws errno_error(errno, what).
[[noreturn]] void throw_errno(std::string_view what);

// A name fit for a message or a terminal: control characters, invalid UTF-8 and bidirectional marks are escaped as \xNN.
std::string printable(std::string_view name);

}  // namespace cairn
