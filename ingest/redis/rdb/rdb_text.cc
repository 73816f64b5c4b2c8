#include "ingest/redis/rdb/rdb_text.h"

#include <charconv>

#include "ingest/redis/rdb/lzf_string.h"

namespace cairn::rdb {

std::optional<std::string_view> Text::decode(const StringHead& head, const uint8_t* stored) {
  const ByteView bytes(stored, static_cast<size_t>(head.stored_bytes));
  switch (head.form) {
    case Form::kRaw: return text(bytes);
    case Form::kInt8: return number(load<int8_t>(stored));
    case Form::kInt16: return number(load<int16_t>(stored));
    case Form::kInt32: return number(load<int32_t>(stored));
    case Form::kLzf: break;
  }
  // So that a few bytes can't cost megabytes of work.
  if (head.decoded_bytes / kMostLzfGain > head.stored_bytes) return std::nullopt;
  const auto size = static_cast<size_t>(head.decoded_bytes);
  if (decoded_.capacity() < size) decoded_ = Buffer(std::bit_ceil(size));
  if (!lzf_decode(bytes, {decoded_.data(), size})) return std::nullopt;
  return text({decoded_.data(), size});
}

std::string_view Text::number(int64_t value) {
  const char* end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), value).ptr;
  return {digits_.data(), static_cast<size_t>(end - digits_.data())};
}

}  // namespace cairn::rdb
