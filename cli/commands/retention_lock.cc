#include "cli/commands/retention_lock.h"

#include <nlohmann/json.hpp>

#include "cli/terminal.h"
#include "store/error.h"
#include "store/retention/calendar.h"

namespace cairn {

namespace {

constexpr int64_t kDay = 86400;
constexpr int64_t kMostSeconds = 10 * 366 * kDay;   // nobody can take it back
constexpr std::string_view kGovernance = "governance:";

std::string json(const RetentionLocker::Report& report) {
  return nlohmann::ordered_json{{"message_type", "retention_lock"}, {"files", report.files}, {"written", report.written},
                                {"extended", report.extended}, {"until", rfc3339(report.end_s * 1'000'000'000)}}.dump();
}

}  // namespace

RetentionLock parse_retention_lock(const std::string& text) {
  RetentionLock out;
  std::string_view time = text;
  if (time.starts_with(kGovernance)) {
    time.remove_prefix(kGovernance.size());
    out.mode = RetentionLock::Mode::kGovernance;
  }
  Span span;
  try {
    span = parse_span(time);
  } catch (const Error& e) {
    throw UsageError("--retention-lock " + std::string(e.what()) + ", perhaps behind governance:");
  }
  // At least as long as any such stretch of the calendar.
  out.seconds = (366 * span.years + 31 * span.months + 7 * span.weeks + span.days) * kDay + span.hours * int64_t{3600};
  if (out.seconds > kMostSeconds) throw UsageError("--retention-lock: at most 10y, for nobody can take a lock back");
  return out;
}

void RetentionLockOption::declare(Arguments& to) {
  to.text("--retention-lock", "TIME", text_,
          "S3: lock what snapshots need against deletion, as in 30d or governance:30d");
}

void RetentionLockOption::check(const Session& session) {
  if (text_.empty()) return;
  lock_ = parse_retention_lock(text_);
  if (url_scheme(session.options.repository) != "s3")
    throw UsageError("--retention-lock is for repositories in S3, in a bucket with Object Lock; this one is a directory");
}

std::unique_ptr<RetentionLocker> RetentionLockOption::begin(Session& session) const {
  return text_.empty() ? nullptr : std::make_unique<RetentionLocker>(session.repository(), lock_);
}

bool finish_locking(Session& session, RetentionLocker* locker) {
  if (!locker) return true;
  RetentionLocker::Report report;
  session.progress.phase("locking");
  try {
    report = locker->extend([&session] { session.progress.check_interrupted(); });
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInterrupted) throw;
    session.progress.error("", "not everything that snapshots need is locked: " + std::string(e.what()));
    return false;
  }
  if (session.options.json) {
    session.out.line(json(report));
  } else if (!session.options.quiet) {
    session.out.line("Locked:  " + counted(report.files, "file", "files") + ", all at least until " + local_time(report.end_s * 1'000'000'000) + "; " +
                     human_count(report.written) + " new, " + human_count(report.extended) + " locked anew or for longer");
  }
  return true;
}

}  // namespace cairn
