// PartView's files: what is in one, and writing it.  A script of PostgreSQL is wrapped, a key of Redis gets its footer.
#include "ingest/parts/closure.h"
#include "ingest/parts/part_view.h"
#include "ingest/redis/rdb/crc64.h"
#include "ingest/redis/rdb/rdb_writer.h"
#include "ingest/redis/redis_component.h"
#include "store/coding.h"

namespace cairn {

PartFile PartView::original(size_t number) {
  PartFile out;
  out.original = true;
  out.number = number;
  out.path = original_name_;
  if (component_.transform.empty()) {
    out.entry = entry_;
    out.entry.name = original_name_;
    return out;
  }
  const OriginalFile& file = rewritten_files().at(number);
  if (!file.name.empty()) out.path += "/" + file.name;
  out.entry = entry_of(out.path, file.size_bytes);
  if (file.name.empty()) {
    out.entry.mode = entry_.mode;
    return out;
  }
  out.entry.mode = file.mode & 07777U;
  out.entry.uid = file.uid;
  out.entry.gid = file.gid;
  out.entry.mtime_ns = file.mtime_ns;
  return out;
}

// A dump is a program, and psql would run the shell commands that somebody hid in it: as pg_dump does, we forbid them for the time of
// the text, with a word that nobody outside of this repository can know.
std::string PartView::restrict_key(std::string_view name) const {
  Encoder message;
  message.string("cairn restrict v1");
  message.raw(component_.catalogue.view());
  message.string(name);
  ChunkId key;
  key.bytes = blake3_keyed(repository_.keys().id_key, message.out());
  return key.hex();
}

bool PartView::is_script(const Part& part) const { return component_.kind == ComponentKind::kPostgres && part.name.ends_with(".sql"); }

bool PartView::is_key(const Part& part) const { return component_.kind == ComponentKind::kRedis && part.kind == "key"; }

uint64_t PartView::file_bytes(const Part& part) const {
  if (is_key(part)) return part.size_bytes() + kDumpFooterBytes;
  constexpr uint64_t kWrapBytes = std::string_view("\\restrict \n\n\\unrestrict \n").size() + 2 * 2 * ChunkId::kBytes;
  return part.size_bytes() + (is_script(part) ? kWrapBytes : 0);
}

PartFile PartView::file_of(Part part, bool with_dependencies) {
  PartFile out;
  out.path = part.name;
  bool more = with_dependencies && (part.properties.contains("wants") || part.properties.contains("links"));
  if (more) {
    out.pieces = pieces_with_dependencies(*catalogue(), part);
  } else {
    if (!part.preamble.empty()) out.pieces.push_back({part.preamble, {}});
    for (const Extent& extent : part.extents) out.pieces.push_back({{}, extent});
  }
  if (is_script(part)) {
    const std::string key = restrict_key(part.name);
    auto text_piece = [](const std::string& words) { return PartPiece{Bytes(words.begin(), words.end()), {}}; };
    out.pieces.insert(out.pieces.begin(), text_piece("\\restrict " + key + "\n"));
    out.pieces.push_back(text_piece("\n\\unrestrict " + key + "\n"));
  }
  uint64_t bytes = is_key(part) ? kDumpFooterBytes : 0;
  for (const PartPiece& piece : out.pieces) bytes += piece.text.size() + piece.extent.length_bytes;
  out.entry = entry_of(part.name, bytes);
  out.part = std::move(part);
  return out;
}

void PartView::write_key(const PartFile& file, const WriteBytes& write) {
  uint64_t crc = 0;
  output_.write(file.pieces, [&](ByteView bytes) {
    crc = crc64(crc, bytes);
    write(bytes);
  });
  write(dump_footer(crc, rdb_version_of(component_)));
}

void PartView::write(const PartFile& file, const WriteBytes& write) {
  if (file.part && is_key(*file.part)) return write_key(file, write);
  if (!file.original) return output_.write(file.pieces, write);
  uint64_t written = 0;
  auto counted = [&](ByteView bytes) {
    written += bytes.size();
    write(bytes);
  };
  if (component_.transform.empty()) {
    output_.write_all(counted);
  } else {
    ReadStored read = [&](uint64_t offset, uint64_t length, const WriteBytes& to) {
      PartPiece piece{{}, {offset, length}};
      output_.write({&piece, 1}, to);
    };
    rewritten_files();
    undo_->rebuild(file.number, read, counted);
  }
  if (written != file.entry.size_bytes)
    throw Error(ErrorCode::kCorrupt, printable(component_.name + "/" + file.path) + ": its content is " + std::to_string(written) +
                                         " bytes in place of " + std::to_string(file.entry.size_bytes));
}

}  // namespace cairn
