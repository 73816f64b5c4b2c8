#include "ingest/redis/live/scan_stream.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/redis/live/key_set.h"
#include "ingest/redis/rdb/crc64.h"
#include "ingest/redis/rdb/rdb_writer.h"
#include "ingest/redis/reply_error.h"
#include "store/error.h"

namespace cairn {

namespace {

using ReplyKind = RedisReply::Kind;

constexpr std::string_view kScanCount = "1000";
constexpr size_t kScanBlockBytes = 256 << 10;
constexpr size_t kReadyBytes = 64 << 10;     // worth handing out
constexpr size_t kFooterBytes = 10;          // of a DUMP payload
constexpr size_t kMostWindow = 128;          // keys asked for at once …
constexpr uint64_t kWindowBytes = 1 << 20;   // … or as many as have this much: the server holds what isn't fetched yet
constexpr int64_t kMostSeconds = int64_t{1} << 40;   // since 1970: no server's clock says more
constexpr uint32_t kGuessedDatabases = 16;   // what a server has unless it is told otherwise
constexpr int kValkeyMagic = 80;             // from this version on the file says VALKEY

// The RDB version that a server has, for one without any key.
int version_of_server(const RedisServerInfo& info) {
  int major = 0;
  std::from_chars(info.version.data(), info.version.data() + info.version.size(), major);
  if (info.valkey) return major >= 9 ? kValkeyMagic : 11;
  return major >= 8 ? 12 : major == 7 ? 10 : major >= 5 ? 9 : major == 4 ? 8 : major == 3 ? 7 : 6;
}

// A key for a message.
std::string shown(const std::string& key) { return "\"" + (key.size() > 100 ? key.substr(0, 100) + "…" : key) + "\""; }

// The footer of a DUMP payload, as it comes.
struct Footer {
  std::string bytes;
  int version() const { return static_cast<uint8_t>(bytes[0]) | static_cast<uint8_t>(bytes[1]) << 8; }
  uint64_t crc() const {
    uint64_t out = 0;
    std::memcpy(&out, bytes.data() + 2, sizeof out);
    return out;
  }
};

class ScanStream : public StreamSource {
 public:
  ScanStream(std::unique_ptr<RedisConnection> connection, const RedisServerInfo& info, Monitor& monitor)
      : connection_(std::move(connection)), url_(connection_->url()), info_(info), monitor_(monitor), block_(kScanBlockBytes) {
    const std::string_view readonly[] = {"READONLY"};
    if (info_.cluster) connection_->command(readonly);  // a replica in a cluster refuses to read otherwise
    absolute_expiry_ = !is_forbidden(connection_->command({"PEXPIRETIME", "x"}).text);
    list_databases();
    if (!url_.db) list_functions();
  }

  size_t read(std::span<uint8_t> into) override {
    if (out_at_ == out_.size()) {
      out_.clear();
      out_at_ = 0;
      while (!done_ && out_.size() < kReadyBytes) step();
    }
    const size_t size = std::min(into.size(), out_.size() - out_at_);
    if (size > 0) std::memcpy(into.data(), out_.data() + out_at_, size);
    out_at_ += size;
    return size;
  }

  void finish() override {
    if (!done_ || out_at_ != out_.size()) throw_trouble("it was not read to its end");
  }

 private:
  void list_databases();
  void list_functions();
  void select(uint32_t db);
  void step();
  void scan();
  void begin_rdb(int version);
  bool find_version(const std::string& key);
  void ask_for_window();
  void take_key();
  void begin_value(uint64_t bytes, std::optional<int64_t> expires_ms);
  void take_value_piece();
  std::optional<int64_t> take_expiry(bool& gone);
  int64_t server_time_ms();
  [[noreturn]] void throw_trouble(const std::string& why) const {
    throw Error(ErrorCode::kIo, url_.description() + ": reading the keys: " + why);
  }
  [[noreturn]] void throw_refused(const std::string& what, const std::string& reply) const;

  std::unique_ptr<RedisConnection> connection_;
  const RedisUrl url_;
  const RedisServerInfo info_;
  Monitor& monitor_;
  bool absolute_expiry_ = false;      // the server has PEXPIRETIME
  std::vector<uint32_t> databases_;   // to read, the next one last
  std::vector<std::string> functions_;

  uint32_t db_ = 0;                   // selected
  bool scanning_ = false;
  std::string cursor_ = "0";
  KeySet seen_;                       // in this database
  std::vector<std::string> keys_;     // of one answer; those before asked_ are asked for, those before taken_ are done
  size_t asked_ = 0, taken_ = 0;
  size_t window_ = 8;
  uint64_t window_bytes_ = 0;
  int64_t window_time_ms_ = 0;        // the server's, for expiries that are told as a rest

  std::optional<RdbWriter> writer_;
  int version_ = 0;
  uint64_t value_left_ = 0;           // of the payload under way, with the footer
  uint64_t value_crc_ = 0;
  Footer footer_;

  Bytes block_;
  std::string out_;                   // made, from out_at_ on not handed out
  size_t out_at_ = 0;
  bool done_ = false;
};

void ScanStream::throw_refused(const std::string& what, const std::string& reply) const {
  if (!is_forbidden(reply)) throw redis_error(url_, what, reply);
  throw Error(
      ErrorCode::kIo,
      std::string(redis_error(url_, what, reply).what()) +
          "; without +sync and +replconf it needs +scan +dump +pexpiretime +pttl +time +select +info +function|list and all keys (~*)");
}

void ScanStream::list_databases() {
  if (url_.db) {
    databases_ = {*url_.db};
    return;
  }
  const RedisReply info = connection_->command({"INFO", "keyspace"});
  if (info.kind == ReplyKind::kError) {
    if (!is_forbidden(info.text)) throw redis_error(url_, "INFO", info.text);
    monitor_.warning(url_.description() + ": INFO is not allowed, so databases 0 to " + std::to_string(kGuessedDatabases - 1) +
                     " are looked at, and no others");
    for (uint32_t db = kGuessedDatabases; db > 0; --db) databases_.push_back(db - 1);
    std::erase_if(databases_, [&](uint32_t db) {
      if (db == 0) return false;
      const RedisReply selected = connection_->command({"SELECT", std::to_string(db)});
      if (selected.kind == ReplyKind::kError) return true;
      db_ = db;
      return false;
    });
    if (databases_.size() == 1) monitor_.warning(url_.description() + ": SELECT is not allowed, so only database 0 is saved");
    return;
  }
  for (std::string_view rest = info.text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    uint32_t db = 0;
    if (line.starts_with("db") && std::from_chars(line.data() + 2, line.data() + line.size(), db).ec == std::errc()) {
      databases_.push_back(db);
    }
  }
  std::sort(databases_.rbegin(), databases_.rend());
}

void ScanStream::list_functions() {
  const RedisReply list = connection_->command({"FUNCTION", "LIST", "WITHCODE"});
  if (list.kind == ReplyKind::kError) {
    if (is_unknown_command(list.text)) return;  // before Redis 7
    if (!is_forbidden(list.text)) throw redis_error(url_, "FUNCTION LIST", list.text);
    monitor_.warning(url_.description() + ": FUNCTION LIST is not allowed, so no functions are saved; the right +function|list allows it");
    return;
  }
  for (const RedisReply& library : list.elements) {
    for (size_t at = 0; at + 1 < library.elements.size(); at += 2) {
      if (library.elements[at].text == "library_code") functions_.push_back(library.elements[at + 1].text);
    }
  }
  if (functions_.size() != list.elements.size()) throw_trouble("FUNCTION LIST does not tell the source of each library");
}

void ScanStream::select(uint32_t db) {
  if (db == db_) return;
  const RedisReply reply = connection_->command({"SELECT", std::to_string(db)});
  if (reply.kind == ReplyKind::kError) throw_refused("database " + std::to_string(db), reply.text);
  db_ = db;
}

void ScanStream::step() {
  if (value_left_ > 0) {
    take_value_piece();
  } else if (taken_ < asked_) {
    take_key();
  } else if (asked_ < keys_.size()) {
    ask_for_window();
  } else if (scanning_) {
    scan();
  } else if (!databases_.empty()) {
    select(databases_.back());
    databases_.pop_back();
    seen_.clear();
    cursor_ = "0";
    scanning_ = true;
  } else {
    if (!writer_) begin_rdb(version_of_server(info_));
    writer_->finish();
    done_ = true;
    connection_.reset();
  }
}

void ScanStream::scan() {
  const RedisReply reply = connection_->command({"SCAN", cursor_, "COUNT", kScanCount});
  if (reply.kind == ReplyKind::kError) throw_refused("SCAN", reply.text);
  if (reply.elements.size() != 2 || reply.elements[0].kind != ReplyKind::kString || reply.elements[1].kind != ReplyKind::kArray) {
    throw_trouble("an answer to SCAN that can't be understood");
  }
  cursor_ = reply.elements[0].text;
  scanning_ = cursor_ != "0";
  keys_.clear();
  asked_ = taken_ = 0;
  for (const RedisReply& key : reply.elements[1].elements) {
    if (seen_.insert(key.text)) keys_.push_back(key.text);
  }
}

int64_t ScanStream::server_time_ms() {
  using std::chrono::milliseconds, std::chrono::system_clock;
  const RedisReply time = connection_->command({"TIME"});
  int64_t seconds = 0, microseconds = 0;
  if (time.elements.size() == 2) {
    const std::string &first = time.elements[0].text, &second = time.elements[1].text;
    std::from_chars(first.data(), first.data() + first.size(), seconds);
    std::from_chars(second.data(), second.data() + second.size(), microseconds);
  }
  if (seconds > 0 && seconds < kMostSeconds) return seconds * 1000 + microseconds / 1000 % 1000;
  return std::chrono::duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

void ScanStream::begin_rdb(int version) {
  version_ = version;
  const bool valkey_magic = info_.valkey && version >= kValkeyMagic;
  writer_.emplace(valkey_magic ? RdbFlavor::kValkey : RdbFlavor::kRedis, version, [this](ByteView bytes) { out_ += text(bytes); });
  if (!info_.version.empty()) writer_->aux(info_.valkey ? "valkey-ver" : "redis-ver", info_.version);
  writer_->aux("ctime", std::to_string(server_time_ms() / 1000));
  writer_->aux(kCaptureAux, "scan");
  for (const std::string& source : functions_) writer_->function(source);
}

// The version stands at the end of every payload, and at the beginning of an RDB: so the first key is asked for twice.
// False when it is gone.
bool ScanStream::find_version(const std::string& key) {
  const std::string_view words[] = {"DUMP", key};
  connection_->send(words);
  const RedisReply payload = connection_->receive_long();
  if (payload.kind == ReplyKind::kError) throw_refused("DUMP " + shown(key), payload.text);
  if (payload.kind != ReplyKind::kString) return false;
  Footer footer;
  while (const size_t size = connection_->read_long(block_)) {
    footer.bytes += text(ByteView(block_).first(size).last(std::min(size, kFooterBytes)));
    if (footer.bytes.size() > kFooterBytes) footer.bytes.erase(0, footer.bytes.size() - kFooterBytes);
  }
  if (footer.bytes.size() < kFooterBytes) throw_trouble("DUMP gave something too short");
  if (footer.version() < 1 || footer.version() > 999) throw_trouble("DUMP gave a version that can't be one");
  begin_rdb(footer.version());
  return true;
}

void ScanStream::ask_for_window() {
  if (!writer_ && !find_version(keys_[asked_])) {
    taken_ = ++asked_;
    return;
  }
  if (window_bytes_ > kWindowBytes) {
    window_ = static_cast<size_t>(std::max<uint64_t>(1, window_ * kWindowBytes / window_bytes_));
  } else {
    window_ = std::min(window_ * 2, kMostWindow);
  }
  window_bytes_ = 0;
  if (!absolute_expiry_) window_time_ms_ = server_time_ms();
  for (const size_t end = std::min(keys_.size(), asked_ + window_); asked_ < end; ++asked_) {
    const std::string_view expiry[] = {absolute_expiry_ ? "PEXPIRETIME" : "PTTL", keys_[asked_]}, dump[] = {"DUMP", keys_[asked_]};
    connection_->send(expiry);
    connection_->send(dump);
  }
}

// `gone`: the key isn't there any more.
std::optional<int64_t> ScanStream::take_expiry(bool& gone) {
  const RedisReply reply = connection_->receive();
  if (reply.kind == ReplyKind::kError) {
    const std::string_view word = error_word(reply.text);
    gone = word == "MOVED" || word == "ASK";  // to another server of a cluster, which has it now
    if (!gone) throw_refused(absolute_expiry_ ? "PEXPIRETIME" : "PTTL", reply.text);
    return std::nullopt;
  }
  if (reply.kind != ReplyKind::kInteger) throw_trouble("an expiry that is no number");
  gone = reply.integer == -2;
  if (reply.integer < 0) return std::nullopt;
  return absolute_expiry_ ? reply.integer : window_time_ms_ + std::min(reply.integer, INT64_MAX - window_time_ms_);
}

void ScanStream::take_key() {
  bool gone = false;
  const std::optional<int64_t> expires_ms = take_expiry(gone);
  const RedisReply payload = connection_->receive_long();
  if (payload.kind == ReplyKind::kError && !gone) throw_refused("DUMP " + shown(keys_[taken_]), payload.text);
  if (payload.kind == ReplyKind::kString) {
    if (payload.integer < static_cast<int64_t>(kFooterBytes) + 1) throw_trouble("DUMP gave something too short");
    window_bytes_ += static_cast<uint64_t>(payload.integer);
    begin_value(static_cast<uint64_t>(payload.integer), expires_ms);
  } else {
    ++taken_;
  }
}

void ScanStream::begin_value(uint64_t bytes, std::optional<int64_t> expires_ms) {
  uint8_t type[1];
  connection_->read_long(type);
  writer_->key(db_, keys_[taken_], type[0], expires_ms);
  value_left_ = bytes - 1;
  value_crc_ = crc64(0, type);
  footer_.bytes.clear();
}

void ScanStream::take_value_piece() {
  const size_t size = connection_->read_long(block_);
  const ByteView piece = ByteView(block_).first(size);
  const size_t value = static_cast<size_t>(std::min<uint64_t>(size, value_left_ > kFooterBytes ? value_left_ - kFooterBytes : 0));
  writer_->value(piece.first(value));
  value_crc_ = crc64(value_crc_, piece.first(value));
  footer_.bytes += text(piece.subspan(value));
  value_left_ -= size;
  if (value_left_ > 0) return;
  if (footer_.version() != version_) throw_trouble("values of several versions; was the server exchanged meanwhile?");
  value_crc_ = crc64(value_crc_, view(footer_.bytes).first(2));
  if (footer_.crc() != 0 && footer_.crc() != value_crc_) {
    throw_trouble("the value of " + printable(shown(keys_[taken_])) + " was damaged on the way");
  }
  ++taken_;
}

}  // namespace

std::unique_ptr<StreamSource> open_scan_stream(std::unique_ptr<RedisConnection> connection, const RedisServerInfo& info, Monitor& monitor) {
  return std::make_unique<ScanStream>(std::move(connection), info, monitor);
}

}  // namespace cairn
