#include "store/tree/directory_leaf.h"

#include <algorithm>
#include <numeric>

#include "store/tree/object.h"

namespace cairn {

namespace {

enum Flag : uint8_t { kRacy = 1, kDamagedSource = 2, kHasXattrs = 4, kLinked = 8, kKnownFlags = 15 };

bool has_device(EntryType type) { return type == EntryType::kCharDevice || type == EntryType::kBlockDevice; }

void encode_content(Encoder& out, const Content& content) {
  out.u8(static_cast<uint8_t>(content.kind));
  if (content.kind == Content::Kind::kInline) out.bytes(content.inline_bytes);
  if (content.kind == Content::Kind::kChunks) {
    out.varint(content.chunks.size());
    for (const ChunkRef& ref : content.chunks) out.varint(ref.length_bytes << 1 | ref.is_zeros());
    for (const ChunkRef& ref : content.chunks)
      if (!ref.is_zeros()) out.raw(ref.id.view());
  }
  if (content.kind == Content::Kind::kList) out.raw(content.list.view());
}

Content decode_content(Decoder& in) {
  Content content;
  uint8_t kind = in.u8();
  if (kind > 3) in.fail("unknown kind of content");
  content.kind = static_cast<Content::Kind>(kind);
  if (content.kind == Content::Kind::kInline) {
    ByteView bytes = in.bytes();
    content.inline_bytes.assign(bytes.begin(), bytes.end());
  }
  if (content.kind == Content::Kind::kChunks) {
    content.chunks.resize(in.count(1));
    std::vector<bool> zeros;
    for (ChunkRef& ref : content.chunks) {
      uint64_t value = in.varint();
      ref.length_bytes = value >> 1;
      zeros.push_back(value & 1);
    }
    for (size_t i = 0; i < zeros.size(); ++i)
      if (!zeros[i]) content.chunks[i].id = ChunkId::from_bytes(in.raw(32));
  }
  if (content.kind == Content::Kind::kList) content.list = ChunkId::from_bytes(in.raw(32));
  return content;
}

void encode_xattrs(Encoder& out, const std::vector<Xattr>& xattrs) {
  out.varint(xattrs.size());
  for (const Xattr& x : xattrs) {
    out.string(x.name);
    out.bytes(x.value);
  }
}

std::vector<Xattr> decode_xattrs(Decoder& in) {
  std::vector<Xattr> xattrs(in.count(2));
  for (Xattr& x : xattrs) {
    x.name = in.string(255);
    ByteView value = in.bytes(1 << 16);
    x.value.assign(value.begin(), value.end());
  }
  return xattrs;
}

}  // namespace

Bytes encode_directory_leaf(std::span<const Entry> entries) {
  Encoder out = begin_object(ObjectKind::kDirectoryLeaf);
  out.varint(entries.size());
  for (const Entry& e : entries) out.varint(e.name.size());
  for (const Entry& e : entries) out.raw(view(e.name));
  for (const Entry& e : entries) out.u8(static_cast<uint8_t>(e.type));
  for (const Entry& e : entries)
    out.u8(static_cast<uint8_t>((e.racy ? kRacy : 0) | (e.damaged_source ? kDamagedSource : 0) | (e.xattrs.empty() ? 0 : kHasXattrs) |
                                (e.link_group ? kLinked : 0)));
  for (const Entry& e : entries) out.varint(e.mode);
  // Differences to the entry before: neighbours have the same owner, and close times and inodes.
  auto deltas = [&](auto field) {
    uint64_t last = 0;
    for (const Entry& e : entries) {
      auto value = static_cast<uint64_t>(field(e));
      out.svarint(static_cast<int64_t>(value - last));
      last = value;
    }
  };
  deltas([](const Entry& e) { return e.uid; });
  deltas([](const Entry& e) { return e.gid; });
  deltas([](const Entry& e) { return e.mtime_ns; });
  deltas([](const Entry& e) { return e.ctime_ns; });
  deltas([](const Entry& e) { return e.inode; });
  for (const Entry& e : entries) {
    if (e.type == EntryType::kFile || e.type == EntryType::kDirectory) out.varint(e.size_bytes);
    if (e.type == EntryType::kDirectory) out.varint(e.file_count);
    if (e.link_group) out.u64(e.link_group);
    if (has_device(e.type)) out.varint(e.device);
    if (e.type == EntryType::kSymlink) out.string(e.target);
    if (!e.xattrs.empty()) encode_xattrs(out, e.xattrs);
  }
  for (const Entry& e : entries) {
    if (e.type == EntryType::kFile) encode_content(out, e.content);
    if (e.type == EntryType::kDirectory) out.raw(e.directory.view());
  }
  return out.take();
}

namespace {

constexpr size_t kLeastEntryBytes = 10, kLeastNameBytes = 3;   // with all columns; with length, name and type

}  // namespace

ByteView leaf_names(Decoder in) {
  Decoder names = in;
  uint64_t bytes = 0;
  const size_t count = in.count(kLeastEntryBytes);
  for (size_t i = 0; i < count; ++i) bytes += in.varint_up_to(4096);
  bytes += in.offset() - names.offset() + count;
  return names.raw(bytes);
}

namespace {

LeafNames decode_names(Decoder& in, size_t least_bytes = kLeastEntryBytes) {
  LeafNames out;
  const size_t count = in.count(least_bytes);
  std::vector<size_t> sizes;
  sizes.reserve(count);
  for (size_t i = 0; i < count; ++i) sizes.push_back(static_cast<size_t>(in.varint_up_to(4096)));
  out.names.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const std::string_view name = out.names.emplace_back(text(in.raw(sizes[i])));
    if (!valid_entry_name(name)) in.fail("an impossible file name: \"" + printable(name) + "\"");
    if (i > 0 && !(out.names[i - 1] < name)) in.fail("names out of order or twice: \"" + printable(name) + "\"");
  }
  out.types = in.raw(count);
  if (std::ranges::any_of(out.types, [](uint8_t type) { return type < 1 || type > 6; })) in.fail("unknown type of entry");
  return out;
}

void check_flags(uint8_t flags) {
  if (flags & ~kKnownFlags) throw Error(ErrorCode::kUnsupported, "directory: an entry of a newer kind: use a newer cairn");
}

void decode_extras(Decoder& in, Entry& e, uint8_t flags) {
  if (e.type == EntryType::kFile || e.type == EntryType::kDirectory) e.size_bytes = in.varint();
  if (e.type == EntryType::kDirectory) e.file_count = in.varint();
  if (flags & kLinked) e.link_group = in.u64();
  if (has_device(e.type)) e.device = in.varint();
  if (e.type == EntryType::kSymlink) e.target = in.string(1 << 16);
  if (flags & kHasXattrs) e.xattrs = decode_xattrs(in);
}

// Reads over a content, and calls list(id) or chunk(id) for what it refers to.
template <class List, class Chunk>
void walk_content(Decoder& in, List list, Chunk chunk) {
  switch (in.u8()) {
    case 0: break;
    case 1: in.bytes(); break;
    case 2: {
      size_t stored = 0;
      for (size_t left = in.count(1); left > 0; --left) stored += (in.varint() & 1) == 0;
      for (; stored > 0; --stored) chunk(in.raw(32));
      break;
    }
    case 3: list(in.raw(32)); break;
    default: in.fail("unknown kind of content");
  }
}

// The columns after the types.  `chosen`: the entries to be made, by their numbers in the leaf; the others are read over.
std::vector<Entry> decode_columns(Decoder& in, const LeafNames& leaf, std::span<const size_t> chosen) {
  const size_t count = leaf.names.size();
  std::vector<Entry> out(chosen.size());
  std::vector<Entry*> entries(count, nullptr);
  for (size_t i = 0; i < chosen.size(); ++i) {
    out[i].name = leaf.names[chosen[i]];
    out[i].type = leaf.type(chosen[i]);
    entries[chosen[i]] = &out[i];
  }
  const ByteView flags = in.raw(count);
  for (size_t i = 0; i < count; ++i) {
    check_flags(flags[i]);
    if (!entries[i]) continue;
    entries[i]->racy = flags[i] & kRacy;
    entries[i]->damaged_source = flags[i] & kDamagedSource;
  }
  for (Entry* e : entries) {
    const uint64_t mode = in.varint_up_to(07777);
    if (e) e->mode = static_cast<uint32_t>(mode);
  }
  auto deltas = [&](auto set) {
    uint64_t last = 0;
    for (Entry* e : entries) {
      last += static_cast<uint64_t>(in.svarint());
      if (e) set(*e, last);
    }
  };
  deltas([](Entry& e, uint64_t v) { e.uid = static_cast<uint32_t>(v); });
  deltas([](Entry& e, uint64_t v) { e.gid = static_cast<uint32_t>(v); });
  deltas([](Entry& e, uint64_t v) { e.mtime_ns = static_cast<int64_t>(v); });
  deltas([](Entry& e, uint64_t v) { e.ctime_ns = static_cast<int64_t>(v); });
  deltas([](Entry& e, uint64_t v) { e.inode = v; });
  Entry other;
  for (size_t i = 0; i < count; ++i) {
    if (!entries[i]) other.type = leaf.type(i);
    decode_extras(in, entries[i] ? *entries[i] : other, flags[i]);
  }
  auto nothing = [](ByteView) {};
  for (size_t i = 0; i < count; ++i) {
    Entry* e = entries[i];
    if (leaf.type(i) == EntryType::kFile) {
      if (e) e->content = decode_content(in);
      else walk_content(in, nothing, nothing);
    }
    if (leaf.type(i) == EntryType::kDirectory) {
      const ByteView id = in.raw(32);
      if (e) e->directory = ChunkId::from_bytes(id);
    }
  }
  in.finish();
  return out;
}

}  // namespace

LeafNames decode_leaf_names(ByteView piece) {
  Decoder in(piece, "names");
  LeafNames out = decode_names(in, kLeastNameBytes);
  in.finish();
  return out;
}

std::vector<Entry> decode_directory_leaf(Decoder& in) {
  const LeafNames leaf = decode_names(in);
  std::vector<size_t> all(leaf.names.size());
  std::iota(all.begin(), all.end(), size_t{0});
  return decode_columns(in, leaf, all);
}

std::vector<Entry> decode_directory_leaf(Decoder& in, const WantedEntry& wanted) {
  const LeafNames leaf = decode_names(in);
  std::vector<size_t> chosen;
  for (size_t i = 0; i < leaf.names.size(); ++i)
    if (wanted(leaf.names[i], leaf.type(i))) chosen.push_back(i);
  return chosen.empty() ? std::vector<Entry>() : decode_columns(in, leaf, chosen);
}

namespace {

void skip_varints(Decoder& in, size_t count) {
  while (count > 0) count -= in.u8() < 0x80;
}

// Calls directory(id), list(id) or chunk(id) for what a leaf refers to, in order.
template <class Directory, class List, class Chunk>
void scan_leaf(Decoder& in, Directory directory, List list, Chunk chunk) {
  const size_t count = in.count(kLeastEntryBytes);
  uint64_t name_bytes = 0;
  for (size_t i = 0; i < count; ++i) name_bytes += in.varint_up_to(4096);
  in.raw(name_bytes);
  const ByteView types = in.raw(count), flags = in.raw(count);
  skip_varints(in, 6 * count);   // modes, owners, times, inodes
  Entry entry;
  for (size_t i = 0; i < count; ++i) {
    if (types[i] < 1 || types[i] > 6) in.fail("unknown type of entry");
    check_flags(flags[i]);
    entry.type = static_cast<EntryType>(types[i]);
    decode_extras(in, entry, flags[i]);
  }
  for (const uint8_t type : types) {
    if (type == static_cast<uint8_t>(EntryType::kFile)) walk_content(in, list, chunk);
    if (type == static_cast<uint8_t>(EntryType::kDirectory)) directory(in.raw(32));
  }
  in.finish();
}

}  // namespace

void scan_directory_leaf(Decoder& in, std::vector<ChunkId>& objects, std::vector<ChunkId>& chunks) {
  auto object = [&](ByteView id) { objects.push_back(ChunkId::from_bytes(id)); };
  scan_leaf(in, object, object, [&](ByteView id) { chunks.push_back(ChunkId::from_bytes(id)); });
}

std::vector<ChunkId> leaf_directories(Decoder& in) {
  std::vector<ChunkId> out;
  auto nothing = [](ByteView) {};
  scan_leaf(in, [&](ByteView id) { out.push_back(ChunkId::from_bytes(id)); }, nothing, nothing);
  return out;
}

}  // namespace cairn
