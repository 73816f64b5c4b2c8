// Results, on standard output: buffered, every write checked.
// A full disk behind `>` is an error like any other; a reader that went away (`| head`) is none.
//
// Threads:  one thread at a time.
#pragma once

#include <string>
#include <string_view>

#include "store/bytes.h"

namespace cairn {

// Thrown when nobody reads standard output any more: the program ends without a word, as SIGPIPE would have it.
class OutputClosed {};

class Output {
 public:
  static constexpr size_t kBufferBytes = 64 << 10;  // of text; larger writes go straight through

  // Writes to an open descriptor, borrowed.
  explicit Output(int fd = 1);

  void write(std::string_view text);
  void write(ByteView bytes) { write(text(bytes)); }
  void line(std::string_view text) {
    write(text);
    write("\n");
  }
  // Must be called at the end: what is still in the buffer is not written by the destructor.  Also lets the file system report
  // what it noticed late.
  void flush();

  int fd() const { return fd_; }
  bool is_terminal() const { return is_terminal_; }

 private:
  void write_all(std::string_view text);

  int fd_;
  bool is_terminal_;
  std::string buffer_;
};

}  // namespace cairn
