// What rebuilds an archive from its stored stream: operations, in the order of the original's bytes.   FORMAT.md, "Archives of
// pg_dump".
//
// All numbers are varints:
//   recipe    version=1, container (1 custom, 2 tar, 3 directory), layout, count of files, files
//   layout    bytes of text; count of runs of verbatim bytes, each: bytes of text since the last, length
//   file      name, size, mode, uid, gid, mtime (zigzag, ns), 32 bytes BLAKE3, its first verbatim byte, bytes of operations, operations
//   operation 1 text: begin (zigzag, from the end of the last text), length
//             2 verbatim: length; verbatim bytes are used in order
//             3 block: source, begin (zigzag), length, codec [, level, memory], bytes made, verbatim bytes behind them, frames
//   source    0 text, 1 the large object's bytes in lowrite('\x…') lines, 2 in lowrite('\\x…') lines; the length is in bytes of the data
//   frames    count of runs (0: no frames), each: 2 × count + 1 (chunks that are lines) or 2 × count (chunks of one size), that size
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ingest/postgres/archive/codec.h"
#include "ingest/postgres/archive/layout.h"
#include "ingest/postgres/archive/rebuild.h"
#include "ingest/postgres/archive/toc.h"
#include "store/crypto/blake3.h"

namespace cairn {

// Chunks of a custom archive that follow each other: a length (an integer of the archive) and as many bytes each.
struct FrameRun {
  bool lines = false;        // each chunk is a line, "\n" and all
  uint64_t count = 0;
  uint64_t size_bytes = 0;   // of each; 0 when they are lines
  bool operator==(const FrameRun&) const = default;
};
// Lines that are longer have chunks of a known size.
inline constexpr uint64_t kMostLineBytes = 1 << 20;

// Plain data, where the rendering has it.
struct PlainSource {
  enum class Form : uint8_t { kText = 0, kLargeObject = 1, kLargeObjectEscaped = 2 };   // values stand in recipes
  Form form = Form::kText;
  uint64_t offset_bytes = 0;   // in the text
  uint64_t length_bytes = 0;   // of the data
  bool operator==(const PlainSource&) const = default;
};
// Bytes of text that hold `length_bytes` of a source.
uint64_t source_text_bytes(const PlainSource& source);
// A large object's data is written in lines of so many bytes, between these words.
inline constexpr uint64_t kLowriteBytes = 16384;
std::string_view lowrite_begin(PlainSource::Form form);
inline constexpr std::string_view kLowriteEnd = "');\n";

struct RecipeOp {
  enum class Kind : uint8_t { kText = 1, kVerbatim = 2, kBlock = 3 };   // values stand in recipes
  Kind kind = Kind::kVerbatim;
  PlainSource source;            // text, block
  Packing packing;               // block: kNone: the source as it is
  uint64_t made_bytes = 0;       // block: how much of what the source makes is used
  uint64_t verbatim_bytes = 0;   // verbatim, block
  std::vector<FrameRun> frames;  // block
};

// Builds a recipe.  Threads: one thread at a time.
class RecipeWriter {
 public:
  explicit RecipeWriter(ArchiveFormat format) : format_(format) {}
  // Operations of the same kind that follow each other become one.
  void text(uint64_t offset_bytes, uint64_t length_bytes);
  void verbatim(uint64_t length_bytes) { pending_verbatim_ += length_bytes; }
  void block(const RecipeOp& op);
  // The file whose operations these were is complete.
  void end_file(const OriginalFile& file, const Blake3Hash& hash);
  Bytes finish(const Layout& layout);

 private:
  void flush();
  struct File {
    OriginalFile file;
    Blake3Hash hash;
    uint64_t first_verbatim;
    Bytes operations;
  };
  ArchiveFormat format_;
  std::vector<File> files_;
  Encoder operations_;
  uint64_t pending_verbatim_ = 0;
  uint64_t text_end_ = 0;
  uint64_t verbatim_ = 0, file_verbatim_ = 0;
};

// A recipe's beginning and files, checked; the bytes must outlive it.
struct RecipeFile {
  OriginalFile file;
  Blake3Hash hash{};
  uint64_t first_verbatim = 0;
  ByteView operations;
};
struct Recipe {
  ArchiveFormat format = ArchiveFormat::kCustom;
  Layout layout;
  std::vector<RecipeFile> files;
};
// Errors: kCorrupt; kUnsupported for a newer version.
Recipe decode_recipe(ByteView recipe);

// Reads operations one by one.
class RecipeOps {
 public:
  explicit RecipeOps(ByteView operations) : in_(operations, "recipe of an archive") {}
  // nullopt: that was the last.  Errors: kCorrupt.
  std::optional<RecipeOp> next();

 private:
  PlainSource source(PlainSource::Form form);
  Decoder in_;
  uint64_t text_end_ = 0;
};

}  // namespace cairn
