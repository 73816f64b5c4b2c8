#include "store/inspect/inspect.h"
#include "store/read/chunk_reader.h"
#include "store/tree/catalogue.h"
#include "store/tree/chunk_list.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kInspectCacheBytes = 32 << 20;
constexpr uint64_t kLeafBase = uint64_t{1} << 48;   // where a leaf of a catalogue stands in its stream isn't known: places before it may be meant

void show_reference(const ChunkRef& ref, Shown& to) { to.add("chunk", ref.is_zeros() ? "zeros" : ref.id.hex()).add("bytes", ref.length_bytes); }

void show_content(const Content& content, Shown& to) {
  switch (content.kind) {
    case Content::Kind::kNone: return;
    case Content::Kind::kInline: to.add("content", "in this object").add("bytes", content.inline_bytes.size()); return;
    case Content::Kind::kChunks:
      for (const ChunkRef& ref : content.chunks) show_reference(ref, to);
      return;
    case Content::Kind::kList: to.add("chunk list", content.list.hex()); return;
  }
}

std::string mode_digits(uint32_t mode) {
  std::string out;
  for (int shift = 9; shift >= 0; shift -= 3) out += static_cast<char>('0' + (mode >> shift & 7));
  return out;
}

void show_entry(const Entry& entry, Shown& to) {
  constexpr const char* kTypes[] = {"", "file", "directory", "symlink", "fifo", "char device", "block device"};
  Shown& one = to.add("entry", entry.name);
  one.add("type", kTypes[static_cast<size_t>(entry.type)]);
  one.add("mode", mode_digits(entry.mode));
  one.add("owner", std::to_string(entry.uid) + ":" + std::to_string(entry.gid));
  one.add_time("mtime", entry.mtime_ns);
  one.add_time("ctime", entry.ctime_ns);
  one.add("inode", entry.inode);
  one.add("bytes", entry.size_bytes);
  if (entry.type == EntryType::kDirectory) one.add("files", entry.file_count);
  if (entry.link_group) one.add("link group", entry.link_group);
  if (entry.device) one.add("device", entry.device);
  if (entry.type == EntryType::kSymlink) one.add("target", entry.target);
  for (const Xattr& xattr : entry.xattrs) one.add("xattr", xattr.name).add("bytes", xattr.value.size());
  if (entry.racy) one.add("racy", "yes");
  if (entry.damaged_source) one.add("changed while it was read", "yes");
  if (entry.type == EntryType::kDirectory) one.add("directory", entry.directory.hex());
  show_content(entry.content, one);
}

void show_part(const Part& part, Shown& to) {
  Shown& one = to.add("part", part.name);
  one.add("kind", part.kind);
  if (!part.preamble.empty()) one.add("preamble bytes", part.preamble.size());
  for (const auto& [name, value] : part.properties) one.add("property " + name, value);
  for (const Extent& extent : part.extents) {
    Shown& place = one.add("extent", "");
    place.add("offset from the leaf's base", extent.offset_bytes - kLeafBase);
    place.add("bytes", extent.length_bytes);
  }
}

void show_object(Decoder& in, Shown& to) {
  const auto child = [&](const ChunkId& id) -> Shown& { return to.add("child", id.hex()); };
  switch (open_object(in)) {
    case ObjectKind::kDirectoryLeaf:
      to.add("kind", "leaf of a directory");
      for (const Entry& entry : decode_directory_leaf(in)) show_entry(entry, to);
      return;
    case ObjectKind::kDirectoryBranch:
      to.add("kind", "branch of a directory");
      for (const DirectoryChild& one : decode_directory_branch(in)) {
        Shown& shown = child(one.id);
        shown.add("entries", one.entry_count);
        shown.add("first name", one.first_name);
      }
      return;
    case ObjectKind::kChunkListLeaf:
      to.add("kind", "leaf of a chunk list");
      for (const ChunkRef& ref : decode_chunk_list_leaf(in)) show_reference(ref, to);
      return;
    case ObjectKind::kChunkListBranch:
      to.add("kind", "branch of a chunk list");
      for (const ChunkListChild& one : decode_chunk_list_branch(in)) child(one.id).add("bytes", one.size_bytes);
      return;
    case ObjectKind::kCatalogueLeaf: {
      to.add("kind", "leaf of a catalogue");
      uint64_t end = kLeafBase;
      for (const Part& part : decode_catalogue_leaf(in, kLeafBase, end)) show_part(part, to);
      return;
    }
    case ObjectKind::kCatalogueBranch:
      to.add("kind", "branch of a catalogue");
      for (const CatalogueChild& one : decode_catalogue_branch(in)) {
        Shown& shown = child(one.id);
        shown.add("parts", one.part_count);
        shown.add("first name", one.first_name);
      }
      return;
  }
}

}  // namespace

Inspection inspect_chunk(Repository& repository, const ChunkId& id) {
  Inspection out;
  out.shown.add("chunk", id.hex());
  const auto at = repository.index().find(id);
  if (!at) throw Error(ErrorCode::kNotFound, "chunk " + id.hex() + ": is not in the repository (any more)");
  const PackInfo pack = repository.index().pack(at->pack);
  out.shown.add("pack", pack_name(pack.id));
  out.shown.add("in a pack of", pack.type == ObjectType::kTreePack ? "trees" : "data");
  if (at->frame < pack.frames.size()) out.shown.add("frame", uint64_t{pack.frames[at->frame].number});
  out.shown.add("offset in the frame", uint64_t{at->offset_bytes});
  out.shown.add("bytes", uint64_t{at->length_bytes});
  if (!repository.keys().may_read()) {
    out.error = "this key may only write: whether the bytes are right can't be seen";
    return out;
  }
  try {
    ChunkReader(repository.backend(), repository.keys(), repository.index(), kInspectCacheBytes).chunk(id);
    out.shown.add("content", "verified");
  } catch (const Error& e) {
    out.error = e.what();
  }
  return out;
}

Inspection inspect_tree(Repository& repository, const ChunkId& id) {
  if (!repository.keys().may_read()) throw Error(ErrorCode::kWrongKey, "this key may only write: trees can't be looked at with it");
  Inspection out;
  out.shown.add("tree object", id.hex());
  try {
    const Buffer bytes = ChunkReader(repository.backend(), repository.keys(), repository.index(), kInspectCacheBytes).get(id);
    out.shown.add("bytes", bytes.size());
    Decoder in(bytes, object_name(id));
    show_object(in, out.shown);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kCorrupt && e.code() != ErrorCode::kUnsupported) throw;
    out.error = e.what();
  }
  return out;
}

}  // namespace cairn
