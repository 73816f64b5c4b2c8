#include "ingest/redis/reply.h"

#include <hiredis/read.h>

#include <algorithm>
#include <new>
#include <string_view>
#include <utility>

namespace cairn {

namespace {

constexpr size_t kMostLengthBytes = 32;   // of a string's length with the end of its line

struct ReaderFree {
  void operator()(redisReader* reader) const { ::redisReaderFree(reader); }
};

// Whether a string's length stands there, as a line of its own.
bool is_length(std::string_view bytes) {
  bytes = bytes.substr(0, kMostLengthBytes);
  const size_t end = bytes.find("\r\n");
  return end != bytes.npos && end > 0 && bytes.substr(0, end).find_first_not_of("0123456789") == bytes.npos;
}

}  // namespace

struct ReplyReader::State {
  // Callbacks of the reader.
  static redisReplyObjectFunctions* functions();
  static RedisReply* make(const redisReadTask* task, size_t bytes, RedisReply::Kind kind);

  size_t fed() const { return reader->len - reader->pos; }
  bool fail(std::string why) {
    problem = std::move(why);
    return false;
  }
  bool too_long() { return fail("a reply of more than " + std::to_string(kMostReplyBytes >> 20) + " MiB"); }

  std::unique_ptr<redisReader, ReaderFree> reader;
  RedisReply reply;              // that is being made
  size_t reply_bytes = 0;        // what it takes, about
  std::string problem;
};

// A reply belongs into its array's elements; the outermost into State::reply.  An array grows with what really comes, whatever length
// it tells; its elements move only when the last one is complete.
RedisReply* ReplyReader::State::make(const redisReadTask* task, size_t bytes, RedisReply::Kind kind) {
  auto& state = *static_cast<State*>(task->privdata);
  try {
    RedisReply* out = &state.reply;
    if (task->parent == nullptr) {
      *out = {};
      state.reply_bytes = 0;
    } else {
      out = &static_cast<RedisReply*>(task->parent->obj)->elements.emplace_back();
    }
    state.reply_bytes += sizeof(RedisReply) + bytes;
    if (state.reply_bytes > kMostReplyBytes) return nullptr;
    out->kind = kind;
    return out;
  } catch (const std::bad_alloc&) {
    return nullptr;  // nothing may be thrown through hiredis
  }
}

redisReplyObjectFunctions* ReplyReader::State::functions() {
  static redisReplyObjectFunctions all = [] {
    redisReplyObjectFunctions out{};
    out.createString = [](const redisReadTask* task, char* bytes, size_t size) -> void* {
      const auto kind = task->type == REDIS_REPLY_STATUS  ? RedisReply::Kind::kStatus
                        : task->type == REDIS_REPLY_ERROR ? RedisReply::Kind::kError
                                                          : RedisReply::Kind::kString;
      RedisReply* const made = make(task, size, kind);
      try {
        if (made != nullptr) made->text.assign(bytes, size);
      } catch (const std::bad_alloc&) {
        return nullptr;
      }
      return made;
    };
    out.createArray = [](const redisReadTask* task, auto) -> void* { return make(task, 0, RedisReply::Kind::kArray); };
    out.createInteger = [](const redisReadTask* task, long long number) -> void* {
      RedisReply* const made = make(task, 0, RedisReply::Kind::kInteger);
      if (made != nullptr) made->integer = number;
      return made;
    };
    out.createNil = [](const redisReadTask* task) -> void* { return make(task, 0, RedisReply::Kind::kNil); };
    out.freeObject = [](void*) {};  // they are State::reply's
    return out;
  }();
  return &all;
}

ReplyReader::ReplyReader() : state_(std::make_unique<State>()) {
  state_->reader.reset(::redisReaderCreateWithFunctions(State::functions()));
  if (!state_->reader) throw std::bad_alloc();
  state_->reader->privdata = state_.get();
}

ReplyReader::~ReplyReader() = default;
ReplyReader::ReplyReader(ReplyReader&&) noexcept = default;
ReplyReader& ReplyReader::operator=(ReplyReader&&) noexcept = default;

const std::string& ReplyReader::problem() const { return state_->problem; }

void ReplyReader::feed(ByteView bytes) {
  if (bytes.empty() || !state_->problem.empty()) return;
  const auto* const begin = reinterpret_cast<const char*>(bytes.data());
  if (::redisReaderFeed(state_->reader.get(), begin, bytes.size()) != REDIS_OK) throw std::bad_alloc();
}

bool ReplyReader::next(RedisReply& out) {
  State& state = *state_;
  if (!state.problem.empty()) return false;
  void* got = nullptr;
  if (::redisReaderGetReply(state.reader.get(), &got) != REDIS_OK)
    return state.reply_bytes > kMostReplyBytes ? state.too_long() : state.fail(state.reader->errstr);
  if (got != nullptr) {
    if (got != &state.reply) return state.fail("a reply of another protocol");   // that a newer hiredis knows
    state.reply_bytes = 0;
    out = std::move(state.reply);
    return true;
  }
  if (state.fed() + state.reply_bytes > kMostReplyBytes) return state.too_long();
  // A line is looked for from its beginning whenever more has come: without a bound that would be quadratic.
  if (state.fed() > kMostLineBytes && !is_length({state.reader->buf + state.reader->pos, state.fed()}))
    return state.fail("a line of more than " + std::to_string(kMostLineBytes >> 10) + " KiB");
  return false;
}

Bytes ReplyReader::take_rest() {
  redisReader& reader = *state_->reader;
  Bytes out(reader.buf + reader.pos, reader.buf + reader.len);
  reader.pos = reader.len;
  return out;
}

}  // namespace cairn
