#include "ingest/redis/rdb/rdb_reader.h"

#include <algorithm>
#include <functional>

#include "ingest/redis/rdb/rdb_text.h"
#include "ingest/redis/rdb/rdb_types.h"
#include "ingest/redis/rdb/rdb_walk.h"
#include "ingest/redis/rdb/rdb_window.h"

namespace cairn {

using namespace rdb;   // NOLINT(google-build-using-namespace): its own parts

namespace {

constexpr std::string_view kRedisMagic = "REDIS", kValkeyMagic = "VALKEY";
// No string of a server is longer, unless it was told to take longer ones.
constexpr uint64_t kMostStringBytes = uint64_t{512} << 20;
// Of a value when it isn't clear yet whether it is a long one; a single step of the walk takes less than what is over.
constexpr size_t kMostTriedBytes = RdbReader::kMostWholeBytes + 64;

struct Header {
  RdbFlavor flavor = RdbFlavor::kRedis;
  int version = 0;
};

// Requires: 9 bytes.
std::optional<Header> header_of(ByteView bytes) {
  std::string_view rest = text(bytes.first(kHeaderBytes));
  Header header;
  if (rest.starts_with(kValkeyMagic)) {
    header.flavor = RdbFlavor::kValkey;
    rest.remove_prefix(kValkeyMagic.size());
  } else if (rest.starts_with(kRedisMagic)) {
    rest.remove_prefix(kRedisMagic.size());
  } else {
    return std::nullopt;
  }
  for (char digit : rest) {
    if (digit < '0' || digit > '9') return std::nullopt;
    header.version = header.version * 10 + (digit - '0');
  }
  return header;
}

bool known(const Header& header) {
  if (header.flavor == RdbFlavor::kValkey) return header.version == kValkeyVersion;
  return header.version >= 1 && header.version <= kLastRedisVersion;
}

}  // namespace

struct RdbReader::State {
  explicit State(std::function<size_t(std::span<uint8_t>)> read) : window(std::move(read)) {}

  enum class Mode {
    kItems,
    kLongValue,   // of a key
    kLongOther,   // of an opcode
    kBroken,      // the rest is next
    kRest,
    kEnd,
  };
  enum class Step { kItem, kMore, kRest };   // one, more bytes are needed to tell, or not understood

  Item next();
  ByteView piece();
  ByteView rest_piece();

  Item next_item();
  Item break_off();
  bool fill();
  Step parse();
  Step parse_header();
  Step parse_prefixed();
  Step parse_key(const uint8_t* p);
  Step parse_value(const uint8_t* value, const char* shape);
  Step long_value(const uint8_t* value, const char* shape);
  Step parse_opcode(const uint8_t* p);
  Step parse_shape(const char* shape);
  Step parse_database();
  Step parse_aux();
  Step parse_function();
  Step parse_end();
  Step string(const uint8_t*& p, std::string_view what, Text& decoder, std::string_view& decoded);
  Step other(const uint8_t* end);
  void judge_end();
  Step refuse(std::string_view why, bool not_known = false);
  Step damaged(std::string_view what) { return refuse(std::string(what) + " is damaged"); }
  // The stream is known to end before these bytes do.
  bool missing(const uint8_t* p, uint64_t size) const { return window.ended() && size > static_cast<uint64_t>(window.end() - p); }
  // kDone doesn't come here.
  Step stop(Walk walk, std::string_view what) { return walk == Walk::kMore ? Step::kMore : damaged(what); }

  Window window;
  const uint8_t* next_begin = window.begin();   // where the item ends; in the window
  Mode mode = Mode::kItems;
  Header header;
  bool header_seen = false, end_seen = false, checksum_wrong = false, not_known = false;
  uint32_t db = 0;
  uint64_t trailing = 0;
  std::string tail;     // the last bytes of the rest, as many as an end has
  std::string problem;

  Item item = Item::kEnd;
  ByteView bytes;
  RdbKey key;
  std::optional<RdbAux> aux;
  std::string_view function;
  Text name_text, value_text;
  Walker walker;        // of a long value
  Bytes long_head;      // what stands before a long value
};

// ---- items

RdbReader::Item RdbReader::State::next() {
  while (mode == Mode::kLongValue && !piece().empty()) {
  }
  bytes = {};
  aux.reset();
  function = {};
  if (mode == Mode::kLongOther) {
    bytes = piece();
    if (!bytes.empty()) return item = Item::kOther;
  }
  if (mode == Mode::kRest) {
    while (!rest_piece().empty()) {
    }
    mode = Mode::kEnd;
  }
  if (mode == Mode::kBroken) {
    mode = Mode::kRest;
    return item = Item::kRest;
  }
  return item = mode == Mode::kEnd ? Item::kEnd : next_item();
}

RdbReader::Item RdbReader::State::next_item() {
  window.pass(next_begin);
  for (;;) {
    switch (parse()) {
      case Step::kItem: return item;
      case Step::kRest: next_begin = window.begin(); mode = Mode::kRest; return Item::kRest;
      case Step::kMore:
        if (!fill()) return break_off();
    }
  }
}

// When reading throws, the next call goes on where this one was.
bool RdbReader::State::fill() {
  try {
    const bool more = window.fill();
    next_begin = window.begin();
    return more;
  } catch (...) {
    next_begin = window.begin();
    throw;
  }
}

// The stream has ended, and the item hasn't.
RdbReader::Item RdbReader::State::break_off() {
  next_begin = window.begin();
  const bool nothing = window.empty();
  mode = nothing ? Mode::kEnd : Mode::kRest;
  if (end_seen && nothing) return Item::kEnd;
  problem = nothing ? "it ends at byte " + std::to_string(window.end_offset()) + " without its end mark"
                    : "it breaks off at byte " + std::to_string(window.end_offset()) + ", within what begins at byte " +
                          std::to_string(window.offset());
  return nothing ? Item::kEnd : Item::kRest;
}

RdbReader::State::Step RdbReader::State::parse() {
  if (!header_seen) return parse_header();
  if (end_seen) return window.empty() ? Step::kMore : refuse("other data follow the end");
  if (!known(header)) {
    return refuse("version " + std::to_string(header.version) + " of " + (header.flavor == RdbFlavor::kValkey ? "Valkey" : "Redis") +
                      "'s format isn't known",
                  true);
  }
  return parse_prefixed();
}

RdbReader::State::Step RdbReader::State::parse_header() {
  if (window.end() - window.begin() < static_cast<ptrdiff_t>(kHeaderBytes)) return Step::kMore;
  const std::optional<Header> found = header_of({window.begin(), kHeaderBytes});
  if (!found) return refuse("not an RDB file");
  header = *found;
  header_seen = true;
  return other(window.begin() + kHeaderBytes);
}

RdbReader::State::Step RdbReader::State::refuse(std::string_view why, bool is_not_known) {
  problem = "at byte " + std::to_string(window.offset()) + ": " + std::string(why);
  not_known = is_not_known;
  return Step::kRest;
}

RdbReader::State::Step RdbReader::State::other(const uint8_t* end) {
  bytes = {window.begin(), end};
  next_begin = end;
  item = Item::kOther;
  return Step::kItem;
}

// A string that is wanted decoded.
RdbReader::State::Step RdbReader::State::string(const uint8_t*& p, std::string_view what, Text& decoder, std::string_view& decoded) {
  StringHead head;
  if (const Walk walk = string_head(p, window.end(), head); walk != Walk::kDone) return stop(walk, what);
  if (std::max(head.stored_bytes, head.decoded_bytes) > kMostNameBytes) {
    const bool possible = std::max(head.stored_bytes, head.decoded_bytes) <= kMostStringBytes;
    return refuse(std::string(what) + " of more than 4 MiB", possible);
  }
  if (head.stored_bytes > static_cast<uint64_t>(window.end() - p)) return Step::kMore;
  const std::optional<std::string_view> text = decoder.decode(head, p);
  if (!text) return damaged(what);
  decoded = *text;
  p += head.stored_bytes;
  return Step::kItem;
}

// ---- keys

// What may stand before a key, and the key.
RdbReader::State::Step RdbReader::State::parse_prefixed() {
  const uint8_t* p = window.begin();
  const uint8_t* const end = window.end();
  key.expires_ms.reset();
  key.expiry = key.use = {};
  bool idle = false, frequency = false;
  for (;;) {
    if (p == end) return Step::kMore;
    const uint8_t* const begin = p;
    const uint8_t byte = *p;
    if (byte < kFirstOpcode) return parse_key(p);
    const bool expiry = byte == kExpiryMs || byte == kExpirySeconds;
    if (!expiry && byte != kIdle && byte != kFrequency) break;
    if ((expiry && p != window.begin()) || (byte == kIdle && idle) || (byte == kFrequency && frequency)) {
      return refuse("the expiry and the use of a key stand in an order that isn't known", true);
    }
    ++p;
    if (byte == kIdle) {
      uint64_t ignored = 0;
      if (const Walk walk = length(p, end, ignored); walk != Walk::kDone) return stop(walk, "the idle time of a key");
      idle = true;
    } else {
      const ptrdiff_t size = byte == kExpiryMs ? 8 : byte == kExpirySeconds ? 4 : 1;
      if (end - p < size) return Step::kMore;
      if (byte == kExpiryMs) key.expires_ms = load<int64_t>(p);
      if (byte == kExpirySeconds) key.expires_ms = int64_t{1000} * load<int32_t>(p);
      if (byte == kFrequency) frequency = true;
      p += size;
    }
    (expiry ? key.expiry : key.use) = {!expiry && !key.use.empty() ? key.use.data() : begin, p};
  }
  return p == window.begin() ? parse_opcode(p) : refuse("the expiry or the use of no key", true);
}

RdbReader::State::Step RdbReader::State::parse_key(const uint8_t* p) {
  const uint8_t* const begin = p;
  const char* const shape = rdb::shape(header.flavor, *p);
  if (shape == nullptr) return refuse("type " + std::to_string(*p) + " isn't known", true);
  key.type = *p++;
  key.db = db;
  if (const Step step = string(p, "a key's name", name_text, key.name); step != Step::kItem) return step;
  key.type_and_name = {begin, p};
  return parse_value(p, shape);
}

RdbReader::State::Step RdbReader::State::parse_value(const uint8_t* value, const char* shape) {
  const uint8_t* p = value;
  const uint8_t* const end = window.end();
  if (shape[0] == 's') {   // most values of most servers
    StringHead head;
    if (const Walk walk = string_head(p, end, head); walk != Walk::kDone) return stop(walk, "a value");
    if (head.stored_bytes + static_cast<uint64_t>(p - value) > kMostWholeBytes || head.stored_bytes > kMostWholeBytes) {
      return missing(p, head.stored_bytes) ? Step::kMore : long_value(value, shape);
    }
    if (head.stored_bytes > static_cast<uint64_t>(end - p)) return Step::kMore;
    p += head.stored_bytes;
  } else {
    Walker tried;
    tried.start(shape);
    const Walk walk = tried.walk(p, std::min(end, value + std::min<ptrdiff_t>(end - value, kMostTriedBytes)));
    if (walk == Walk::kBad) return damaged("a value");
    const auto passed = static_cast<uint64_t>(p - value);
    if (passed > kMostWholeBytes || tried.pending_bytes() > kMostWholeBytes - passed) {
      return missing(p, tried.pending_bytes()) ? Step::kMore : long_value(value, shape);
    }
    if (walk == Walk::kMore) return Step::kMore;
  }
  key.value = {value, p};
  key.long_value = false;
  next_begin = p;
  item = Item::kKey;
  return Step::kItem;
}

// What stands before it must outlive the window's content.
RdbReader::State::Step RdbReader::State::long_value(const uint8_t* value, const char* shape) {
  const uint8_t* const begin = window.begin();
  long_head.assign(begin, value);
  const auto moved = [&](const uint8_t* p) { return long_head.data() + (p - begin); };
  for (ByteView* part : {&key.expiry, &key.use, &key.type_and_name}) {
    if (!part->empty()) *part = {moved(part->data()), part->size()};
  }
  const auto* name = reinterpret_cast<const uint8_t*>(key.name.data());
  if (!std::less<>{}(name, begin) && std::less<>{}(name, value)) key.name = text({moved(name), key.name.size()});
  key.value = {};
  key.long_value = true;
  walker.start(shape);
  next_begin = value;
  mode = Mode::kLongValue;
  item = Item::kKey;
  return Step::kItem;
}

// ---- other items

RdbReader::State::Step RdbReader::State::parse_opcode(const uint8_t* p) {
  switch (*p) {
    case kAux: return parse_aux();
    case kFunction: return parse_function();
    case kSelectDb: return parse_database();
    case kEof: return parse_end();
    default: break;
  }
  const char* const shape = rdb::shape(header.flavor, *p);
  return shape == nullptr ? refuse("code " + std::to_string(*p) + " isn't known", true) : parse_shape(shape);
}

RdbReader::State::Step RdbReader::State::parse_shape(const char* shape) {
  const uint8_t* const begin = window.begin() + 1;
  const uint8_t* p = begin;
  walker.start(shape);
  const Walk walk = walker.walk(p, std::min(window.end(), begin + std::min<ptrdiff_t>(window.end() - begin, kMostTriedBytes)));
  if (walk == Walk::kBad) return damaged("what isn't a key");
  const auto passed = static_cast<uint64_t>(p - begin);
  if (passed > kMostWholeBytes || walker.pending_bytes() > kMostWholeBytes - passed) {
    if (missing(p, walker.pending_bytes())) return Step::kMore;
    walker.start(shape);
    mode = Mode::kLongOther;
    return other(begin);
  }
  return walk == Walk::kMore ? Step::kMore : other(p);
}

RdbReader::State::Step RdbReader::State::parse_database() {
  const uint8_t* p = window.begin() + 1;
  uint64_t number = 0;
  if (const Walk walk = length(p, window.end(), number); walk != Walk::kDone) return stop(walk, "a database's number");
  if (number > UINT32_MAX) return damaged("a database's number");
  db = static_cast<uint32_t>(number);
  return other(p);
}

RdbReader::State::Step RdbReader::State::parse_aux() {
  const uint8_t* p = window.begin() + 1;
  RdbAux found;
  Step step = string(p, "an information's name", name_text, found.name);
  if (step == Step::kItem) step = string(p, "an information", value_text, found.value);
  if (step != Step::kItem) return step;
  aux = found;
  return other(p);
}

RdbReader::State::Step RdbReader::State::parse_function() {
  const uint8_t* p = window.begin() + 1;
  const Step step = string(p, "a library of functions", value_text, function);
  if (step != Step::kItem) return step;
  other(p);
  item = Item::kFunction;
  return Step::kItem;
}

RdbReader::State::Step RdbReader::State::parse_end() {
  const uint8_t* const begin = window.begin();
  if (header.version < kFirstVersionWithChecksum) {
    end_seen = true;
    return other(begin + 1);
  }
  const uint8_t* const end = begin + 1 + kChecksumBytes;
  if (window.end() - begin < end - begin) return Step::kMore;
  window.pass(begin + 1);
  const uint64_t stated = load<uint64_t>(begin + 1), is = window.checksum();
  window.pass(begin);
  end_seen = true;
  checksum_wrong = stated != 0 && stated != is;
  if (checksum_wrong) problem = "at byte " + std::to_string(window.offset() + 1) + ": the checksum is wrong: the file is damaged";
  return other(end);
}

// ---- long values and the rest

ByteView RdbReader::State::piece() {
  window.pass(next_begin);
  for (;;) {
    const uint8_t* p = window.begin();
    const Walk walk = walker.walk(p, window.end());
    if (p != window.begin()) {
      next_begin = p;
      return {window.begin(), p};
    }
    if (walk == Walk::kDone) {
      mode = Mode::kItems;
      next_begin = p;
      return {};
    }
    if (walk == Walk::kMore && fill()) continue;
    next_begin = window.begin();
    mode = Mode::kBroken;
    if (walk == Walk::kBad) {
      damaged("a value");
    } else {
      problem = "it breaks off at byte " + std::to_string(window.end_offset()) + ", within a value";
    }
    return {};
  }
}

ByteView RdbReader::State::rest_piece() {
  window.pass(next_begin);
  if (window.empty() && !fill()) {
    judge_end();
    return {};
  }
  const ByteView found(window.begin(), window.end());
  next_begin = window.end();
  if (end_seen) trailing += found.size();
  tail += text(found.last(std::min(found.size(), 1 + kChecksumBytes)));
  if (tail.size() > 1 + kChecksumBytes) tail.erase(0, tail.size() - 1 - kChecksumBytes);
  return found;
}

// What isn't known may as well be damaged, or break off: the end tells.  Of versions that aren't known nobody knows how they end.
void RdbReader::State::judge_end() {
  if (!not_known || !known(header)) return;
  const bool has_checksum = header.version >= kFirstVersionWithChecksum;
  const size_t size = has_checksum ? 1 + kChecksumBytes : 1;
  const bool has_end = tail.size() >= size && static_cast<uint8_t>(tail[tail.size() - size]) == kEof;
  // Of bytes and their checksum behind them the checksum is 0.
  if (has_end && (!has_checksum || window.checksum() == 0 || tail.ends_with(std::string(kChecksumBytes, '\0')))) return;
  not_known = false;
  problem += ", and no checksum that fits stands at its end: it is damaged or breaks off";
}

// ---- the interface

bool RdbReader::looks_like_rdb(ByteView beginning) {
  return beginning.size() >= kHeaderBytes && header_of(beginning).has_value();
}

RdbReader::RdbReader(std::function<size_t(std::span<uint8_t>)> read) : state_(std::make_unique<State>(std::move(read))) {}
RdbReader::~RdbReader() = default;

RdbReader::Item RdbReader::next() { return state_->next(); }
ByteView RdbReader::bytes() const { return state_->bytes; }
const RdbKey& RdbReader::key() const { return state_->key; }
std::optional<RdbAux> RdbReader::aux() const { return state_->aux; }
std::string_view RdbReader::function() const { return state_->function; }
ByteView RdbReader::value_piece() { return state_->mode == State::Mode::kLongValue ? state_->piece() : ByteView(); }
ByteView RdbReader::rest_piece() { return state_->mode == State::Mode::kRest ? state_->rest_piece() : ByteView(); }
RdbFlavor RdbReader::flavor() const { return state_->header.flavor; }
int RdbReader::version() const { return state_->header.version; }
bool RdbReader::whole() const { return state_->end_seen && !state_->checksum_wrong; }
const std::string& RdbReader::problem() const { return state_->problem; }
bool RdbReader::unknown() const { return state_->not_known; }
uint64_t RdbReader::trailing_bytes() const { return state_->trailing; }

}  // namespace cairn
