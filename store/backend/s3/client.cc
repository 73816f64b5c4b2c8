#include "store/backend/s3/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <thread>

#include "store/crypto/sodium.h"
#include "store/error.h"
#include "store/host.h"
#include "store/id.h"

namespace cairn {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kFirstPauseS = 0.2, kLongestPauseS = 20, kLongestAskedPauseS = 60;
constexpr int64_t kClockToleranceS = 60;
constexpr uint64_t kMostSmallAnswerBytes = 64 << 10;   // where none is expected
constexpr std::string_view kEmptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

double seconds_since(Clock::time_point then) { return std::chrono::duration<double>(Clock::now() - then).count(); }

bool worth_repeating(const S3Reply& reply) {
  const std::string& code = reply.failure.code;
  if (reply.status == 408 || reply.status == 429 || reply.status >= 500) return reply.status != 501;
  if (reply.status == 409) return code == "ConditionalRequestConflict" || code == "OperationAborted";
  // What was damaged on its way to the server, or came too slowly.
  return reply.status == 400 && (code == "RequestTimeout" || code == "BadDigest" || code == "XAmzContentSHA256Mismatch" || code == "IncompleteBody");
}

std::string reason(const S3Reply& reply) {
  std::string out = std::to_string(reply.status);
  if (!reply.failure.code.empty()) out += " " + printable(reply.failure.code);
  if (!reply.failure.message.empty()) out += ": " + printable(reply.failure.message);
  return out;
}

// A lock was asked for (`locks`), and there are none in this bucket.
bool without_locks(const S3Reply& reply, bool locks) {
  const std::string& code = reply.failure.code;
  return locks && (reply.status == 501 || (reply.status == 400 && (code == "InvalidRequest" || code == "InvalidArgument")));
}

// What a request is called in counts and messages.
std::string verb(const std::string& method, const S3Query& query) {
  if (query.contains("list-type")) return "LIST";
  return query.contains("retention") && method == "PUT" ? "LOCK" : method;
}

// What to do about it; "" when there is nothing to say.
std::string advice(const S3Reply& reply, const std::string& method, bool locks) {
  const std::string& code = reply.failure.code;
  if (code == "SignatureDoesNotMatch") return "the secret key is not the one that belongs to this access key";
  if (code == "InvalidAccessKeyId") return "the server doesn't know this access key; check the credentials and the endpoint";
  if (code == "ExpiredToken" || code == "TokenRefreshRequired") return "the session token has expired: get new credentials";
  if (code == "InvalidToken") return "the session token isn't one of these credentials";
  if (code == "NoSuchBucket") return "the bucket doesn't exist; make it first, cairn doesn't";
  if (code == "InvalidObjectState") return "it is archived; restore it to a storage class that can be read";
  if (code == "AuthorizationHeaderMalformed" || code == "PermanentRedirect" || reply.status == 301 || reply.status == 307) {
    const std::string region = reply.header("x-amz-bucket-region");
    return "the bucket is elsewhere: add region=" + (region.empty() ? "NAME" : printable(region)) + " to the URL";
  }
  if (without_locks(reply, locks)) return "the bucket has no Object Lock, which is chosen when a bucket is made: use another bucket, or no --retention-lock";
  if (reply.status == 403 && locks && method != "GET") return "these credentials may not lock (s3:PutObjectRetention)" + std::string(method == "PUT" ? ", or not write there (s3:PutObject)" : "");
  if (reply.status == 403 && method == "DELETE") return "these credentials may not delete (s3:DeleteObject)";
  if (reply.status == 403 && method == "PUT") return "these credentials may not write there (s3:PutObject)";
  if (reply.status == 403 && method == "LIST") return "these credentials may not list the bucket (s3:ListBucket)";
  if (reply.status == 403)
    return "these credentials may not read it (s3:GetObject), or it isn't there and they may not list the bucket (s3:ListBucket)";
  return "";
}

}  // namespace

uint64_t parse_length(std::string_view text, const std::string& what) {
  uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    throw Error(ErrorCode::kIo, what + ": the server doesn't tell its length; is this an S3 server?");
  return out;
}

std::string describe(const S3Counts& n) {
  return std::to_string(n.requests()) + " requests to S3: " + std::to_string(n.put) + " PUT, " + std::to_string(n.get) + " GET, " +
         std::to_string(n.head) + " HEAD, " + std::to_string(n.list) + " LIST, " + std::to_string(n.remove) + " DELETE" +
         (n.lock ? ", " + std::to_string(n.lock) + " LOCK" : "") + ", of them " + std::to_string(n.repeated) + " repeated; " + std::to_string(n.sent_bytes) + " bytes sent, " + std::to_string(n.received_bytes) + " received";
}

S3Client::S3Client(S3Place place, S3Credentials credentials, const S3Settings& settings)
    : place_(std::move(place)), credentials_(std::move(credentials)), settings_(settings),
      upload_(settings.upload_bytes_per_second), download_(settings.download_bytes_per_second),
      http_(settings.http, upload_, download_) {}

std::string S3Client::name(std::string_view key) const {
  return "s3://" + place_.bucket + (key.empty() ? "" : "/" + printable(key));
}

int64_t S3Client::server_now_s() const { return now_ns() / 1'000'000'000 + clock_offset_s_; }

HttpRequest S3Client::sign(const std::string& method, std::string_view key, const S3Query& query, const S3Headers& headers,
                           const S3Body* body, uint64_t most_bytes) const {
  UnsignedRequest plain{method, place_.request_path(key), query, headers, body ? to_hex(body->sha256()) : std::string(kEmptySha256)};
  const std::string time = amz_time(server_now_s());
  plain.headers["host"] = place_.request_host();
  plain.headers["x-amz-date"] = time;
  plain.headers["x-amz-content-sha256"] = plain.payload_sha256;
  if (!credentials_.session_token.empty()) plain.headers["x-amz-security-token"] = credentials_.session_token;
  HttpRequest out;
  out.method = method;
  out.url = place_.scheme + "://" + place_.request_host() + plain.path;
  if (!query.empty()) out.url += "?" + canonical_query(query);
  out.headers = plain.headers;
  out.headers["authorization"] = authorization(plain, credentials_, place_.region, time);
  out.body = body;
  out.most_bytes = most_bytes;
  return out;
}

// True when the server's clock is another than we thought.
bool S3Client::correct_clock(const S3Headers& headers) {
  auto date = headers.find("date");
  const time_t theirs = date == headers.end() ? -1 : curl_getdate(date->second.c_str(), nullptr);
  if (theirs < 0 || std::abs(theirs - server_now_s()) <= kClockToleranceS) return false;
  clock_offset_s_ = theirs - now_ns() / 1'000'000'000;
  return true;
}

void S3Client::count(const std::string& kind) {
  if (kind == "LOCK") ++counts_.lock;
  else if (kind == "PUT") ++counts_.put;
  else if (kind == "HEAD") ++counts_.head;
  else if (kind == "DELETE") ++counts_.remove;
  else if (kind == "LIST") ++counts_.list;
  else ++counts_.get;
}

// In small steps: somebody may want to stop.
void S3Client::pause(double seconds) const {
  const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  while (Clock::now() < until && !(settings_.stop && settings_.stop()))
    std::this_thread::sleep_until(std::min(until, Clock::now() + std::chrono::milliseconds(100)));
}

S3Reply S3Client::request(const std::string& method, std::string_view key, const S3Query& query, S3Headers headers,
                          const S3Body* body, uint64_t most_bytes, std::initializer_list<int> good) {
  std::optional<Clock::time_point> first_failure;
  const std::string kind = verb(method, query);
  for (int attempt = 1;; ++attempt) {
    count(kind);
    HttpReply answer = http_.perform(sign(method, key, query, headers, body, most_bytes));
    counts_.received_bytes += answer.body.size();
    if (body) counts_.sent_bytes += body->size_bytes();
    S3Reply reply{answer.status, std::move(answer.headers), std::move(answer.body), {}};
    const bool whole = answer.trouble.empty();
    if (whole && std::ranges::find(good, reply.status) != good.end()) {
      if (const std::string version = reply.header("x-amz-version-id"); kind == "PUT" && !version.empty() && version != "null") versions_ = true;
      return reply;
    }
    if (answer.refused_server)
      throw Error(ErrorCode::kIo, place_.scheme + "://" + place_.request_host() + ": the server's certificate isn't accepted: " + answer.trouble +
                                      "; where the authority is your own, name the file with its certificate in CAIRN_S3_CA_FILE");
    if (whole && reply.status / 100 != 2) reply.failure = parse_failure(text(reply.body));
    if (whole && reply.status == 403 && reply.failure.code != "AccessDenied" && correct_clock(reply.headers) && attempt <= 3) continue;
    const bool repeat = !whole || worth_repeating(reply) || (reply.status == 403 && reply.failure.code == "RequestTimeTooSkewed");
    if (!repeat) fail(kind, key, reply, query.contains("retention") || headers.contains("x-amz-object-lock-mode"));
    if (!first_failure) first_failure = Clock::now();
    if (seconds_since(*first_failure) >= settings_.patience_s)
      throw Error(ErrorCode::kIo, name(key) + ": " + kind + ": " + (whole ? "the server answers " + reason(reply) : answer.trouble) + " (tried " +
                                      std::to_string(attempt) + " times in " + std::to_string(std::lround(seconds_since(*first_failure))) + " s)");
    if (settings_.stop && settings_.stop()) throw Error(ErrorCode::kInterrupted, "interrupted");
    ++counts_.repeated;
    // A short patience makes short pauses.
    const double first = std::min(kFirstPauseS, settings_.patience_s / 50);
    const double longest = std::min(kLongestPauseS, first * std::pow(2, std::min(attempt, 20)));
    double wait = longest * (random_below(1000) + 1) / 1000.0;
    const std::string asked = reply.header("retry-after");
    if (!asked.empty() && asked.size() < 6 && asked.find_first_not_of("0123456789") == std::string::npos)
      wait = std::max(wait, std::min(std::stod(asked), kLongestAskedPauseS));
    pause(std::min(wait, std::max(0.0, settings_.patience_s - seconds_since(*first_failure))));
  }
}

void S3Client::fail(const std::string& kind, std::string_view key, const S3Reply& reply, bool locks) const {
  if (reply.status == 404 && reply.failure.code != "NoSuchBucket") throw S3Refused(ErrorCode::kNotFound, name(key) + ": there is no such object");
  std::string hint = advice(reply, kind, locks);
  // Ceph says no more of a token that is wrong, too old or missing, and Amazon little of a missing one.
  if (reply.status == 403 && (reply.failure.code == "InvalidAccessKeyId" || (reply.failure.code == "AccessDenied" && (kind == "GET" || kind == "LIST"))))
    hint += credentials_.session_token.empty() ? "; if they are temporary, their session token is missing (AWS_SESSION_TOKEN)"
                                                : "; or their session token is wrong or has expired";
  ErrorCode code = ErrorCode::kIo;
  if (reply.failure.code == "QuotaExceeded" || reply.status == 507) code = ErrorCode::kNoSpace;
  if (reply.status == 405 && kind == "LOCK") code = ErrorCode::kNotFound;   // deleted: what is there is only the mark of it
  if (reply.status == 403 && (kind == "DELETE" || kind == "LOCK")) code = ErrorCode::kWrongKey;
  if (without_locks(reply, locks)) code = ErrorCode::kInvalidArgument;
  throw S3Refused(code, name(key) + ": " + kind + ": the server answers " + reason(reply) + (hint.empty() ? "" : "; " + hint));
}

S3Reply S3Client::get(std::string_view key, const S3Headers& headers, uint64_t most_bytes) {
  return request("GET", key, {}, headers, nullptr, most_bytes, {200, 206, 416});
}

S3Reply S3Client::head(std::string_view key) { return request("HEAD", key, {}, {}, nullptr, 0, {200}); }

std::optional<std::string> S3Client::put(std::string_view key, const S3Body& body, const S3Headers& headers) {
  S3Headers all = headers;
  all["content-md5"] = base64(body.md5());
  const S3Reply reply = request("PUT", key, {}, all, &body, kMostSmallAnswerBytes, {200, 412});
  if (reply.status == 412) return std::nullopt;
  std::string etag = reply.header("etag");
  std::erase(etag, '"');
  return etag;
}

void S3Client::list(std::span<const std::string> prefixes, const std::function<void(S3Object&&)>& each) {
  if (prefixes.empty()) return;
  const std::string &first = prefixes.front(), &final = prefixes.back();
  const std::string common = first.substr(0, static_cast<size_t>(std::ranges::mismatch(first, final).in1 - first.begin()));
  std::string token, after, last;   // how the next page is asked for, the key that came last
  auto wanted = prefixes.begin();
  for (;;) {
    S3Query query{{"list-type", "2"}, {"prefix", common}, {"encoding-type", "url"}};
    if (!token.empty()) query["continuation-token"] = token;
    else if (!after.empty()) query["start-after"] = after;
    const S3Reply reply = request("GET", "", query, {}, nullptr, kMostS3AnswerBytes, {200});
    S3Listing page = parse_listing(text(reply.body));
    for (S3Object& object : page.objects) {
      if (!object.key.starts_with(common)) throw Error(ErrorCode::kIo, name("") + ": LIST: the server tells of keys that weren't asked for");
      if (prefixes.size() > 1 && !last.empty() && object.key <= std::max(last, after)) throw Error(ErrorCode::kIo, name("") + ": LIST: the server's list isn't in order");
      last = object.key;
      while (wanted != prefixes.end() && *wanted < last && !last.starts_with(*wanted)) ++wanted;
      if (wanted != prefixes.end() && last.starts_with(*wanted)) each(std::move(object));
    }
    if (!page.next.empty() && page.next == token) throw Error(ErrorCode::kIo, name("") + ": LIST: the server's list doesn't end");
    if (page.next.empty() || wanted == prefixes.end()) return;
    token = page.next;
    // What isn't wanted is skipped; `after` comes before every key that begins with what is.
    after = wanted->substr(0, wanted->size() - 1);
    if (after > last) token.clear();
  }
}

bool S3Client::remove(std::string_view key) {
  return request("DELETE", key, {}, {}, nullptr, kMostSmallAnswerBytes, {200, 202, 204, 404}).header("x-amz-delete-marker") != "true";
}

}  // namespace cairn
