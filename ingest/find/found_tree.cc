#include "ingest/find/found_tree.h"

#include <algorithm>
#include <charconv>

#include "store/coding.h"

namespace cairn {

namespace {

void encode_content(Encoder& out, const Content& content) {
  out.u8(static_cast<uint8_t>(content.kind));
  out.bytes(content.inline_bytes);
  out.varint(content.chunks.size());
  for (const ChunkRef& ref : content.chunks) {
    out.raw(ref.id.view());
    out.varint(ref.length_bytes);
  }
  out.raw(content.list.view());
}

std::optional<uint64_t> rows_of(const Part& part) {
  const auto found = part.properties.find("rows");
  uint64_t rows = 0;
  if (found == part.properties.end()) return std::nullopt;
  const std::string& digits = found->second;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), rows);
  return error == std::errc{} && end == digits.data() + digits.size() ? std::optional(rows) : std::nullopt;
}

// The set of `key` in `slots`.  What was added last is asked for most.
template <class Key>
SnapshotSet& set_of(std::vector<std::pair<Key, SnapshotSet>>& slots, Key key) {
  for (auto slot = slots.rbegin(); slot != slots.rend(); ++slot)
    if (slot->first == key) return slot->second;
  return slots.emplace_back(key, SnapshotSet()).second;
}

}  // namespace

void SnapshotSet::add(const SnapshotSet& other) {
  if (runs_.empty()) runs_ = other.runs_;
  else
    for (const Run& run : other.runs_) add(run);
}

void SnapshotSet::add(Run run) {
  if (runs_.empty() || runs_.back().last + 1 < run.first) return runs_.push_back(run);
  // The first that ends not before the new one's neighbour, and all that it reaches.
  auto begin = std::ranges::lower_bound(runs_, run.first, {}, [](const Run& r) { return r.last + 1; });
  auto end = begin;
  while (end != runs_.end() && end->first <= run.last + 1) {
    run.first = std::min(run.first, end->first);
    run.last = std::max(run.last, end->last);
    ++end;
  }
  runs_.insert(runs_.erase(begin, end), run);
}

uint64_t SnapshotSet::count() const {
  uint64_t sum = 0;
  for (const Run& run : runs_) sum += run.last - run.first + 1;
  return sum;
}

FoundTree::Identity FoundTree::identity(std::string_view name, const Entry& entry, const Part* part) {
  Encoder out;
  out.string(name);
  out.u8(static_cast<uint8_t>(entry.type));
  out.varint(entry.mode);
  out.varint(entry.uid);
  out.varint(entry.gid);
  out.string(entry.target);
  out.varint(entry.device);
  for (const Xattr& xattr : entry.xattrs) {
    out.string(xattr.name);
    out.bytes(xattr.value);
  }
  if (part) {
    out.string(part->kind);
    out.varint(entry.size_bytes);
    out.bytes(part->preamble);
    for (const auto& [key, value] : part->properties) {
      out.string(key);
      out.string(value);
    }
  } else if (entry.type != EntryType::kDirectory) {
    out.svarint(entry.mtime_ns);
    out.varint(entry.size_bytes);
    encode_content(out, entry.content);
  }
  const Blake3Hash hash = blake3(out.out());
  Identity identity;
  std::copy_n(hash.begin(), identity.size(), identity.begin());
  return identity;
}

void FoundTree::Builder::add(const std::string& name, const Entry& entry, const Part* part, const Identity& identity) {
  const auto number = static_cast<uint32_t>(tree_.versions_.size());
  const auto [at, is_new] = tree_.by_identity_.emplace(identity, number);
  content_.versions.push_back(at->second);
  if (!is_new) return;
  FoundVersion& version = tree_.versions_.emplace_back();
  version.name = name;
  version.type = entry.type;
  version.mode = entry.mode;
  version.uid = entry.uid;
  version.gid = entry.gid;
  version.mtime_ns = entry.mtime_ns;
  version.size_bytes = entry.size_bytes;
  version.target = entry.target;
  if (!part) return;
  version.part_kind = part->kind;
  version.rows = rows_of(*part);
}

FoundTree::Node FoundTree::Builder::finish() {
  if (content_.versions.empty() && content_.directories.empty() && content_.pieces.empty()) return kNothing;
  tree_.nodes_.push_back(std::move(content_));
  content_ = {};
  return static_cast<Node>(tree_.nodes_.size() - 1);
}

void FoundTree::visit(const std::vector<Node>& roots, const Visit& visit_version) const {
  Groups groups;
  for (uint32_t number = 0; number < roots.size(); ++number)
    if (roots[number] != kNothing) set_of(groups, roots[number]).add(number);
  visit(groups, "", visit_version);
}

void FoundTree::visit(const Groups& groups, const std::string& path, const Visit& visit_version) const {
  // Objects of this directory, each with the snapshots that have it.
  std::unordered_map<Node, size_t> places;
  Groups objects;
  std::vector<std::pair<Node, SnapshotSet>> open(groups.rbegin(), groups.rend());
  while (!open.empty()) {
    auto [node, in] = std::move(open.back());
    open.pop_back();
    for (Node piece : nodes_[node].pieces) open.emplace_back(piece, in);
    const auto [place, is_new] = places.emplace(node, objects.size());
    if (is_new) objects.emplace_back(node, std::move(in));
    else objects[place->second].second.add(in);
  }
  // By name: versions, and directories to go into.
  struct Slot {
    std::vector<std::pair<uint32_t, SnapshotSet>> versions;
    Groups directories;
  };
  std::unordered_map<std::string_view, Slot> slots;
  for (const auto& [node, in] : objects) {
    for (const uint32_t version : nodes_[node].versions) set_of(slots[versions_[version].name].versions, version).add(in);
    for (const auto& [name, child] : nodes_[node].directories) set_of(slots[name].directories, child).add(in);
  }
  std::vector<std::string_view> names;
  for (const auto& [name, slot] : slots) names.push_back(name);
  std::ranges::sort(names);
  for (const std::string_view name : names) {
    Slot slot = std::move(slots[name]);
    const std::string child = path.empty() ? std::string(name) : path + "/" + std::string(name);
    std::ranges::sort(slot.versions, {}, [](const auto& one) { return std::pair(one.second.first(), one.first); });
    for (const auto& [version, in] : slot.versions) visit_version(child, versions_[version], in);
    if (!slot.directories.empty()) visit(slot.directories, child, visit_version);
  }
}

}  // namespace cairn
