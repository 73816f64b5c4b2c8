#include "store/backend/s3/atomic_put.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "store/crypto/sodium.h"
#include "store/error.h"
#include "store/id.h"

namespace cairn {

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kPieceBytes = 4 << 20;
constexpr int64_t kClaimStaleS = 3600;
constexpr auto kClaimTrusted = std::chrono::minutes(30);
constexpr int kMostRounds = 200;
constexpr int kForeignEtags = 4;   // so many that are no MD5, and none that is
const S3Headers kUnlessThere{{"if-none-match", "*"}};

// Does the last element begin with an id?
bool random_name(std::string_view key) {
  const std::string_view leaf = key.substr(key.rfind('/') + 1).substr(0, 64);
  return leaf.size() == 64 && leaf.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

S3Body small_body(std::string_view content) {
  S3Body body("");
  body.append(view(content));
  body.finish();
  return body;
}

}  // namespace

AtomicPut::AtomicPut(S3Client& client, std::string scratch, std::string known_file)
    : client_(client), scratch_(std::move(scratch)), known_file_(std::move(known_file)) {}

// Ceph 16 honours the condition only while a bucket keeps no versions: a "yes" from before counts no longer when versions show up.  What
// is put first, a lease, has a random name, so nothing was lost then.
bool AtomicPut::conditional() {
  std::lock_guard lock(mu_);
  if (conditional_ && (versions_ || !client_.versions())) return *conditional_;
  std::string known;
  if (!conditional_) std::ifstream(known_file_) >> known;
  if (known != "yes" && known != "no" && known != "yes-with-versions") {
    known = !probe() ? "no" : client_.versions() ? "yes-with-versions" : "yes";
    std::error_code ignored;   // it is asked again the next time
    std::filesystem::create_directories(std::filesystem::path(known_file_).parent_path(), ignored);
    std::ofstream(known_file_) << known << "\n";
  }
  conditional_ = known != "no";
  versions_ = known != "yes";
  return *conditional_;
}

// An object that is put twice: the second time must be refused.  It stays, so that the next machine needs one request.
bool AtomicPut::probe() {
  const std::string key = scratch_ + "conditional-probe";
  const S3Body body = small_body("Does this server honour If-None-Match? cairn asks once.\n");
  for (int time = 0; time < 2; ++time) {
    const S3Reply reply = client_.request("PUT", key, {}, kUnlessThere, &body, 0, {200, 412, 400, 501});
    if (reply.status == 412) return true;
    if (reply.status != 200) return false;
  }
  return false;
}

// Is what lies there what we have?
bool AtomicPut::equal(const std::string& key, const S3Body& body, const std::string& etag) {
  if (etag == to_hex(body.md5())) return true;
  if (body.size_bytes() == 0) return client_.head(key).header("content-length") == "0";
  Bytes mine(kPieceBytes);
  for (uint64_t at = 0; at < body.size_bytes(); at += kPieceBytes) {
    const size_t length = body.read(at, mine);
    // One byte more than we have, to see whether there is one.
    const S3Reply theirs = client_.get(key, {{"range", "bytes=" + std::to_string(at) + "-" + std::to_string(at + length)}}, length + 1);
    const bool last = at + length == body.size_bytes();
    if (theirs.status == 416 || (last ? theirs.body.size() != length : theirs.body.size() != length + 1)) return false;
    if (std::memcmp(theirs.body.data(), mine.data(), length) != 0) return false;
  }
  return true;
}

// What stands under the key: nothing (false), the same (true), or something else (kIo).
bool AtomicPut::there(const std::string& key, const S3Body& body) {
  std::string etag, length;
  try {
    const S3Reply reply = client_.head(key);
    etag = reply.header("etag");
    length = reply.header("content-length");
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kNotFound) return false;
    throw;
  }
  std::erase(etag, '"');
  if (length != std::to_string(body.size_bytes()) || !equal(key, body, etag))
    throw Error(ErrorCode::kIo, client_.name(key) + ": exists with other content");
  return true;
}

// Just stored by us, the server says: a foreign ETag makes us look.  It is ours, so it may be replaced.
void AtomicPut::store(const std::string& key, const S3Body& body, const S3Headers& headers, const std::string& first_etag) {
  std::string etag = first_etag;
  for (int time = 0; time < 3; ++time) {
    if (etag == to_hex(body.md5())) return void(++md5_etags_);
    // Where none ever is an MD5, as with some ways of encryption, they tell nothing: the server has checked both digests.
    if (md5_etags_ == 0 && other_etags_ >= kForeignEtags) return;
    if (equal(key, body, etag)) return void(++other_etags_);
    etag = client_.put(key, body, headers).value_or("");
  }
  throw Error(ErrorCode::kIo, client_.name(key) + ": the server keeps other bytes than it was sent, each time; don't trust it");
}

bool AtomicPut::put(const std::string& key, const S3Body& body, const S3Headers& headers) {
  if (!conditional()) return random_name(key) ? put_unclaimed(key, body, headers) : put_claimed(key, body, headers);
  S3Headers unless_there = headers;
  unless_there.insert(kUnlessThere.begin(), kUnlessThere.end());
  for (int time = 0; time < 3; ++time) {
    if (const auto etag = client_.put(key, body, unless_there)) {
      store(key, body, headers, *etag);
      return true;
    }
    if (there(key, body)) return false;   // ours (an answer was lost), or an equal one
  }                                       // gone again meanwhile
  throw Error(ErrorCode::kIo, client_.name(key) + ": PUT: the server says it is there, and that it isn't");
}

bool AtomicPut::put_unclaimed(const std::string& key, const S3Body& body, const S3Headers& headers) {
  if (there(key, body)) return false;
  store(key, body, headers, client_.put(key, body, headers).value_or(""));
  return true;
}

bool AtomicPut::nobody_else_claims(const std::string& claims, const std::string& mine) {
  bool alone = true, seen = false;
  int64_t newest = 0, other = 0;
  client_.list({&claims, 1}, [&](S3Object&& object) {
    newest = std::max(newest, object.modified_ns);
    if (object.key == mine) seen = true;
    else other = std::max(other, object.modified_ns), alone = false;
  });
  return seen && (alone || newest - other > kClaimStaleS * 1'000'000'000);
}

bool AtomicPut::put_claimed(const std::string& key, const S3Body& body, const S3Headers& headers) {
  const std::string claims = scratch_ + to_hex(sha256(view(key))) + ".";
  for (int round = 0; round < kMostRounds; ++round) {
    if (there(key, body)) return false;
    std::array<uint8_t, 16> random;
    random_fill(random);
    const std::string mine = claims + to_hex(random);
    const auto claimed = Clock::now();
    client_.put(mine, small_body("claim\n"), {});
    const bool free = nobody_else_claims(claims, mine) && !there(key, body) && Clock::now() - claimed < kClaimTrusted;
    if (free) store(key, body, headers, client_.put(key, body, headers).value_or(""));
    try {
      client_.remove(mine);
    } catch (const Error&) {   // where that isn't allowed it counts for an hour
      if (free) return true;
      throw;
    }
    if (free) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1 + random_below(20u << std::min(round, 6))));
  }
  throw Error(ErrorCode::kIo, client_.name(key) + ": somebody else keeps claiming it; try again in an hour");
}

}  // namespace cairn
