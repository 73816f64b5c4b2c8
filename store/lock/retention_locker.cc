#include "store/lock/retention_locker.h"

#include <algorithm>
#include <atomic>
#include <charconv>

#include "store/error.h"
#include "store/host.h"
#include "store/keys/config.h"
#include "store/parallel.h"
#include "store/seen/local_memory.h"

namespace cairn {

namespace {

constexpr size_t kMostMemoryBytes = 1 << 30;   // about 90 bytes a file
constexpr std::string_view kMemory = "/locks";

bool needs_lock(std::string_view name) {
  return name == kConfigName || std::ranges::any_of(std::array{"keys/", "packs/", "index/", "snapshots/", "notes/"},
                                                    [&](const char* folder) { return name.starts_with(folder); });
}

}  // namespace

RetentionLocker::RetentionLocker(Repository& repository, const RetentionLock& lock)
    : repository_(repository), wanted_s_(lock.seconds), lock_{lock.mode, lock.seconds + lock.seconds / 4} {
  load();
  if (!lasts(std::string(kConfigName), now_ns() / 1'000'000'000)) this->lock(std::string(kConfigName));
  repository_.backend().lock_created(lock_, needs_lock, [this](std::string_view name, int64_t end_s) {
    note(name, end_s);
    std::lock_guard guard(mu_);
    ++written_;
  });
}

RetentionLocker::~RetentionLocker() { repository_.backend().lock_created(lock_, nullptr, nullptr); }

// A line: end, C or G, name.  What doesn't read so is as good as not known.
void RetentionLocker::load() {
  const auto bytes = read_memory(repository_.cache_folder() + std::string(kMemory), kMostMemoryBytes);
  if (!bytes) return;
  std::string_view rest = text(*bytes);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    Known known;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), known.end_s);
    const std::string_view behind = line.substr(static_cast<size_t>(end - line.data()));
    if (error != std::errc() || behind.size() < 4 || (!behind.starts_with(" C ") && !behind.starts_with(" G "))) continue;
    if (behind[1] == 'C') known.mode = RetentionLock::Mode::kCompliance;
    known_[std::string(behind.substr(3))] = known;
  }
}

void RetentionLocker::save() {
  std::string out;
  {
    std::lock_guard guard(mu_);
    for (const auto& [name, known] : known_)
      out += std::to_string(known.end_s) + (known.mode == RetentionLock::Mode::kCompliance ? " C " : " G ") + name + "\n";
  }
  write_memory(repository_.cache_folder() + std::string(kMemory), view(out));
}

// Is it locked well enough, for as long as was asked for?
bool RetentionLocker::lasts(const std::string& name, int64_t now_s) const {
  const auto found = known_.find(name);
  return found != known_.end() && found->second.end_s >= now_s + wanted_s_ &&
         (found->second.mode == lock_.mode || lock_.mode == RetentionLock::Mode::kGovernance);
}

void RetentionLocker::note(std::string_view name, int64_t end_s) {
  std::lock_guard guard(mu_);
  known_[std::string(name)] = {end_s, lock_.mode};
}

void RetentionLocker::lock(const std::string& name) {
  note(name, repository_.backend().lock(name, lock_));
  std::lock_guard guard(mu_);
  ++extended_;
}

RetentionLocker::Report RetentionLocker::extend(const std::function<void()>& check_interrupted) {
  const std::vector<StoredFile> files = repository_.backend().list("");
  // The storage's clock counts.  A file was just written, so the newest one tells it; ours may only be ahead of that.
  int64_t now = now_ns();
  for (const StoredFile& file : files) now = std::max(now, file.mtime_ns);
  const int64_t now_s = now / 1'000'000'000;
  Report report;
  std::vector<std::string> due;
  std::map<std::string, Known, std::less<>> there;   // without what was removed
  for (const StoredFile& file : files) {
    if (!needs_lock(file.name)) continue;
    ++report.files;
    if (const auto known = known_.find(file.name); known != known_.end()) there.insert(*known);
    if (!lasts(file.name, now_s)) due.push_back(file.name);
  }
  known_ = std::move(there);
  std::atomic<size_t> next{0};
  std::atomic<uint64_t> gone{0};
  auto work = [&](size_t number) {
    for (size_t i; (i = next++) < due.size();) try {
        if (number == 0) check_interrupted();
        lock(due[i]);
      } catch (const Error& e) {
        if (e.code() == ErrorCode::kNotFound) {   // a prune took it away meanwhile
          ++gone;
          continue;
        }
        next = due.size();   // the others stop too
        throw;
      }
  };
  try {
    in_parallel(std::min<size_t>(due.size(), static_cast<size_t>(std::max(1, repository_.backend().uploads_at_once()))), work);
  } catch (const Error&) {
    save();
    throw;
  }
  save();
  report.files -= gone;
  report.written = written_;
  report.extended = extended_;
  for (const auto& [name, known] : known_) report.end_s = report.end_s == 0 ? known.end_s : std::min(report.end_s, known.end_s);
  return report;
}

}  // namespace cairn
