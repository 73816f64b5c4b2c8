// RdbReader, one record: a key with what stands before it, or what an opcode begins.
#include <algorithm>
#include <functional>

#include "ingest/redis/rdb/rdb_reader_state.h"
#include "ingest/redis/rdb/rdb_types.h"

namespace cairn {

using namespace rdb;   // NOLINT(google-build-using-namespace): its own parts

namespace {

// No string of a server is longer, unless it was told to take longer ones.
constexpr uint64_t kMostStringBytes = uint64_t{512} << 20;
// Of a value when it isn't clear yet whether it is a long one; a single step of the walk takes less than what is over.
constexpr size_t kMostTriedBytes = RdbReader::kMostWholeBytes + 64;

}  // namespace

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

}  // namespace cairn
