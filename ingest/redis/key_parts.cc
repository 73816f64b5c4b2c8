#include "ingest/redis/key_parts.h"

#include <algorithm>
#include <array>
#include <bit>

#include "ingest/redis/part_names.h"

namespace cairn {

namespace {

constexpr size_t kSpillBytes = 64 << 10;
const std::string kType = "type";
constexpr size_t kMostKeyHeadBytes = 64;   // of everything but the name

uint8_t* put_varint(uint8_t* at, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<uint8_t>(value | 0x80);
  *at++ = static_cast<uint8_t>(value);
  return at;
}

// The length of what both begin with.
size_t shared_bytes(std::string_view a, std::string_view b) {
  const size_t both = std::min(a.size(), b.size());
  size_t at = 0;
  for (uint64_t left, right; at + sizeof left <= both; at += sizeof left) {
    std::memcpy(&left, a.data() + at, sizeof left);
    std::memcpy(&right, b.data() + at, sizeof right);
    if (left != right) return at + static_cast<size_t>(std::countr_zero(left ^ right)) / 8;
  }
  while (at < both && a[at] == b[at]) ++at;
  return at;
}

class KeyPartStream : public PartStream {
 public:
  KeyPartStream(SpillBuffer records, RdbFlavor flavor, std::unique_ptr<PartStream> others)
      : records_(std::move(records)), in_(records_), flavor_(flavor), others_(std::move(others)) {}

  bool next(Part& part) override {
    while (in_.left_bytes() > 0)
      if (next_key(part)) return true;
    return others_ && others_->next(part);
  }

 private:
  // False for another key of the name before.
  bool next_key(Part& part) {
    const uint64_t value_begin = end_ + in_.varint();
    const uint64_t value_bytes = in_.varint();
    const uint8_t type = in_.take(1)[0];
    const bool expires = in_.take(1)[0] != 0;
    int64_t expires_ms = 0;
    if (expires) std::memcpy(&expires_ms, in_.take(sizeof expires_ms).data(), sizeof expires_ms);
    name_.resize(static_cast<size_t>(in_.varint()));
    name_ += text(in_.take(static_cast<size_t>(in_.varint())));
    end_ = value_begin + value_bytes;
    const std::string_view name = redis_part_of(name_);
    if (name == part_name_) return false;
    part_name_ = name;
    part.name = name;
    part.kind = "key";
    part.preamble.assign(1, type);
    part.extents.assign(1, {value_begin, value_bytes});
    // Most parts are like the one before.
    if (part.properties.size() != 1 || part.properties.begin()->first != kType) part.properties = {{kType, ""}};
    part.properties.begin()->second = rdb_type_name(flavor_, type);
    if (expires) part.properties["expires"] = std::to_string(expires_ms);
    if (name.size() < name_.size()) part.properties["key"] = redis_cut_key(name_);
    return true;
  }

  SpillBuffer records_;
  SpillCursor in_;
  RdbFlavor flavor_;
  std::unique_ptr<PartStream> others_;
  std::string name_, part_name_;   // of the record before
  uint64_t end_ = 0;
};

}  // namespace

void KeyParts::add(std::string_view record_name, uint8_t type, std::optional<int64_t> expires_ms, uint64_t head_bytes,
                   uint64_t value_bytes) {
  const size_t shared = shared_bytes(last_name_, record_name);
  const std::string_view rest = record_name.substr(shared);
  std::array<uint8_t, kMostKeyHeadBytes> head;
  uint8_t* at = put_varint(put_varint(head.data(), head_bytes), value_bytes);
  *at++ = type;
  *at++ = expires_ms ? 1 : 0;
  if (expires_ms) {
    std::memcpy(at, &*expires_ms, sizeof *expires_ms);
    at += sizeof *expires_ms;
  }
  at = put_varint(put_varint(at, shared), rest.size());
  encoded_.insert(encoded_.end(), head.data(), at);
  encoded_.insert(encoded_.end(), rest.begin(), rest.end());
  last_name_.replace(shared, last_name_.npos, rest);
  if (encoded_.size() < kSpillBytes) return;
  spilled_.append(encoded_);
  encoded_.clear();
}

std::unique_ptr<PartStream> KeyParts::finish(RdbFlavor flavor, std::unique_ptr<PartStream> others) && {
  spilled_.append(encoded_);
  return std::make_unique<KeyPartStream>(std::move(spilled_), flavor, std::move(others));
}

}  // namespace cairn
