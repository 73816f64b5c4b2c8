#include "ingest/redis/values/stream_node.h"

#include "store/error.h"

namespace cairn {

namespace {

enum Flag : uint64_t { kDeleted = 1, kCommonFields = 2 };

[[noreturn]] void corrupt(const std::string& why) { throw Error(ErrorCode::kCorrupt, "stream: " + why); }

uint64_t big_endian_id(ByteView bytes) {
  uint64_t value = 0;
  for (uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

}  // namespace

StreamId StreamId::of(ByteView bytes) {
  if (bytes.size() != 16) corrupt("an id of " + std::to_string(bytes.size()) + " bytes");
  return {big_endian_id(bytes.first(8)), big_endian_id(bytes.subspan(8))};
}

StreamNodeReader::StreamNodeReader(StreamId node, ByteView listpack)
    : node_(node), in_(listpack), live_(number()), deleted_(number()), common_fields_(number()), common_(in_), names_(in_) {
  for (uint64_t i = 0; i < common_fields_; ++i) element();
  if (number() != 0) corrupt("a node's first entry doesn't end where it should");
}

PackedElement StreamNodeReader::element() {
  PackedElement one;
  if (!in_.next(one)) corrupt("a node ends within an entry");
  return one;
}

int64_t StreamNodeReader::integer() {
  const std::optional<int64_t> value = element().integer();
  if (!value) corrupt("a string where a number should be");
  return *value;
}

uint64_t StreamNodeReader::number() {
  const int64_t value = integer();
  if (value < 0) corrupt("a negative count");
  return static_cast<uint64_t>(value);
}

bool StreamNodeReader::next(StreamId& id) {
  for (bool deleted = false; begin_entry(id, deleted);) {
    uint64_t& left_of_kind = deleted ? deleted_ : live_;
    if (left_of_kind == 0) corrupt("a node has other entries than it says");
    --left_of_kind;
    if (!deleted) {
      if (fields_ == 0) corrupt("an entry without fields");
      return true;
    }
    for (; left_ > 0; --left_) {
      element();
      if (!has_common_) element();
    }
    end_entry();
  }
  if (live_ != 0 || deleted_ != 0) corrupt("a node has fewer entries than it says");
  return false;
}

bool StreamNodeReader::begin_entry(StreamId& id, bool& deleted) {
  PackedElement first;
  if (!in_.next(first)) return false;
  const std::optional<int64_t> flags = first.integer();
  if (!flags || *flags < 0 || *flags > 3) corrupt("an entry of no known kind");
  deleted = (static_cast<uint64_t>(*flags) & kDeleted) != 0;
  has_common_ = (static_cast<uint64_t>(*flags) & kCommonFields) != 0;
  const uint64_t ms = static_cast<uint64_t>(integer()), seq = static_cast<uint64_t>(integer());   // may wrap around: seq can fall
  id = {node_.ms + ms, node_.seq + seq};
  fields_ = left_ = has_common_ ? common_fields_ : number();
  names_ = common_;
  return true;
}

void StreamNodeReader::field(PackedElement& name, PackedElement& value) {
  if (has_common_) {
    names_.next(name);
  } else {
    name = element();
  }
  value = element();
  if (--left_ == 0) end_entry();
}

void StreamNodeReader::end_entry() {
  const uint64_t elements = has_common_ ? fields_ + 3 : 2 * fields_ + 4;
  if (number() != elements) corrupt("an entry's count of elements is wrong");
}

}  // namespace cairn
