#include "store/backend/s3/retention.h"

#include <algorithm>
#include <ctime>

#include "store/error.h"

namespace cairn {

namespace {

constexpr uint64_t kMostAnswerBytes = 64 << 10;

std::string mode_name(RetentionLock::Mode mode) { return mode == RetentionLock::Mode::kCompliance ? "COMPLIANCE" : "GOVERNANCE"; }

std::string time_text(int64_t seconds) {
  const time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

S3Headers lock_headers(RetentionLock::Mode mode, int64_t end_s) {
  return {{"x-amz-object-lock-mode", mode_name(mode)}, {"x-amz-object-lock-retain-until-date", time_text(end_s)}};
}

namespace {

void put_retention(S3Client& client, std::string_view key, const std::string& mode, int64_t end_s, bool bypass_governance) {
  S3Body body("");
  body.append(view("<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>" + mode + "</Mode><RetainUntilDate>" + time_text(end_s) +
                   "</RetainUntilDate></Retention>"));
  body.finish();
  S3Headers headers{{"content-md5", base64(body.md5())}};
  if (bypass_governance) headers["x-amz-bypass-governance-retention"] = "true";
  client.request("PUT", key, {{"retention", ""}}, headers, &body, kMostAnswerBytes, {200, 204});
}

}  // namespace

void require_locks(S3Client& client, std::string_view key) {
  const S3Reply reply = client.request("GET", key, {{"retention", ""}}, {}, nullptr, kMostAnswerBytes, {200, 403, 404});
  if (reply.status != 200) return;   // none yet, or it may not be looked at: the server knows what was asked
  bool known = false;
  try {
    known = !parse_retention(text(reply.body)).mode.empty();
  } catch (const Error&) {   // the object itself
  }
  if (!known) throw Error(ErrorCode::kInvalidArgument, client.name(key) + ": the server doesn't know Object Lock: leave --retention-lock away");
}

int64_t lock_object(S3Client& client, std::string_view key, RetentionLock::Mode mode, int64_t end_s) {
  try {
    put_retention(client, key, mode_name(mode), end_s, false);
    return end_s;
  } catch (const Error& refusal) {
    if (refusal.code() != ErrorCode::kWrongKey) throw;
    // Forbidden, or somebody's lock is another one.  Whoever may not even look hears why the first was refused.
    S3Retention there;
    try {
      there = parse_retention(text(client.request("GET", key, {{"retention", ""}}, {}, nullptr, kMostAnswerBytes, {200}).body));
    } catch (const Error&) {
      throw refusal;
    }
    const int64_t there_s = there.end_ns / 1'000'000'000;
    if (there.mode == "COMPLIANCE" && there_s >= end_s) return there_s;
    if (there.mode == mode_name(mode)) {
      if (there_s >= end_s) return there_s;
      throw;
    }
    // Compliance stays; governance becomes compliance where these credentials may do that, and no shorter.
    try {
      put_retention(client, key, "COMPLIANCE", std::max(end_s, there_s), there.mode == "GOVERNANCE");
    } catch (const Error& e) {
      if (e.code() != ErrorCode::kWrongKey || there.mode != "GOVERNANCE") throw;
      throw Error(e.code(), std::string(refusal.what()) + ", or it is because the lock that is there is governance: to make it compliance they "
                            "need s3:BypassGovernanceRetention; with --retention-lock governance:TIME it can be extended");
    }
    return std::max(end_s, there_s);
  }
}

}  // namespace cairn
