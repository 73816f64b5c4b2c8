#include "ingest/redis/connection.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstring>
#include <utility>

#include "ingest/redis/reply_error.h"
#include "ingest/redis/transport.h"
#include "store/crypto/sodium.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kSendBytes = 256 << 10;
constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kMostLineBytes = 4 << 10;  // of a line before a long string; errors are shorter

}  // namespace

struct RedisConnection::State {
  State(const RedisUrl& to, Monitor& monitor) : url(to), transport(connect_redis(to, monitor)), in(kReadBytes) { out.reserve(kSendBytes); }

  void put(ByteView bytes);
  void put_head(char sign, uint64_t number);
  void put_words(std::span<const std::string_view> words);
  void end_long_word();
  void flush();
  bool fill();
  void take_back();
  [[noreturn]] void throw_lost() const;
  [[noreturn]] void throw_nonsense(const std::string& why) const;

  const RedisUrl url;
  std::unique_ptr<RedisTransport> transport;
  ReplyReader reader;

  Bytes in;                      // read, not yet given to the reader: begin … end
  size_t begin = 0, end = 0;
  bool any_byte = false;         // ever came

  std::string out;               // waits; never grows, so that a password is wiped with it
  bool writable = true;          // as far as we know

  uint64_t piece_left = 0;       // of a word that is sent in pieces
  std::vector<std::string> behind;   // the words that follow it
  uint64_t long_left = 0;        // of a string that is read in pieces
};

void RedisConnection::State::throw_lost() const {
  const std::string hint = any_byte || url.tls || !url.socket_path.empty() ? "" : " before it said anything (does it want TLS? write rediss://)";
  throw Error(ErrorCode::kIo, url.description() + ": the server closed the connection" + hint);
}

void RedisConnection::State::throw_nonsense(const std::string& why) const {
  throw Error(ErrorCode::kIo, url.description() + ": what answers there doesn't speak the protocol of Redis (" + printable(why) + ")");
}

void RedisConnection::State::put(ByteView bytes) {
  if (out.size() + bytes.size() > kSendBytes) flush();
  if (bytes.size() < kSendBytes) {
    out.append(text(bytes));
  } else {
    writable = writable && transport->write(bytes);
  }
}

void RedisConnection::State::put_head(char sign, uint64_t number) {
  const std::string head = sign + std::to_string(number) + "\r\n";
  put(view(head));
}

void RedisConnection::State::put_words(std::span<const std::string_view> words) {
  for (const std::string_view word : words) {
    put_head('$', word.size());
    put(view(word));
    put(view("\r\n"));
  }
}

void RedisConnection::State::end_long_word() {
  put(view("\r\n"));
  for (const std::string& word : behind) put_words(std::array{std::string_view(word)});
}

// That the server takes no more shows when its answer is read: it may have said why.
void RedisConnection::State::flush() {
  writable = writable && transport->write(view(out));
  out.clear();
}

// False when the server closed the connection.
bool RedisConnection::State::fill() {
  begin = end = 0;
  end = transport->read(in);
  any_byte = any_byte || end > 0;
  return end > 0;
}

// What the reader has beyond the last reply becomes ours again.
void RedisConnection::State::take_back() {
  const Bytes rest = reader.take_rest();
  if (rest.empty()) return;
  assert(begin == end);  // whatever it is fed, it is fed all of it
  if (in.size() < rest.size()) in.resize(rest.size());
  std::memcpy(in.data(), rest.data(), rest.size());
  begin = 0;
  end = rest.size();
}

RedisConnection::RedisConnection(const RedisUrl& url, Monitor& monitor) : state_(std::make_unique<State>(url, monitor)) {
  if (url.password.empty() && url.user.empty()) return;

  std::vector<std::string_view> words = {"AUTH"};
  if (!url.user.empty()) words.push_back(url.user);
  words.push_back(url.password);
  send(words);
  flush();
  state_->out.resize(kSendBytes);
  wipe({reinterpret_cast<uint8_t*>(state_->out.data()), state_->out.size()});
  state_->out.clear();
  const RedisReply reply = receive();
  if (reply.kind != RedisReply::Kind::kError) return;
  if (reply.text.find("no password is set") != std::string::npos || reply.text.find("without any password configured") != std::string::npos) {
    monitor.warning(url.description() + ": the server wants no password, although one is set here");
    return;
  }
  if (reply.text.find("wrong number of arguments") != std::string::npos && !url.user.empty()) {
    throw Error(ErrorCode::kWrongKey, url.description() + ": the server knows no users (it is older than Redis 6); leave the user's name out");
  }
  // A server without the command would tell its arguments.
  throw redis_error(url, "login", is_unknown_command(reply.text) ? "ERR it has no AUTH" : reply.text);
}

RedisConnection::~RedisConnection() = default;
RedisConnection::RedisConnection(RedisConnection&&) noexcept = default;
RedisConnection& RedisConnection::operator=(RedisConnection&&) noexcept = default;

const RedisUrl& RedisConnection::url() const { return state_->url; }

void RedisConnection::send(std::span<const std::string_view> words) {
  state_->put_head('*', words.size());
  state_->put_words(words);
}

void RedisConnection::send_begin(std::span<const std::string_view> words, uint64_t long_bytes, std::span<const std::string_view> behind) {
  state_->put_head('*', words.size() + 1 + behind.size());
  state_->put_words(words);
  state_->put_head('$', long_bytes);
  state_->piece_left = long_bytes;
  state_->behind.assign(behind.begin(), behind.end());
  if (long_bytes == 0) state_->end_long_word();
}

void RedisConnection::send_piece(ByteView bytes) {
  assert(bytes.size() <= state_->piece_left);
  if (bytes.empty()) return;
  state_->put(bytes);
  state_->piece_left -= bytes.size();
  if (state_->piece_left == 0) state_->end_long_word();
}

void RedisConnection::flush() { state_->flush(); }

RedisReply RedisConnection::receive() {
  State& state = *state_;
  assert(state.long_left == 0);
  flush();
  RedisReply reply;
  while (!state.reader.next(reply)) {
    if (!state.reader.problem().empty()) state.throw_nonsense(state.reader.problem());
    if (state.begin == state.end && !state.fill()) state.throw_lost();
    state.reader.feed(ByteView(state.in).subspan(state.begin, state.end - state.begin));
    state.begin = state.end = 0;
  }
  if (reply.kind == RedisReply::Kind::kError) reply.text = without_password(state.url, reply.text);
  return reply;
}

RedisReply RedisConnection::receive_long() {
  assert(state_->long_left == 0);
  flush();
  State& state = *state_;
  state.take_back();
  if (state.begin == state.end && !state.fill()) state.throw_lost();
  if (state.in[state.begin] != '$') return receive();
  std::string head;
  while (!head.ends_with("\r\n")) {
    if (state.begin == state.end && !state.fill()) state.throw_lost();
    head += static_cast<char>(state.in[state.begin++]);
    if (head.size() > kMostLineBytes) state.throw_nonsense("a string without length");
  }
  int64_t size = 0;
  const auto [end, error] = std::from_chars(head.data() + 1, head.data() + head.size(), size);
  if (error != std::errc() || end != head.data() + head.size() - 2 || size < -1) state.throw_nonsense("the length of a string");
  RedisReply out;
  if (size < 0) return out;
  out.kind = RedisReply::Kind::kString;
  out.integer = size;
  state.long_left = static_cast<uint64_t>(size) + 2;  // with the end of the line
  if (size == 0) {
    uint8_t none[1];
    read_long(none);
  }
  return out;
}

size_t RedisConnection::read_long(std::span<uint8_t> into) {
  State& state = *state_;
  if (state.long_left == 0) return 0;
  size_t size = 0;
  if (state.long_left > 2) {
    size = read_raw(into.first(std::min<uint64_t>(into.size(), state.long_left - 2)));
    if (size == 0) state.throw_lost();
    state.long_left -= size;
  }
  if (state.long_left > 2) return size;
  for (const char expected : {'\r', '\n'}) {
    if (state.begin == state.end && !state.fill()) state.throw_lost();
    if (state.in[state.begin++] != expected) state.throw_nonsense("a string longer than it should be");
  }
  state.long_left = 0;
  return size;
}

size_t RedisConnection::read_raw(std::span<uint8_t> into) {
  State& state = *state_;
  flush();
  state.take_back();
  if (state.begin == state.end) {
    if (into.size() >= kReadBytes) {
      const size_t size = state.transport->read(into);
      state.any_byte = state.any_byte || size > 0;
      return size;
    }
    if (!state.fill()) return 0;
  }
  const size_t size = std::min(into.size(), state.end - state.begin);
  std::memcpy(into.data(), state.in.data() + state.begin, size);
  state.begin += size;
  return size;
}

RedisReply RedisConnection::command(std::span<const std::string_view> words) {
  send(words);
  return receive();
}

RedisReply RedisConnection::must(std::initializer_list<std::string_view> words) {
  RedisReply out = command(words);
  if (out.kind == RedisReply::Kind::kError) throw redis_error(url(), *words.begin(), out.text);
  return out;
}

std::string info_field(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    std::string_view line = info.substr(0, info.find('\n'));
    info.remove_prefix(std::min(info.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ':') return std::string(line.substr(name.size() + 1));
  }
  return "";
}

RedisServerInfo redis_server_info(RedisConnection& connection) {
  const RedisReply reply = connection.command({"INFO", "server"});
  RedisServerInfo out;
  if (reply.kind == RedisReply::Kind::kError) {
    if (is_forbidden(reply.text)) return out;
    throw redis_error(connection.url(), "INFO", reply.text);
  }
  out.valkey = info_field(reply.text, "server_name") == "valkey";
  const std::string own = info_field(reply.text, "valkey_version");
  out.version = printable(own.empty() ? info_field(reply.text, "redis_version") : own);
  const std::string mode = info_field(reply.text, "server_mode");  // Valkey's name
  out.cluster = (mode.empty() ? info_field(reply.text, "redis_mode") : mode) == "cluster";
  return out;
}

}  // namespace cairn
