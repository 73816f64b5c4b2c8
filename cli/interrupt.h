// Ctrl-C and its relatives: the first one asks, the second one ends the program at once.
//
// Threads:  thread-safe.
#pragma once

#include <termios.h>

namespace cairn {

// From now on SIGINT, SIGTERM and SIGHUP only set a flag, and SIGPIPE does nothing: writing to a closed pipe is an error
// (cli/output.h).  A signal that was ignored when the program began (nohup) stays ignored.
void catch_signals();

bool interrupted();

// Throws Error(kInterrupted) once somebody asked to stop.
void check_interrupted();

// True when `fd` can be read (or has ended), false when somebody asks to stop before that; also just before the wait begins, which
// a plain read() would miss and wait on.
bool wait_until_readable(int fd);

// While this lives, `fd` (a terminal) shows nothing that is typed, and Ctrl-Z and Ctrl-\ don't act: they would leave it so.
// Its former state comes back at the end, also when a second signal ends the program.
class HiddenTyping {
 public:
  explicit HiddenTyping(int fd);
  HiddenTyping(const HiddenTyping&) = delete;
  HiddenTyping& operator=(const HiddenTyping&) = delete;
  ~HiddenTyping();

 private:
  int fd_;
  ::termios before_;
};

}  // namespace cairn
