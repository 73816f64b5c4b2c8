#include "ingest/postgres/archive/recipe.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr uint64_t kVersion = 1;
constexpr uint64_t kMostRecipeSum = uint64_t{1} << 60;
constexpr uint64_t kMostChunkBytes = (uint64_t{1} << 31) - 1;
constexpr size_t kLeastFileBytes = 40;   // of a file in a recipe

}  // namespace

std::string_view lowrite_begin(PlainSource::Form form) {
  return form == PlainSource::Form::kLargeObjectEscaped ? "SELECT pg_catalog.lowrite(0, '\\\\x" : "SELECT pg_catalog.lowrite(0, '\\x";
}

uint64_t source_text_bytes(const PlainSource& source) {
  if (source.form == PlainSource::Form::kText) return source.length_bytes;
  const uint64_t lines = (source.length_bytes + kLowriteBytes - 1) / kLowriteBytes;
  return lines * (lowrite_begin(source.form).size() + kLowriteEnd.size()) + 2 * source.length_bytes;
}

void RecipeWriter::flush() {
  if (pending_verbatim_ == 0) return;
  operations_.u8(static_cast<uint8_t>(RecipeOp::Kind::kVerbatim));
  operations_.varint(pending_verbatim_);
  verbatim_ += pending_verbatim_;
  pending_verbatim_ = 0;
}

void RecipeWriter::text(uint64_t offset_bytes, uint64_t length_bytes) {
  if (length_bytes == 0) return;
  flush();
  operations_.u8(static_cast<uint8_t>(RecipeOp::Kind::kText));
  operations_.svarint(static_cast<int64_t>(offset_bytes - text_end_));
  operations_.varint(length_bytes);
  text_end_ = offset_bytes + length_bytes;
}

void RecipeWriter::block(const RecipeOp& op) {
  flush();
  operations_.u8(static_cast<uint8_t>(RecipeOp::Kind::kBlock));
  operations_.u8(static_cast<uint8_t>(op.source.form));
  operations_.svarint(static_cast<int64_t>(op.source.offset_bytes - text_end_));
  operations_.varint(op.source.length_bytes);
  text_end_ = op.source.offset_bytes + source_text_bytes(op.source);
  operations_.u8(static_cast<uint8_t>(op.packing.codec));
  if (op.packing.codec != PackCodec::kNone) {
    operations_.varint(static_cast<uint64_t>(op.packing.level));
    operations_.varint(static_cast<uint64_t>(op.packing.memory));
  }
  operations_.varint(op.made_bytes);
  operations_.varint(op.verbatim_bytes);
  verbatim_ += op.verbatim_bytes;
  operations_.varint(op.frames.size());
  for (const FrameRun& run : op.frames) {
    operations_.varint(run.count * 2 + (run.lines ? 1 : 0));
    if (!run.lines) operations_.varint(run.size_bytes);
  }
}

void RecipeWriter::end_file(const OriginalFile& file, const Blake3Hash& hash) {
  flush();
  files_.push_back({file, hash, file_verbatim_, operations_.take()});
  operations_ = Encoder();
  file_verbatim_ = verbatim_;
  text_end_ = 0;
}

Bytes RecipeWriter::finish(const Layout& layout) {
  Encoder out;
  out.varint(kVersion);
  out.u8(static_cast<uint8_t>(format_));
  layout.encode(out);
  out.varint(files_.size());
  for (const File& one : files_) {
    out.string(one.file.name);
    out.varint(one.file.size_bytes);
    out.varint(one.file.mode);
    out.varint(one.file.uid);
    out.varint(one.file.gid);
    out.svarint(one.file.mtime_ns);
    out.raw(one.hash);
    out.varint(one.first_verbatim);
    out.bytes(one.operations);
  }
  return out.take();
}

Recipe decode_recipe(ByteView recipe) {
  Decoder in(recipe, "recipe of an archive");
  const uint64_t version = in.varint();
  if (version != kVersion) {
    throw Error(ErrorCode::kUnsupported, "recipe of an archive: version " + std::to_string(version) + ": written by a newer cairn; update this");
  }
  Recipe out;
  const uint8_t format = in.u8();
  if (format < 1 || format > 3) in.fail("not a container we know");
  out.format = static_cast<ArchiveFormat>(format);
  out.layout = Layout::decode(in);
  for (size_t left = in.count(kLeastFileBytes); left > 0; --left) {
    RecipeFile& one = out.files.emplace_back();
    one.file.name = in.string();
    const bool plain_name = !one.file.name.empty() && one.file.name != "." && one.file.name != ".." &&
                            one.file.name.find_first_of(std::string_view("/\0", 2)) == one.file.name.npos;
    if (plain_name != (out.format == ArchiveFormat::kDirectory)) in.fail("not the name of a file");
    one.file.size_bytes = in.varint_up_to(kMostRecipeSum);
    one.file.mode = static_cast<uint32_t>(in.varint_up_to(07777));
    one.file.uid = static_cast<uint32_t>(in.varint_up_to(UINT32_MAX));
    one.file.gid = static_cast<uint32_t>(in.varint_up_to(UINT32_MAX));
    one.file.mtime_ns = in.svarint();
    std::ranges::copy(in.raw(one.hash.size()), one.hash.begin());
    one.first_verbatim = in.varint_up_to(out.layout.verbatim_bytes());
    one.operations = in.bytes();
  }
  if (out.format != ArchiveFormat::kDirectory && out.files.size() != 1) in.fail("not one file");
  in.finish();
  return out;
}

PlainSource RecipeOps::source(PlainSource::Form form) {
  PlainSource out;
  out.form = form;
  const int64_t gap = in_.svarint();
  if (gap > static_cast<int64_t>(kMostRecipeSum) || gap < -static_cast<int64_t>(text_end_)) in_.fail("a place that isn't");
  out.offset_bytes = text_end_ + static_cast<uint64_t>(gap);
  out.length_bytes = in_.varint_up_to(kMostRecipeSum / 4);
  text_end_ = out.offset_bytes + source_text_bytes(out);
  if (text_end_ > kMostRecipeSum) in_.fail("a place that isn't");
  return out;
}

std::optional<RecipeOp> RecipeOps::next() {
  if (in_.remaining() == 0) return std::nullopt;
  RecipeOp op;
  const uint8_t kind = in_.u8();
  op.kind = static_cast<RecipeOp::Kind>(kind);
  if (op.kind == RecipeOp::Kind::kText) {
    op.source = source(PlainSource::Form::kText);
  } else if (op.kind == RecipeOp::Kind::kVerbatim) {
    op.verbatim_bytes = in_.varint_up_to(kMostRecipeSum);
  } else if (op.kind == RecipeOp::Kind::kBlock) {
    const uint8_t form = in_.u8();
    if (form > 2) in_.fail("a source of no kind we know");
    op.source = source(static_cast<PlainSource::Form>(form));
    op.packing.codec = static_cast<PackCodec>(in_.u8());
    if (op.packing.codec != PackCodec::kNone) {
      op.packing.level = static_cast<int>(in_.varint_up_to(100));
      op.packing.memory = static_cast<int>(in_.varint_up_to(100));
      if (!valid_packing(op.packing)) in_.fail("a compression we don't know");
    }
    op.made_bytes = in_.varint_up_to(kMostRecipeSum);
    op.verbatim_bytes = in_.varint_up_to(kMostRecipeSum);
    for (size_t left = in_.count(1); left > 0; --left) {
      FrameRun& run = op.frames.emplace_back();
      const uint64_t count = in_.varint();
      run.lines = (count & 1) != 0;
      run.count = count / 2;
      if (run.count == 0) in_.fail("a run of no chunks");
      if (!run.lines) run.size_bytes = in_.varint_up_to(kMostChunkBytes);
      if (!run.lines && run.size_bytes == 0) in_.fail("a chunk of no bytes");
    }
  } else {
    in_.fail("an operation we don't know");
  }
  return op;
}

}  // namespace cairn
