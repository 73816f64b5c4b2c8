// A program that goes on in the background once it is ready, and a place for its words there.
#pragma once

#include <optional>
#include <string>

#include "ingest/monitor.h"
#include "store/fd.h"

namespace cairn {

// Threads:  one thread at a time; there may be no others when start() is called.
class Background {
 public:
  // Goes on in a child process, which keeps terminal and streams until it is ready: errors are seen, and passwords can be asked for.
  // In the child: nullopt.  In the caller: once the child is ready, 0; else how it ended.   kIo.
  std::optional<int> start();
  // In the child: lets the caller end, and leaves the terminal.
  void ready();

 private:
  Fd tell_;   // to the caller
};

// Errors and warnings go to the system's log.   Threads: thread-safe.
class SystemLog : public Monitor {
 public:
  SystemLog();
  void error(const std::string& path, const std::string& message) override;
  void warning(const std::string& message) override;
  void item(const std::string&, const std::string&, uint64_t) override {}
  void check_interrupted() override;
};

}  // namespace cairn
