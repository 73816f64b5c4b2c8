#include "ingest/postgres/live/row_source.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "store/error.h"

namespace cairn {

namespace {

constexpr uint64_t kRangeBytes = 8 << 20;         // of a table in one COPY
constexpr uint64_t kBytesPerConnection = 32 << 20;  // fewer don't pay for another connection
constexpr size_t kLeastBlockCost = 4096;          // what a short block costs all the same
constexpr std::chrono::milliseconds kPoll{200};   // how late an interruption is noticed
constexpr std::chrono::milliseconds kLatestNews{1000};  // how much later than others a worker may hear of the same failure

// Somebody who isn't told which rows are hidden from him can't save a table.
void begin_copy(PostgresConnection& connection, const std::string& statement) {
  try {
    connection.begin_copy_out(statement);
  } catch (const Error& error) {
    const std::string what = error.what();
    if (what.find("row-level security") == std::string::npos) throw;
    throw Error(error.code(), what + "; give the role BYPASSRLS, or save as a superuser");
  }
}

size_t cost_of(const std::string& block) { return std::max(block.size(), kLeastBlockCost); }

size_t useful_workers(const std::vector<TableData>& tables, size_t wanted) {
  uint64_t bytes = 0;
  for (const TableData& table : tables) bytes += table.data_bytes;
  return std::clamp<size_t>(static_cast<size_t>(bytes / kBytesPerConnection) + 1, 1, std::max<size_t>(wanted, 1));
}

}  // namespace

std::vector<CopyJob> plan_copies(const std::vector<TableData>& tables, bool ranges) {
  std::vector<CopyJob> out;
  for (size_t i = 0; i < tables.size(); ++i) {
    const TableData& table = tables[i];
    const uint64_t pieces = std::min(table.data_bytes / kRangeBytes, table.page_count);
    if (!ranges || !table.heap || table.columns.empty() || !table.condition.empty() || pieces < 2) {
      out.push_back({.table = i});
      continue;
    }
    for (uint64_t piece = 0, begin = 0; piece < pieces; ++piece) {
      const bool last = piece + 1 == pieces;
      const uint64_t end = last ? 0 : begin + table.page_count / pieces;
      out.push_back({i, begin, end, piece == 0, last});
      begin = end;
    }
  }
  return out;
}

std::string copy_statement(const TableData& table, const CopyJob& job) {
  if (job.first && job.last && table.condition.empty()) {
    return "COPY " + table.relation + (table.columns.empty() ? "" : " (" + table.columns + ")") + " TO STDOUT";
  }
  const std::string select = "COPY (SELECT " + (table.columns.empty() ? "*" : table.columns) + " FROM ";
  if (!table.condition.empty()) return select + table.relation + " " + table.condition + ") TO STDOUT";
  std::string where;
  if (!job.first) where = " WHERE ctid >= '(" + std::to_string(job.begin_page) + ",0)'";
  if (!job.last) where += (where.empty() ? " WHERE" : " AND") + (" ctid < '(" + std::to_string(job.end_page) + ",0)'");
  return select + "ONLY " + table.relation + where + ") TO STDOUT";
}

void RowSource::WorkerMonitor::check_interrupted() {
  if (stop) throw Error(ErrorCode::kInterrupted, "stopped");
  outer_.check_interrupted();
}

RowSource::RowSource(PostgresConnection& own, const std::string& snapshot, const std::vector<TableData>& tables, size_t workers, Monitor& monitor)
    : monitor_(monitor), worker_monitor_(monitor), own_(own), parameters_(own.parameters()), snapshot_(snapshot), tables_(tables),
      jobs_(plan_copies(tables, workers > 1 && own.server_version_num() >= 140000)), slots_(kWindow) {
  try {
    start(useful_workers(tables, workers));
  } catch (...) {
    {
      std::lock_guard lock(mu_);
      worker_monitor_.stop = true;
    }
    room_.notify_all();  // those that run are joined when threads_ goes
    throw;
  }
}

void RowSource::start(size_t workers) {
  others_ = workers - 1;
  threads_.emplace_back([this] { guarded([&] { work(); }); });
  for (size_t i = 1; i < workers; ++i) {
    threads_.emplace_back([this] {
      guarded([&] { work_with_new_connection(); });
      std::lock_guard lock(mu_);
      --others_;
      room_.notify_all();
    });
  }
}

RowSource::~RowSource() {
  {
    std::lock_guard lock(mu_);
    worker_monitor_.stop = true;
  }
  room_.notify_all();
  threads_.clear();
}

void RowSource::guarded(const std::function<void()>& body) {
  try {
    body();
  } catch (...) {
    std::lock_guard lock(mu_);
    if (!error_ && !worker_monitor_.stop) error_ = std::current_exception();
    worker_monitor_.stop = true;
    room_.notify_all();
    ready_.notify_all();
  }
}

void RowSource::throw_if_failed() {
  std::unique_lock lock(mu_);
  ready_.wait_for(lock, kLatestNews, [&] { return error_ != nullptr; });
  if (error_) std::rethrow_exception(error_);
}

void RowSource::work() {
  for (size_t number = 0; take_job(number, true);) {
    copy(own_, number);
    finish_job(number);
  }
}

void RowSource::work_with_new_connection() {
  std::optional<PostgresConnection> connection;
  const auto begin = [&] {
    connection->exec("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    connection->exec("SET TRANSACTION SNAPSHOT " + PostgresConnection::quote_literal(snapshot_));
  };
  try {
    connection.emplace(parameters_, std::nullopt, worker_monitor_);
    set_up_session(*connection);
    begin();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInterrupted) throw;
    monitor_.warning(std::string("one connection less to copy rows with: ") + error.what());
    return;
  }
  size_t locked = tables_.size();  // none
  for (size_t number = 0; take_job(number, false);) {
    const size_t table = jobs_[number].table;
    if (locked != table && connection->try_exec("LOCK TABLE ONLY " + tables_[table].relation + " IN ACCESS SHARE MODE NOWAIT")) {
      // Whatever the reason is: if it isn't the lock, own_ will say it.
      leave_for_own(number);
      connection->exec("ROLLBACK");
      begin();
      locked = tables_.size();
      continue;
    }
    locked = table;
    copy(*connection, number);
    finish_job(number);
  }
}

bool RowSource::take_job(size_t& number, bool own) {
  std::unique_lock lock(mu_);
  const auto left = [&] { return own && !left_for_own_.empty(); };
  room_.wait(lock, [&] {
    if (taken_ == jobs_.size()) return worker_monitor_.stop || left() || !own || others_ == 0;
    return worker_monitor_.stop || left() || taken_ - head_ < kWindow;
  });
  if (worker_monitor_.stop) return false;
  if (left()) {
    number = *left_for_own_.begin();
    left_for_own_.erase(left_for_own_.begin());
    return true;
  }
  if (taken_ == jobs_.size()) return false;
  number = taken_++;
  return true;
}

void RowSource::finish_job(size_t number) {
  std::lock_guard lock(mu_);
  slots_[number % kWindow].done = true;
  if (number == head_) ready_.notify_one();
}

void RowSource::leave_for_own(size_t number) {
  std::lock_guard lock(mu_);
  left_for_own_.insert(number);
  room_.notify_all();
}

void RowSource::copy(PostgresConnection& connection, size_t number) {
  const TableData& table = tables_[jobs_[number].table];
  if (table.heap && table.page_count == 0) return;
  const bool own = &connection == &own_;
  begin_copy(connection, copy_statement(table, jobs_[number]));
  std::string block;
  for (bool more = true; more;) {
    more = connection.copy_out(block, kBlockBytes);
    if (block.size() >= kBlockBytes / 2) {
      put_block(number, std::move(block), own);
    } else if (!block.empty()) {
      put_block(number, std::string(block), own);  // a short one in no more memory than it needs
    }
    block.clear();
  }
}

// The job that is passed on just now never waits for those behind it; nor does own_ when others have left it such a job.
void RowSource::put_block(size_t number, std::string&& block, bool own) {
  std::unique_lock lock(mu_);
  Slot& slot = slots_[number % kWindow];
  const auto fits = [&] { return queued_bytes_ + cost_of(block) <= kQueuedBytes || (number == head_ && slot.blocks.empty()); };
  room_.wait(lock, [&] { return worker_monitor_.stop || fits() || (own && !left_for_own_.empty()); });
  if (worker_monitor_.stop) throw Error(ErrorCode::kInterrupted, "stopped");
  if (!fits() && queued_bytes_ + cost_of(block) > kMostQueuedBytes) {
    throw Error(ErrorCode::kIo, own_.place() + ": somebody waits to change " + printable(tables_[jobs_[*left_for_own_.begin()].table].relation) +
                                    " (ALTER TABLE, VACUUM FULL …): save it again when that is done");
  }
  queued_bytes_ += cost_of(block);
  slot.blocks.push_back(std::move(block));
  if (number == head_) ready_.notify_one();
}

// The next text to pass on into text_, waiting for it; false: no more.
bool RowSource::next_text() {
  std::unique_lock lock(mu_);
  at_ = 0;
  text_.clear();
  while (text_.empty()) {
    if (error_) std::rethrow_exception(error_);
    if (head_ == jobs_.size()) return false;
    const CopyJob& job = jobs_[head_];
    Slot& slot = slots_[head_ % kWindow];
    if (job.first && !slot.announced) {
      slot.announced = true;
      text_ = tables_[job.table].heading;
    } else if (!slot.blocks.empty()) {
      text_ = std::move(slot.blocks.front());
      slot.blocks.pop_front();
      queued_bytes_ -= cost_of(text_);
      room_.notify_all();
    } else if (slot.done) {
      if (job.last) text_ = "\\.\n\n\n";
      slot = Slot();
      ++head_;
      room_.notify_all();
    } else if (ready_.wait_for(lock, kPoll) == std::cv_status::timeout) {
      lock.unlock();
      monitor_.check_interrupted();
      lock.lock();
    }
  }
  return true;
}

size_t RowSource::read(std::span<uint8_t> into) {
  if (at_ == text_.size() && !next_text()) return 0;
  const size_t size = std::min(into.size(), text_.size() - at_);
  std::memcpy(into.data(), text_.data() + at_, size);
  at_ += size;
  return size;
}

}  // namespace cairn
