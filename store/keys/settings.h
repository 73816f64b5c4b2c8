// How content is cut and compressed: what the repository's config says, unless a backup is told otherwise.
// Of no concern to readers: frames and chunk lists say themselves what they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chunker/chunker.h"
#include "store/coding.h"

namespace cairn {

// What level of zstd content gets.
struct Compression {
  static constexpr int kAuto = -1, kOff = 0, kMostLevel = 19;
  int choice = kAuto;   // kAuto: by the kind of content; kOff: stored as it is; 1 to 19: that level for everything
  // The level for content that would get `automatic`: 0 to 19, as FramePolicy has it.
  int level_for(int automatic) const { return choice == kAuto ? automatic : choice; }
  std::string name() const;   // as parse() takes it
  // "auto", "off", "1" to "19"; nullopt for anything else.
  static std::optional<Compression> parse(std::string_view text);
  bool operator==(const Compression&) const = default;
};

// Layout (FORMAT.md, "Config", options): fields  1 compression u8: 0 off, 1–19 | 2 chunks of files u8 | 3 of streams u8.
// A choice that is the default isn't written, a value that is not known means the default.
struct ContentSettings {
  Compression compression;
  ChunkSize file_chunks = ChunkSize::kNormal;     // of files in trees
  ChunkSize stream_chunks = ChunkSize::kFine;     // of streams, and of files that are components with parts
  bool operator==(const ContentSettings&) const = default;

  void encode(Encoder& out) const;
  // The rest of `in`.  Fields of later versions are appended to `others` as they are.   kCorrupt.
  static ContentSettings decode(Decoder& in, Bytes& others);
};

std::string_view chunk_size_name(ChunkSize size);                          // "fine", "normal", "coarse"
std::optional<ChunkSize> parse_chunk_size(std::string_view name);          // of those

}  // namespace cairn
