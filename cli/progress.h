// Tells people how it goes, on standard error: a line or two that are redrawn while something runs, and messages in between.
//
// Drawn:    five times a second, from the first second on, only when standard error is a terminal and neither -q nor --json is
//           given.  With --json a status object a second instead (none with -q).
// Messages: errors and warnings always, through printable(); with --json as objects.
// Items:    results, on standard output: with -v, and in dry runs.
// Threads:  thread-safe; `out` is used under this one's lock, so nobody else may write to it between begin() and finish().
#pragma once

#include <chrono>
#include <condition_variable>
#include <string>
#include <thread>

#include "cli/options.h"
#include "cli/output.h"
#include "ingest/monitor.h"

namespace cairn {

class Progress : public Monitor {
 public:
  // Both must outlive this.
  Progress(const Options& options, Output& out);
  ~Progress() override;

  void error(const std::string& path, const std::string& message) override;
  void warning(const std::string& message) override;
  void item(const std::string& action, const std::string& path, uint64_t size_bytes) override;
  void check_interrupted() override;
  void note(const std::string& message) override;   // nothing with --json

  // Dry runs: tell about items even without -v.
  void show_items() { items_ = true; }
  // Bytes are counted there from now on; both must outlive the drawing.
  void follow(const std::atomic<uint64_t>& done, const std::atomic<uint64_t>& total);
  // Starts and ends drawing; finish() leaves an empty line.  Both may be called again.
  void begin();
  void finish();
  uint64_t elapsed_ns() const;

 private:
  using Clock = std::chrono::steady_clock;

  void run(std::stop_token stop);
  void draw();             // REQUIRES: mu_ held
  void erase();            // REQUIRES: mu_ held
  void say(const std::string& line);
  void measure_rate();
  std::string counters() const;

  const Options& options_;
  Output& out_;
  const bool terminal_, colour_;
  bool items_;
  const std::atomic<uint64_t>* done_ = &bytes_done;
  const std::atomic<uint64_t>* total_ = &bytes_total;
  Clock::time_point began_ = Clock::now();

  std::mutex mu_;
  std::condition_variable_any wake_;
  int lines_drawn_ = 0;      // guarded by mu_
  double rate_ = 0;          // bytes a second, smoothed; the drawing thread's own, like the next two
  uint64_t bytes_seen_ = 0;
  Clock::time_point seen_at_;
  std::jthread drawer_;      // last: it ends before what it uses
};

// "1.3 GiB of 10.2 GiB (12%), 3,456 files, 512.0 MiB/s, 17 s left, 2 errors": what Progress draws first.  What isn't known is
// left out.
struct Counters {
  uint64_t bytes_done = 0, bytes_total = 0, files_done = 0, files_total = 0, errors = 0;
  double bytes_per_second = 0;
};
std::string describe(const Counters& counters);

}  // namespace cairn
