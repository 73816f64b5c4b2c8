#include "store/keys/settings.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace cairn {

namespace {

enum SettingTag : uint64_t { kCompression = 1, kFileChunks = 2, kStreamChunks = 3 };

constexpr std::array<std::string_view, 3> kSizeNames = {"fine", "normal", "coarse"};   // by ChunkSize

void field(Encoder& out, SettingTag tag, uint8_t value) {
  out.varint(tag);
  out.bytes({&value, 1});
}

ChunkSize known_size(uint8_t stored, ChunkSize otherwise) {
  return stored < kSizeNames.size() ? static_cast<ChunkSize>(stored) : otherwise;
}

}  // namespace

std::string Compression::name() const {
  if (choice == kAuto) return "auto";
  return choice == kOff ? "off" : std::to_string(choice);
}

std::optional<Compression> Compression::parse(std::string_view text) {
  if (text == "auto") return Compression{kAuto};
  if (text == "off") return Compression{kOff};
  int level = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  if (error != std::errc{} || end != text.data() + text.size() || level < 1 || level > kMostLevel) return std::nullopt;
  return Compression{level};
}

std::string_view chunk_size_name(ChunkSize size) { return kSizeNames[static_cast<size_t>(size)]; }

std::optional<ChunkSize> parse_chunk_size(std::string_view name) {
  auto found = std::ranges::find(kSizeNames, name);
  if (found == kSizeNames.end()) return std::nullopt;
  return static_cast<ChunkSize>(found - kSizeNames.begin());
}

void ContentSettings::encode(Encoder& out) const {
  const ContentSettings usual;
  if (compression != usual.compression) field(out, kCompression, static_cast<uint8_t>(compression.choice));
  if (file_chunks != usual.file_chunks) field(out, kFileChunks, static_cast<uint8_t>(file_chunks));
  if (stream_chunks != usual.stream_chunks) field(out, kStreamChunks, static_cast<uint8_t>(stream_chunks));
}

ContentSettings ContentSettings::decode(Decoder& in, Bytes& others) {
  ContentSettings out;
  Encoder kept;
  while (in.remaining() > 0) {
    const uint64_t tag = in.varint();
    const ByteView value = in.bytes();
    if (tag != kCompression && tag != kFileChunks && tag != kStreamChunks) {
      kept.varint(tag);
      kept.bytes(value);
      continue;
    }
    if (value.empty()) in.fail("an option without a value");
    const uint8_t stored = value[0];
    if (tag == kCompression) out.compression.choice = stored <= Compression::kMostLevel ? stored : Compression::kAuto;
    if (tag == kFileChunks) out.file_chunks = known_size(stored, out.file_chunks);
    if (tag == kStreamChunks) out.stream_chunks = known_size(stored, out.stream_chunks);
  }
  others = kept.take();
  return out;
}

}  // namespace cairn
