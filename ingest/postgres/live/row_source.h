// The rows of all tables as one text, in order, copied by several connections at once.
//
// A large table is copied in ranges of its pages, so that everybody helps; the ranges one after another are what one COPY gives.
// Whoever runs ahead waits when 32 MiB are under way.  A table that somebody waits to change (ALTER, VACUUM FULL …) is copied by the
// connection that locked it before; the others would wait for him as he does for us.
//
// Threads:  one thread at a time; its own workers inside.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ingest/postgres/connection.h"
#include "ingest/postgres/live/data_list.h"
#include "ingest/stream/stream_source.h"

namespace cairn {

// One COPY: a table, or some pages of it.
struct CopyJob {
  size_t table = 0;
  uint64_t begin_page = 0, end_page = 0;  // both 0: all of it; end 0: to the end
  bool first = true, last = true;         // of its table
};

// `ranges`: whether large tables may be split.
std::vector<CopyJob> plan_copies(const std::vector<TableData>& tables, bool ranges);
// The COPY … TO STDOUT of a job.
std::string copy_statement(const TableData& table, const CopyJob& job);

class RowSource : public StreamSource {
 public:
  // `own`: in the transaction of `snapshot`, and not to be used by anybody else until this is gone; more connections, up to `workers`
  // with it, are opened with its parameters.  Those that can't be opened are done without, with a warning.
  RowSource(PostgresConnection& own, const std::string& snapshot, const std::vector<TableData>& tables, size_t workers, Monitor& monitor);
  // Stops the workers, and what the server does for them.
  ~RowSource() override;

  size_t read(std::span<uint8_t> into) override;
  void finish() override {}  // read() threw when something was wrong
  // For who met a failure beside this: throws what made a worker fail, if one did or does within a second.
  void throw_if_failed();

 private:
  static constexpr size_t kWindow = 4096;             // jobs begun that aren't passed on
  static constexpr size_t kQueuedBytes = 32 << 20;
  static constexpr size_t kMostQueuedBytes = 96 << 20;  // when own_ must get done with what it has, to do what others left
  static constexpr size_t kBlockBytes = 256 << 10;

  // What workers ask instead of the operation's monitor, so that they can be stopped.
  class WorkerMonitor : public Monitor {
   public:
    explicit WorkerMonitor(Monitor& outer) : outer_(outer) {}
    void error(const std::string& path, const std::string& message) override { outer_.error(path, message); }
    void warning(const std::string& message) override { outer_.warning(message); }
    void item(const std::string& action, const std::string& path, uint64_t size_bytes) override { outer_.item(action, path, size_bytes); }
    void check_interrupted() override;
    std::atomic<bool> stop{false};

   private:
    Monitor& outer_;
  };
  struct Slot {
    std::deque<std::string> blocks;
    bool announced = false;  // its table's heading was passed on
    bool done = false;
  };

  void start(size_t workers);
  void work();
  void work_with_new_connection();
  void guarded(const std::function<void()>& body);
  void copy(PostgresConnection& connection, size_t number);
  bool take_job(size_t& number, bool own);
  void finish_job(size_t number);
  void leave_for_own(size_t number);
  void put_block(size_t number, std::string&& block, bool own);
  bool next_text();

  Monitor& monitor_;
  WorkerMonitor worker_monitor_;
  PostgresConnection& own_;
  const PostgresParameters parameters_;  // of own_
  const std::string snapshot_;
  const std::vector<TableData>& tables_;
  const std::vector<CopyJob> jobs_;

  std::string text_;  // being passed on, from at_
  size_t at_ = 0;

  std::mutex mu_;
  std::condition_variable room_, ready_;
  std::vector<Slot> slots_;          // guarded by mu_, as is all below; job n's is n % size
  size_t taken_ = 0, head_ = 0;      // jobs given out; passed on
  size_t queued_bytes_ = 0;
  std::set<size_t> left_for_own_;    // jobs given out that only own_ can do
  size_t others_ = 0;                // workers that may still leave some
  std::exception_ptr error_;

  std::vector<std::jthread> threads_;
};

}  // namespace cairn
