#include "ingest/redis/key_parts.h"

#include <algorithm>

#include "ingest/redis/part_names.h"

namespace cairn {

namespace {

constexpr size_t kSpillBytes = 64 << 10;

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
    const auto shared = static_cast<size_t>(in_.varint());
    name_.resize(shared);
    name_ += text(in_.take(static_cast<size_t>(in_.varint())));
    const uint8_t type = in_.take(1)[0];
    const bool expires = in_.take(1)[0] != 0;
    int64_t expires_ms = 0;
    if (expires) std::memcpy(&expires_ms, in_.take(sizeof expires_ms).data(), sizeof expires_ms);
    const uint64_t value_begin = end_ + in_.varint();
    const uint64_t value_bytes = in_.varint();
    end_ = value_begin + value_bytes;
    const std::string_view name = redis_part_of(name_);
    if (name == part_name_) return false;
    part_name_ = name;
    part.name = name;
    part.kind = "key";
    part.preamble.assign(1, type);
    part.extents.assign(1, {value_begin, value_bytes});
    part.properties.clear();
    part.properties["type"] = rdb_type_name(flavor_, type);
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
  const auto differ = std::ranges::mismatch(last_name_, record_name);
  const auto shared = static_cast<size_t>(differ.in1 - last_name_.begin());
  encoded_.varint(shared);
  encoded_.string(record_name.substr(shared));
  encoded_.u8(type);
  encoded_.u8(expires_ms ? 1 : 0);
  if (expires_ms) encoded_.u64(static_cast<uint64_t>(*expires_ms));
  encoded_.varint(head_bytes);
  encoded_.varint(value_bytes);
  last_name_ = record_name;
  if (encoded_.size() < kSpillBytes) return;
  spilled_.append(encoded_.out());
  encoded_ = Encoder();
}

std::unique_ptr<PartStream> KeyParts::finish(RdbFlavor flavor, std::unique_ptr<PartStream> others) && {
  spilled_.append(encoded_.out());
  return std::make_unique<KeyPartStream>(std::move(spilled_), flavor, std::move(others));
}

}  // namespace cairn
