#include "store/backend/s3/s3.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <list>

#include "store/backend/s3/atomic_put.h"
#include "store/backend/s3/read_ahead.h"
#include "store/backend/s3/retention.h"
#include "store/error.h"
#include "store/id.h"

namespace cairn {

namespace {

constexpr uint64_t kReadAheadBytes = 64 << 20;
constexpr size_t kMostRecent = 16;
constexpr int kUploadsAtOnce = 4;

class S3Backend final : public Backend {
 public:
  S3Backend(S3Place place, S3Credentials credentials, const S3Options& options)
      : root_(place.prefix.empty() ? "" : place.prefix + "/"),
        spool_folder_(options.local_folder + "/uploads"),
        where_(place.describe()),
        client_(std::move(place), std::move(credentials), s3_settings(options)),
        puts_(client_, root_ + "tmp/", options.local_folder + "/s3/" + to_hex(sha256(view(where_))).substr(0, 16) + ".conditional"),
        reads_(kReadAheadBytes, [this](const std::string& name, uint64_t offset, uint64_t length) {
          return fetch(name, offset, length).bytes;
        }) {}

  std::vector<StoredFile> list(std::string_view prefix) override {
    require_valid_prefix(prefix);
    return files({key(prefix)});
  }

  std::vector<StoredFile> list_several(std::span<const std::string> prefixes) override {
    std::vector<std::string> keys;
    for (const std::string& prefix : prefixes) {
      require_valid_prefix(prefix);
      keys.push_back(key(prefix));
    }
    std::ranges::sort(keys);
    return files(keys);
  }

  std::vector<std::string> list_foreign() override {
    std::vector<std::string> out;
    list_all({root_}, [&](std::string_view name, const S3Object&) {
      if (!valid_name(name) && !name.starts_with("tmp/") && !name.empty()) out.push_back(printable(name));
    });
    return out;
  }

  uint64_t size(std::string_view name) override {
    require_valid_name(name);
    return parse_length(client_.head(key(name)).header("content-length"), client_.name(key(name)));
  }

  Buffer read(std::string_view name, uint64_t offset, uint64_t length) override {
    require_valid_name(name);
    if (length == 0 || length > UINT64_MAX - offset) {
      require_range(client_.name(key(name)), offset, length, size(name));
      return {};
    }
    Buffer out = reads_.read(std::string(name), offset, length);
    if (out.size() != length) require_range(client_.name(key(name)), offset, length, offset + out.size());
    return out;
  }

  Buffer read_whole(std::string_view name, uint64_t most_bytes) override {
    require_valid_name(name);
    Range got = fetch(std::string(name), 0, std::max<uint64_t>(most_bytes, 1));
    if (got.file_bytes > most_bytes)
      throw Error(ErrorCode::kCorrupt, client_.name(key(name)) + ": has " + std::to_string(got.file_bytes) + " bytes, allowed are " + std::to_string(most_bytes));
    return std::move(got.bytes);
  }

  std::unique_ptr<Upload> create(std::string_view name) override;

  bool remove(std::string_view name) override {
    require_valid_name(name);
    // The server doesn't say whether there was one.  What this process has just put there is known to be.
    if (!forget_recent(name)) {
      try {
        client_.head(key(name));
      } catch (const Error& e) {
        if (e.code() == ErrorCode::kNotFound) return false;
        throw;
      }
    }
    if (!client_.remove(key(name))) ++removed_but_kept_;
    return true;
  }

  void lock_created(const RetentionLock& lock, std::function<bool(std::string_view)> chosen,
                    std::function<void(std::string_view, int64_t)> locked) override {
    std::lock_guard guard(mu_);
    created_ = {lock, std::move(chosen), std::move(locked)};
  }
  int64_t lock(std::string_view name, const RetentionLock& lock) override {
    require_valid_name(name);
    if (!knows_locks_) require_locks(client_, key(name));
    knows_locks_ = true;
    return lock_object(client_, key(name), lock.mode, client_.server_now_s() + lock.seconds);
  }
  uint64_t removed_but_kept() const override { return removed_but_kept_; }

  std::string describe() const override { return where_; }
  int uploads_at_once() const override { return kUploadsAtOnce; }

  std::string usage() const override { return cairn::describe(client_.counts()); }

  void publish(const std::string& name, const S3Body& body) {
    Created created;
    {
      std::lock_guard lock(mu_);
      created = created_;
    }
    const bool locks = created.chosen && created.chosen(name);
    const int64_t end_s = client_.server_now_s() + created.lock.seconds;
    if (puts_.put(key(name), body, locks ? lock_headers(created.lock.mode, end_s) : S3Headers{}) && locks) created.locked(name, end_s);
    std::lock_guard lock(mu_);
    recent_.push_front(name);
    if (recent_.size() > kMostRecent) recent_.pop_back();
  }
  const std::string& spool_folder() const { return spool_folder_; }

 private:
  struct Range {
    Buffer bytes;
    uint64_t file_bytes = 0;   // of the whole file
  };

  struct Created {             // what becomes of files that are created
    RetentionLock lock;
    std::function<bool(std::string_view)> chosen;
    std::function<void(std::string_view, int64_t)> locked;
  };

  std::string key(std::string_view name) const { return root_ + std::string(name); }

  template <class Each>
  void list_all(const std::vector<std::string>& prefixes, Each each) {
    client_.list(prefixes, [&](S3Object&& object) { each(std::string_view(object.key).substr(root_.size()), object); });
  }

  std::vector<StoredFile> files(const std::vector<std::string>& prefixes) {
    std::vector<StoredFile> out;
    list_all(prefixes, [&](std::string_view name, const S3Object& object) {
      if (valid_name(name)) out.push_back({std::string(name), object.size_bytes, object.modified_ns});
    });
    std::ranges::sort(out, {}, &StoredFile::name);
    return out;
  }

  // What there is of [offset, offset + length).
  Range fetch(const std::string& name, uint64_t offset, uint64_t length) {
    const std::string whole = key(name), what = client_.name(whole);
    S3Reply reply = client_.get(whole, {{"range", "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + length - 1)}}, length);
    if (reply.status == 416) return {{}, parse_length(client_.head(whole).header("content-length"), what)};
    if (reply.status == 200) {   // of an empty file, or all of it
      if (offset != 0) throw Error(ErrorCode::kIo, what + ": GET: the server doesn't know ranges; is this an S3 server?");
      const uint64_t file_bytes = reply.body.size();
      return {std::move(reply.body), file_bytes};
    }
    const std::string range = reply.header("content-range");
    const uint64_t file_bytes = parse_length(std::string_view(range).substr(range.find('/') + 1), what);
    const std::string start = "bytes " + std::to_string(offset) + "-";
    const uint64_t expected = file_bytes > offset ? std::min(length, file_bytes - offset) : 0;
    if (!range.starts_with(start) || reply.body.size() != expected)
      throw Error(ErrorCode::kIo, what + ": GET: the server sends another range than was asked for: " + printable(range));
    return {std::move(reply.body), file_bytes};
  }

  bool forget_recent(std::string_view name) {
    std::lock_guard lock(mu_);
    return std::erase(recent_, name) > 0;
  }

  const std::string root_;   // "" or with a '/' behind it
  const std::string spool_folder_, where_;
  S3Client client_;
  AtomicPut puts_;
  ReadAhead reads_;
  std::mutex mu_;
  std::list<std::string> recent_;   // guarded by mu_; names that were published last
  Created created_;                 // guarded by mu_
  std::atomic<uint64_t> removed_but_kept_{0};
  std::atomic<bool> knows_locks_{false};
};

class S3Upload final : public Upload {
 public:
  S3Upload(S3Backend& backend, std::string_view name) : backend_(backend), name_(name), body_(backend.spool_folder()) {}
  void append(ByteView bytes) override { body_.append(bytes); }
  void commit() override {
    body_.finish();
    backend_.publish(name_, body_);
  }

 private:
  S3Backend& backend_;
  const std::string name_;
  S3Body body_;
};

std::unique_ptr<Upload> S3Backend::create(std::string_view name) {
  require_valid_name(name);
  return std::make_unique<S3Upload>(*this, name);
}

}  // namespace

S3Settings s3_settings(const S3Options& options) {
  S3Settings out;
  out.upload_bytes_per_second = options.upload_bytes_per_second;
  out.download_bytes_per_second = options.download_bytes_per_second;
  out.stop = options.stop;
  out.http.ca_file = from_environment("CAIRN_S3_CA_FILE").value_or("");
  if (const auto patience = from_environment("CAIRN_S3_RETRY_SECONDS")) {
    const auto [end, error] = std::from_chars(patience->data(), patience->data() + patience->size(), out.patience_s);
    if (error != std::errc() || end != patience->data() + patience->size() || !(out.patience_s >= 0 && out.patience_s <= 86400))
      throw Error(ErrorCode::kInvalidArgument, "CAIRN_S3_RETRY_SECONDS: must be a number of seconds, 0 to 86400");
    const int most = std::max(1, static_cast<int>(std::lround(out.patience_s)));
    out.http.connect_timeout_s = std::min(out.http.connect_timeout_s, most);
    out.http.stall_timeout_s = std::min(out.http.stall_timeout_s, most);
  }
  return out;
}

std::unique_ptr<Backend> open_s3(std::string_view url, const S3Options& options) {
  return std::make_unique<S3Backend>(parse_s3_place(url), find_s3_credentials(), options);
}

}  // namespace cairn
