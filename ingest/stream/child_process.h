// A program that runs beside us, in a session and process group of its own.  Gone, the whole group, when this is.
//
// Threads:  one thread at a time.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "store/fd.h"

namespace cairn {

// What a program gets beyond the ordinary, or doesn't get.
struct ChildExtras {
  std::vector<int> descriptors;           // it finds them as 3, 4 … in this order; they stay open here
  std::vector<std::string> variables;     // "NAME=value", in place of ours of that name
  std::vector<std::string> withheld;      // names of variables that it doesn't get
};

class ChildProcess {
 public:
  static constexpr int kExitPollMs = 10;  // how often to ask for the exit where the kernel can't tell

  // Runs argv[0], found along PATH, without a shell: standard input /dev/null, `out` and `err` as the others, no further
  // descriptor but those of `extras`, no CAIRN_* variable, no blocked signals, no terminal.  `name` is for messages.
  // Requires: !argv.empty().
  // Errors: kNotFound when the program isn't there, kIo when it can't be started.
  ChildProcess(const std::string& name, const std::vector<std::string>& argv, int out, int err, const ChildExtras& extras = {});
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  // SIGTERM to the group, two seconds of grace, SIGKILL; unless reap() was called.
  ~ChildProcess();

  // Becomes readable when the process ends; -1 where the kernel can't do that (before 5.3, or forbidden).
  int pidfd() const { return pidfd_.get(); }
  bool exited() const;
  // The status as of waitpid(); -1 when the system threw it away because SIGCHLD is ignored.  Requires: exited(), once.
  int reap();

 private:
  bool exits_within(int timeout_ms) const noexcept;

  ::pid_t pid_;  // -1 when reaped
  Fd pidfd_;
};

}  // namespace cairn
