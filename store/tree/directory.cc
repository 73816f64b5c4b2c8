#include "store/tree/directory.h"

#include <algorithm>

namespace cairn {

void require_depth(std::string_view path) {
  if (std::ranges::count(path, '/') > kMostDirectoryDepth)
    throw Error(ErrorCode::kCorrupt, "directories nested deeper than " + std::to_string(kMostDirectoryDepth));
}

bool valid_entry_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= 4096 &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

namespace {

constexpr size_t kLeafLeastBytes = 4 << 10;   // a leaf may end after this many; most directories have one leaf
constexpr uint64_t kLeafOneIn = 16;           // names; small leaves, because one changed entry rewrites its leaf
constexpr size_t kLeafMostBytes = 256 << 10;
constexpr size_t kBranchMost = 1024;          // children of a branch

enum Flag : uint8_t { kRacy = 1, kDamagedSource = 2, kHasXattrs = 4, kLinked = 8, kKnownFlags = 15 };

// FNV-1a: only decides where leaves end, so an edit in a long directory touches one leaf.
uint64_t name_hash(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash ^ hash >> 29;
}

size_t weight(const Entry& e) {
  size_t bytes = 40 + e.name.size() + e.target.size() + e.content.inline_bytes.size() + 34 * e.content.chunks.size();
  for (const Xattr& x : e.xattrs) bytes += x.name.size() + x.value.size() + 4;
  return bytes;
}

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

// The first columns of a leaf, where they lie.
struct LeafNames {
  std::vector<std::string_view> names;
  ByteView types;
  EntryType type(size_t i) const { return static_cast<EntryType>(types[i]); }
};

LeafNames decode_names(Decoder& in) {
  LeafNames out;
  const size_t count = in.count(10);   // bytes that the shortest entry takes
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

}  // namespace

namespace {

std::vector<Entry> decode_columns(Decoder& in, const LeafNames& leaf) {
  std::vector<Entry> entries(leaf.names.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    entries[i].name = leaf.names[i];
    entries[i].type = leaf.type(i);
  }
  std::vector<uint8_t> flags;
  for (Entry& e : entries) {
    flags.push_back(in.u8());
    check_flags(flags.back());
    e.racy = flags.back() & kRacy;
    e.damaged_source = flags.back() & kDamagedSource;
  }
  for (Entry& e : entries) e.mode = static_cast<uint32_t>(in.varint_up_to(07777));
  auto deltas = [&](auto set) {
    uint64_t last = 0;
    for (Entry& e : entries) set(e, last += static_cast<uint64_t>(in.svarint()));
  };
  deltas([](Entry& e, uint64_t v) { e.uid = static_cast<uint32_t>(v); });
  deltas([](Entry& e, uint64_t v) { e.gid = static_cast<uint32_t>(v); });
  deltas([](Entry& e, uint64_t v) { e.mtime_ns = static_cast<int64_t>(v); });
  deltas([](Entry& e, uint64_t v) { e.ctime_ns = static_cast<int64_t>(v); });
  deltas([](Entry& e, uint64_t v) { e.inode = v; });
  for (size_t i = 0; i < entries.size(); ++i) decode_extras(in, entries[i], flags[i]);
  for (Entry& e : entries) {
    if (e.type == EntryType::kFile) e.content = decode_content(in);
    if (e.type == EntryType::kDirectory) e.directory = ChunkId::from_bytes(in.raw(32));
  }
  in.finish();
  return entries;
}

}  // namespace

std::vector<Entry> decode_directory_leaf(Decoder& in) { return decode_columns(in, decode_names(in)); }

std::vector<Entry> decode_directory_leaf(Decoder& in, const WantedEntry& wanted) {
  const LeafNames leaf = decode_names(in);
  std::vector<bool> chosen;
  for (size_t i = 0; i < leaf.names.size(); ++i) chosen.push_back(wanted(leaf.names[i], leaf.type(i)));
  if (std::ranges::find(chosen, true) == chosen.end()) return {};
  std::vector<Entry> entries = decode_columns(in, leaf);
  std::vector<Entry> out;
  for (size_t i = 0; i < entries.size(); ++i)
    if (chosen[i]) out.push_back(std::move(entries[i]));
  return out;
}

namespace {

void skip_varints(Decoder& in, size_t count) {
  while (count > 0) count -= in.u8() < 0x80;
}

void scan_content(Decoder& in, std::vector<ChunkId>& objects, std::vector<ChunkId>& chunks) {
  switch (in.u8()) {
    case 0: break;
    case 1: in.bytes(); break;
    case 2: {
      size_t stored = 0;
      for (size_t left = in.count(1); left > 0; --left) stored += (in.varint() & 1) == 0;
      for (; stored > 0; --stored) chunks.push_back(ChunkId::from_bytes(in.raw(32)));
      break;
    }
    case 3: objects.push_back(ChunkId::from_bytes(in.raw(32))); break;
    default: in.fail("unknown kind of content");
  }
}

}  // namespace

void scan_directory_leaf(Decoder& in, std::vector<ChunkId>& objects, std::vector<ChunkId>& chunks) {
  const size_t count = in.count(10);
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
    if (type == static_cast<uint8_t>(EntryType::kFile)) scan_content(in, objects, chunks);
    if (type == static_cast<uint8_t>(EntryType::kDirectory)) objects.push_back(ChunkId::from_bytes(in.raw(32)));
  }
  in.finish();
}

Bytes encode_directory_branch(std::span<const DirectoryChild> children) {
  Encoder out = begin_object(ObjectKind::kDirectoryBranch);
  out.varint(children.size());
  for (const DirectoryChild& child : children) {
    out.raw(child.id.view());
    out.varint(child.entry_count);
    out.string(child.first_name);
  }
  return out.take();
}

std::vector<DirectoryChild> decode_directory_branch(Decoder& in) {
  std::vector<DirectoryChild> children(in.count(34));
  if (children.empty()) in.fail("a branch without children");
  for (DirectoryChild& child : children) {
    child.id = ChunkId::from_bytes(in.raw(32));
    child.entry_count = in.varint();
    child.first_name = in.string(4096);
  }
  in.finish();
  return children;
}

void DirectoryWriter::add(Entry entry) {
  if (entry.type == EntryType::kFile || entry.type == EntryType::kDirectory) size_bytes_ += entry.size_bytes;
  file_count_ += entry.type == EntryType::kDirectory ? entry.file_count : 1;
  leaf_bytes_ += weight(entry);
  bool may_end = leaf_bytes_ >= kLeafLeastBytes && name_hash(entry.name) % kLeafOneIn == 0;
  leaf_.push_back(std::move(entry));
  if (may_end || leaf_bytes_ >= kLeafMostBytes) close_leaf();
}

void DirectoryWriter::close_leaf() {
  children_.push_back({put_(encode_directory_leaf(leaf_)), leaf_.size(), leaf_.empty() ? "" : leaf_.front().name});
  leaf_.clear();
  leaf_bytes_ = 0;
}

ChunkId DirectoryWriter::finish() {
  if (!leaf_.empty() || children_.empty()) close_leaf();
  while (children_.size() > 1) {
    std::vector<DirectoryChild> parents;
    for (size_t begin = 0; begin < children_.size();) {
      // A branch ends by content too (after a child whose id says so), so that branches share as leaves do.
      size_t end = begin + 1;
      uint64_t count = children_[begin].entry_count;
      while (end < children_.size() && end - begin < kBranchMost && !(end - begin >= 16 && children_[end - 1].id.bytes[0] == 0))
        count += children_[end++].entry_count;
      std::span<const DirectoryChild> group(children_.data() + begin, end - begin);
      parents.push_back({put_(encode_directory_branch(group)), count, group.front().first_name});
      begin = end;
    }
    children_ = std::move(parents);
  }
  return children_[0].id;
}

DirectoryReader::DirectoryReader(GetObject get, const ChunkId& root) : get_(std::move(get)) { descend(root); }

void DirectoryReader::descend(const ChunkId& id) {
  ChunkId at = id;
  for (;;) {
    Buffer bytes = get_(at);
    Decoder in(bytes, object_name(at));
    ObjectKind kind = open_object(in);
    if (kind == ObjectKind::kDirectoryLeaf) {
      leaf_ = decode_directory_leaf(in);
      if (leaf_.empty() && !levels_.empty()) in.fail("an empty leaf under a branch");
      at_ = 0;
      return;
    }
    if (kind != ObjectKind::kDirectoryBranch) in.fail("not a directory");
    if (levels_.size() >= kMostObjectLevels) in.fail("nested too deeply");
    levels_.push_back({decode_directory_branch(in), 1});
    at = levels_.back().children[0].id;
  }
}

const Entry* DirectoryReader::next() {
  while (at_ == leaf_.size()) {
    while (!levels_.empty() && levels_.back().at == levels_.back().children.size()) levels_.pop_back();
    if (levels_.empty()) return nullptr;
    Level& level = levels_.back();
    descend(ChunkId(level.children[level.at++].id));
  }
  const Entry& entry = leaf_[at_++];
  if (any_ && !(last_name_ < entry.name))
    throw Error(ErrorCode::kCorrupt, "directory: names out of order: \"" + printable(entry.name) + "\"");
  any_ = true;
  if (at_ == leaf_.size()) last_name_ = entry.name;  // within a leaf decode has checked the order
  return &entry;
}

std::optional<Entry> DirectoryReader::find(const GetObject& get, const ChunkId& root, std::string_view name) {
  ChunkId at = root;
  for (int level = 0; level <= kMostObjectLevels; ++level) {
    Buffer bytes = get(at);
    Decoder in(bytes, object_name(at));
    ObjectKind kind = open_object(in);
    if (kind == ObjectKind::kDirectoryLeaf) {
      auto entries = decode_directory_leaf(in, [&](std::string_view other, EntryType) { return other == name; });
      return entries.empty() ? std::nullopt : std::optional(std::move(entries.front()));
    }
    if (kind != ObjectKind::kDirectoryBranch) in.fail("not a directory");
    auto children = decode_directory_branch(in);
    auto after = std::ranges::upper_bound(children, name, {}, [](const DirectoryChild& c) { return std::string_view(c.first_name); });
    at = (after == children.begin() ? after : after - 1)->id;
  }
  throw Error(ErrorCode::kCorrupt, object_name(root) + ": nested too deeply");
}

}  // namespace cairn
