#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "cli/interrupt.h"
#include "cli/json.h"
#include "cli/terminal.h"
#include "store/error.h"

namespace cairn {

namespace {

using namespace std::chrono_literals;

constexpr auto kDrawEvery = 200ms;
constexpr auto kStatusEvery = 1s;
constexpr auto kQuietFor = 1s;           // what is over sooner needs no progress
constexpr double kRateMemorySeconds = 5;  // a pause fades in about this time

// Everything or nothing: a message must not be cut by another process's.
void write_stderr(const std::string& text) {
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written <= 0) return;  // nowhere to complain
    rest.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

std::string describe(const Counters& c) {
  std::string out = human_size(c.bytes_done);
  if (c.bytes_total > 0) {
    const double percent = 100.0 * static_cast<double>(c.bytes_done) / static_cast<double>(c.bytes_total);
    out += " of " + human_size(c.bytes_total) + " (" + std::to_string(static_cast<int>(std::min(percent, 100.0))) + "%)";
  }
  if (c.files_total > 0) {
    out += ", " + human_count(c.files_done) + " of " + counted(c.files_total, "file", "files");
  } else if (c.files_done > 0) {
    out += ", " + counted(c.files_done, "file", "files");
  }
  if (c.bytes_per_second >= 1) out += ", " + human_size(static_cast<uint64_t>(c.bytes_per_second)) + "/s";
  if (c.bytes_per_second >= 1 && c.bytes_total > c.bytes_done) {
    const double seconds = static_cast<double>(c.bytes_total - c.bytes_done) / c.bytes_per_second;
    if (seconds < 100 * 3600) out += ", " + human_duration(static_cast<uint64_t>(std::ceil(seconds)) * 1'000'000'000) + " left";
  }
  if (c.errors > 0) out += ", " + counted(c.errors, "error", "errors");
  return out;
}

Progress::Progress(const Options& options, Output& out)
    : options_(options), out_(out), terminal_(is_terminal(STDERR_FILENO)), colour_(wants_colour(STDERR_FILENO)),
      items_(options.verbosity > 0) {}

Progress::~Progress() { finish(); }

void Progress::error(const std::string& path, const std::string& message) {
  errors.fetch_add(1, std::memory_order_relaxed);
  if (options_.json) return say(message_json("error", path, message));
  // Many messages begin with the path already.
  const std::string shown = printable(path), text = printable(message);
  say((colour_ ? "\x1b[31merror:\x1b[0m " : "error: ") + (text.starts_with(shown) ? "" : shown + ": ") + text);
}

void Progress::warning(const std::string& message) {
  if (options_.json) return say(message_json("warning", "", message));
  say((colour_ ? "\x1b[33mwarning:\x1b[0m " : "warning: ") + printable(message));
}

void Progress::note(const std::string& message) {
  if (options_.verbosity > 0 && !options_.json) say(printable(message));
}

void Progress::say(const std::string& line) {
  std::lock_guard lock(mu_);
  erase();
  write_stderr(line + "\n");
}

void Progress::item(const std::string& action, const std::string& path, uint64_t size_bytes) {
  if (!items_) return;
  std::lock_guard lock(mu_);
  if (out_.is_terminal()) erase();
  if (options_.json) {
    out_.line(item_json(action, path, size_bytes));
  } else {
    out_.line(action + "  " + printable(path) + (size_bytes > 0 ? "  (" + human_size(size_bytes) + ")" : ""));
  }
  if (out_.is_terminal()) out_.flush();
}

void Progress::check_interrupted() { cairn::check_interrupted(); }

uint64_t Progress::elapsed_ns() const {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began_).count());
}

void Progress::follow(const std::atomic<uint64_t>& done, const std::atomic<uint64_t>& total) {
  done_ = &done;
  total_ = &total;
}

void Progress::begin() {
  finish();
  began_ = seen_at_ = Clock::now();
  rate_ = 0;
  bytes_seen_ = done_->load();
  const bool draws = terminal_ && !options_.json;
  if (options_.quiet || (!draws && !options_.json)) return;
  drawer_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

void Progress::finish() {
  if (drawer_.joinable()) {
    drawer_.request_stop();
    drawer_.join();
  }
  std::lock_guard lock(mu_);
  erase();
}

void Progress::run(std::stop_token stop) {
  std::unique_lock lock(mu_);
  auto pause = std::chrono::milliseconds(kQuietFor);
  // The predicate never holds: only time or stop ends a wait.
  while (!wake_.wait_for(lock, stop, pause, [] { return false; }) && !stop.stop_requested()) {
    measure_rate();
    if (options_.json) {
      bytes_done = done_->load();  // what others count is shown by the same names
      bytes_total = total_->load();
      write_stderr(status_json(*this, static_cast<double>(elapsed_ns()) / 1e9) + "\n");
    } else {
      draw();
    }
    pause = options_.json ? std::chrono::milliseconds(kStatusEvery) : std::chrono::milliseconds(kDrawEvery);
  }
}

void Progress::measure_rate() {
  const auto now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - seen_at_).count();
  if (seconds <= 0) return;
  const uint64_t bytes = done_->load();
  const double current = static_cast<double>(bytes - std::min(bytes, bytes_seen_)) / seconds;
  const double weight = rate_ == 0 ? 1 : 1 - std::exp(-seconds / kRateMemorySeconds);
  rate_ += weight * (current - rate_);
  bytes_seen_ = bytes;
  seen_at_ = now;
}

std::string Progress::counters() const {
  const std::string name = phase();
  return (name.empty() ? "" : name + ": ") +
         describe({.bytes_done = done_->load(), .bytes_total = total_->load(), .files_done = files_done.load(),
                   .files_total = files_total.load(), .errors = errors.load(), .bytes_per_second = rate_});
}

void Progress::draw() {
  const size_t width = terminal_width(STDERR_FILENO) - 1;  // the last column would wrap on some terminals
  const std::string first = shortened(counters(), width), path = current();
  erase();
  std::string text = first + "\n";
  if (!path.empty()) text += "  " + shortened(printable(path), width - std::min<size_t>(width, 2)) + "\n";
  lines_drawn_ = path.empty() ? 1 : 2;
  write_stderr(text);
}

void Progress::erase() {
  if (lines_drawn_ == 0) return;
  write_stderr("\x1b[" + std::to_string(lines_drawn_) + "A\r\x1b[J");
  lines_drawn_ = 0;
}

}  // namespace cairn
