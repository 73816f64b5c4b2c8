#include "ingest/redis/live/sync_stream.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "ingest/redis/rdb/rdb_reader.h"
#include "ingest/redis/reply_error.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kMarkBytes = 40;
constexpr size_t kMostReplyLineBytes = 4 << 10;
constexpr size_t kMagicBytes = 9;            // "REDIS0011"
constexpr size_t kEndBytes = 9;               // opcode 255 and the checksum
constexpr size_t kSyncBlockBytes = 256 << 10;
constexpr uint8_t kEndOpcode = 255;

class SyncStream : public StreamSource {
 public:
  // `mark`: empty when `length` is known.
  SyncStream(std::unique_ptr<RedisConnection> connection, std::optional<uint64_t> length, std::string mark)
      : connection_(std::move(connection)), url_(connection_->url()), length_(length), mark_(std::move(mark)) {}

  size_t read(std::span<uint8_t> into) override {
    if (whole_) return 0;
    const size_t size = length_ ? read_known(into) : read_marked(into);
    note(into.first(size));
    if (size == 0 || (length_ && passed_ == *length_)) end();
    return size;
  }

  void finish() override {
    if (!whole_) throw_broken("it was not read to its end");
  }

 private:
  size_t read_known(std::span<uint8_t> into) {
    const uint64_t left = *length_ - passed_;
    if (left == 0) return 0;
    const size_t size = connection_->read_raw(into.first(std::min<uint64_t>(into.size(), left)));
    if (size == 0) throw_broken("the server closed the connection");
    return size;
  }
  size_t read_marked(std::span<uint8_t> into);
  void note(ByteView bytes);
  void end();
  [[noreturn]] void throw_broken(const std::string& why) const {
    const std::string of = length_ ? " of " + std::to_string(*length_) : "";
    throw Error(ErrorCode::kIo, url_.description() + ": the RDB broke off after " + std::to_string(passed_) + of + " bytes: " + why);
  }

  std::unique_ptr<RedisConnection> connection_;  // gone after the end: as a replica it would get all that changes
  const RedisUrl url_;
  const std::optional<uint64_t> length_;
  const std::string mark_;
  uint64_t passed_ = 0;
  bool whole_ = false;
  std::string header_, tail_;  // the first and the last bytes passed on

  std::string held_;           // read, from held_at_ on not passed on: its last bytes may begin the mark
  size_t held_at_ = 0;
  bool mark_seen_ = false;
};

// The mark is random: what looks like it is it, wherever it stands.
size_t SyncStream::read_marked(std::span<uint8_t> into) {
  size_t ready = 0;
  for (;;) {
    const size_t held = held_.size() - held_at_;
    ready = mark_seen_ ? held : held - std::min(held, kMarkBytes - 1);
    if (ready > 0 || mark_seen_) break;
    held_.erase(0, held_at_);
    held_at_ = 0;
    const size_t before = held_.size();
    held_.resize(before + kSyncBlockBytes);
    const size_t size = connection_->read_raw({reinterpret_cast<uint8_t*>(held_.data()) + before, kSyncBlockBytes});
    held_.resize(before + size);
    if (size == 0) throw_broken("the server closed the connection");
    if (const size_t at = held_.find(mark_); at != held_.npos) {
      held_.resize(at);  // what follows is a replica's
      mark_seen_ = true;
    }
  }
  const size_t size = std::min(ready, into.size());
  std::memcpy(into.data(), held_.data() + held_at_, size);
  held_at_ += size;
  return size;
}

void SyncStream::note(ByteView bytes) {
  passed_ += bytes.size();
  if (header_.size() < kMagicBytes) {
    header_ += text(bytes.first(std::min(bytes.size(), kMagicBytes - header_.size())));
    if (header_.size() == kMagicBytes && !RdbReader::looks_like_rdb(view(header_))) {
      throw Error(ErrorCode::kIo, url_.description() + ": what the server sent in answer to SYNC is no RDB");
    }
  }
  tail_ += text(bytes.last(std::min(bytes.size(), kEndBytes)));
  if (tail_.size() > kEndBytes) tail_.erase(0, tail_.size() - kEndBytes);
}

// Where the end must be; that the checksum is right is for whoever reads the RDB.
void SyncStream::end() {
  int version = 0;
  if (header_.size() == kMagicBytes) std::from_chars(header_.data() + 5 + (header_[0] == 'V'), header_.data() + kMagicBytes, version);
  const bool has_checksum = version >= 5;
  const char opcode = tail_.empty() ? 0 : has_checksum ? tail_.front() : tail_.back();
  if (passed_ < kMagicBytes + 1 || static_cast<uint8_t>(opcode) != kEndOpcode) throw_broken("the end of an RDB isn't there");
  whole_ = true;
  connection_.reset();
}

// A line without its end; empty: a sign of life.
std::string read_line(RedisConnection& connection) {
  std::string line;
  for (;;) {
    uint8_t byte[1];
    if (connection.read_raw(byte) == 0) {
      throw Error(ErrorCode::kIo,
                  connection.url().description() +
                      ": the server closed the connection before it sent an RDB; it went away, or could not save its data (no "
                      "memory, no room on its disk): its log says why");
    }
    if (byte[0] == '\n') break;
    line += static_cast<char>(byte[0]);
    if (line.size() > kMostReplyLineBytes) {
      throw Error(ErrorCode::kIo, connection.url().description() + ": SYNC: an answer that is no length of an RDB");
    }
  }
  if (line.ends_with('\r')) line.pop_back();
  return without_password(connection.url(), line);
}

}  // namespace

std::unique_ptr<StreamSource> open_sync_stream(std::unique_ptr<RedisConnection>& connection, Monitor& monitor, std::string& refusal) {
  // Without it (before Redis 7, or not allowed) the server goes on with what changes, which nobody reads.
  const RedisReply only = connection->command({"REPLCONF", "rdb-only", "1"});
  if (only.kind == RedisReply::Kind::kError && error_word(only.text) == "NOAUTH") throw redis_error(connection->url(), "", only.text);

  const std::string_view words[] = {"SYNC"};
  connection->send(words);
  connection->flush();
  std::string line;
  while (line.empty()) {
    monitor.check_interrupted();
    line = read_line(*connection);
  }
  if (line[0] == '-') {
    refusal = line.substr(1);
    if (!is_forbidden(refusal)) throw redis_error(connection->url(), "SYNC", refusal);
    return nullptr;
  }
  if (line.starts_with("$EOF:") && line.size() == 5 + kMarkBytes) {
    return std::make_unique<SyncStream>(std::move(connection), std::nullopt, line.substr(5));
  }
  uint64_t length = 0;
  const char* const end = line.data() + line.size();
  const auto [parsed, error] = std::from_chars(line.data() + 1, end, length);
  if (line[0] != '$' || error != std::errc() || parsed != end || line.size() == 1) {
    throw Error(ErrorCode::kIo,
                connection->url().description() + ": SYNC: an answer that is no length of an RDB: " + printable(line.substr(0, 100)));
  }
  return std::make_unique<SyncStream>(std::move(connection), length, "");
}

}  // namespace cairn
