// How an operation tells whoever watches: counters to look at, and words worth saying.
// The store and ingest never print; the program implements this.
//
// Threads:  every method and counter is thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace cairn {

class Monitor {
 public:
  virtual ~Monitor() = default;

  // One file of many that could not be read or restored; the operation goes on, and the exit code will be 3 (1 for a restore).
  virtual void error(const std::string& path, const std::string& message) = 0;
  // Something a person should know; no influence on the exit code.
  virtual void warning(const std::string& message) = 0;
  // One line about one path (dry runs, --verbose): "new", "changed", "would restore" …
  virtual void item(const std::string& action, const std::string& path, uint64_t size_bytes) = 0;
  // For people who asked for more (--verbose).
  virtual void note(const std::string&) {}
  // Throws Error(kInterrupted) once somebody asked to stop; called often.
  virtual void check_interrupted() = 0;

  // A name for what runs now ("reading", "restoring", "checking packs"); shown beside the counters.
  void phase(const std::string& name) {
    std::lock_guard lock(mu_);
    phase_ = name;
  }
  void current(const std::string& path) {
    std::lock_guard lock(mu_);
    current_ = path;
  }
  std::string phase() const {
    std::lock_guard lock(mu_);
    return phase_;
  }
  std::string current() const {
    std::lock_guard lock(mu_);
    return current_;
  }

  // The operation starts from its beginning once more.
  void begin_again() { bytes_done = bytes_total = files_done = files_total = errors = 0; }

  std::atomic<uint64_t> bytes_done{0}, bytes_total{0};  // total 0: not known (yet)
  std::atomic<uint64_t> files_done{0}, files_total{0};
  std::atomic<uint64_t> errors{0};

 private:
  mutable std::mutex mu_;
  std::string phase_, current_;  // guarded by mu_
};

}  // namespace cairn
