#include "fuse/view.h"

#include "fuse/status.h"

namespace cairn {

namespace {

constexpr uint64_t kShortBytes = 256 << 10;   // files that aren't worth remembering
constexpr uint64_t kMostPlace = UINT32_MAX - 1;

std::string child(const std::string& path, const std::string& name) { return path.empty() ? name : path + "/" + name; }

}  // namespace

View::View(Repository& repository, Monitor& monitor, const ViewOptions& options)
    : repository_(repository), readers_(repository, options.reader_cache_bytes), trees_(readers_, options.tree_cache_bytes),
      parts_(readers_, monitor), snapshots_(repository, monitor, options.look_every_ns),
      files_(readers_, options.block_cache_bytes, options.read_ahead_threads) {}

// A copy: the kernel may forget it meanwhile.
View::Directory View::directory(uint32_t number) const {
  std::shared_lock lock(mu_);
  auto found = directories_.find(number);
  if (found == directories_.end()) throw Gone("a directory");
  return found->second.directory;
}

// The component that an entry of a snapshot's root is, if that is a directory of parts.
const ComponentInfo* View::parted_component(const Directory& of, const Entry& entry) const {
  if (!of.is_root() || entry.type != EntryType::kFile) return nullptr;
  const ComponentInfo* component = of.snapshot->component(entry.name);
  return component && PartView::has_parts(*component) ? component : nullptr;
}

Entry View::shown(const Directory& of, const Entry& entry) {
  const ComponentInfo* component = parted_component(of, entry);
  return component ? parts_.directory({of.snapshot, component}) : entry;
}

NodeId View::enter(uint32_t parent, const Directory& of, uint64_t place, const Entry& entry) {
  if (place > kMostPlace) throw Error(ErrorCode::kUnsupported, "a directory has more entries than a mount can show");
  const ComponentInfo* component = parted_component(of, entry);
  if (entry.type != EntryType::kDirectory && !component) return uint64_t{parent} << 32 | (place + 1);
  std::unique_lock lock(mu_);
  auto [number, fresh] = numbers_.try_emplace({parent, place}, last_number_ + 1);
  if (!fresh) {
    ++directories_.at(number->second).lookups;
    return uint64_t{number->second} << 32;
  }
  Directory made{parent, place, entry.name, inode_number(of.inode, entry.name), of.group_seed, of.snapshot, entry.directory, component, ""};
  if (of.is_root()) made.group_seed = made.inode;
  if (of.component) {
    made.component = of.component;
    made.part_path = child(of.part_path, entry.name);
  }
  directories_.emplace(++last_number_, Remembered{std::move(made), 1});
  return uint64_t{last_number_} << 32;
}

Found View::found(uint32_t parent, const Directory& of, uint64_t place, const Entry& entry, bool with_node) {
  Found out;
  const bool linked = entry.link_group != 0 && entry.type != EntryType::kDirectory;
  const uint64_t inode = linked ? inode_number(of.group_seed, "\n" + std::to_string(entry.link_group)) : inode_number(of.inode, entry.name);
  out.status = parted_component(of, entry) ? status_of(shown(of, entry), inode) : status_of(entry, inode);
  if (with_node) out.node = enter(parent, of, place, entry);
  return out;
}

template <class Use>
auto View::with_entry(NodeId node, Use use) {
  const uint32_t number = directory_of(node);
  const Directory here = directory(number);
  if (entry_of(node) == 0 && here.is_root()) {
    Entry root;
    root.type = EntryType::kDirectory;
    root.mode = 0755;
    root.uid = ::geteuid();
    root.gid = ::getegid();
    root.mtime_ns = root.ctime_ns = here.snapshot->time_ns;
    return use(here, root);
  }
  const bool self = entry_of(node) == 0;
  const Directory of = self ? directory(here.parent) : here;
  const uint64_t place = self ? here.place : entry_of(node) - 1;
  if (of.component) return use(of, parts_.entry_at(of.parted(), of.part_path, place));
  const auto found = trees_.at(of.object, place);
  if (!found) throw Gone("a file");
  if (parted_component(of, found->entry())) return use(of, shown(of, found->entry()));
  return use(of, found->entry());
}

std::optional<Found> View::lookup(NodeId node, const std::string& name) {
  if (is_above(node)) {
    const std::string path = child(path_above(node), name);
    return snapshots_.with_names([&](const SnapshotNames& names) -> std::optional<Found> {
      const SnapshotName* there = names.find(path);
      if (!there) return std::nullopt;
      return found_above(path, *there, true);
    });
  }
  const uint32_t number = directory_of(node);
  const Directory of = directory(number);
  std::optional<Found> out;
  if (of.component) {
    parts_.find_in(of.parted(), of.part_path, name, [&](const Entry& entry, uint64_t place, uint64_t) {
      out = found(number, of, place, entry, true);
      return false;
    });
  } else if (const auto place = trees_.find(of.object, name)) {
    out = found(number, of, place->number(), place->entry(), true);
  }
  return out;
}

Found View::status(NodeId node) {
  Found out;
  if (is_above(node)) {
    const std::string path = path_above(node);
    return snapshots_.with_names([&](const SnapshotNames& names) {
      if (path.empty()) return Found{kRoot, status_above(kRoot, names.newest_ns(), 0), false};
      const SnapshotName* there = names.find(path);
      if (!there) throw Gone(path);
      return found_above(path, *there, false);
    });
  }
  with_entry(node, [&](const Directory& of, const Entry& entry) {
    const bool self = entry_of(node) == 0;
    out.status = status_of(entry, self ? directory(directory_of(node)).inode : 0);
    if (self) return;
    const bool linked = entry.link_group != 0;
    out.status.st_ino = linked ? inode_number(of.group_seed, "\n" + std::to_string(entry.link_group)) : inode_number(of.inode, entry.name);
  });
  return out;
}

std::string View::link_target(NodeId node) {
  if (!is_above(node)) return with_entry(node, [](const Directory&, const Entry& entry) { return entry.target; });
  std::shared_lock lock(mu_);
  if (node >= above_.size()) throw Gone("a link");
  return above_[static_cast<size_t>(node)].target;
}

std::vector<Xattr> View::xattrs(NodeId node) {
  if (is_above(node)) return {};
  return with_entry(node, [](const Directory&, const Entry& entry) { return entry.xattrs; });
}

void View::list(NodeId node, uint64_t offset, bool with_nodes, const Visit& visit) {
  for (; offset < 2; ++offset) {
    Found self;
    self.status = status(node).status;   // of "..", too, nobody needs more than that it is a directory
    if (!visit(offset == 0 ? "." : "..", self, offset + 1)) return;
  }
  if (is_above(node)) return list_above(path_above(node), offset, with_nodes, visit);
  const uint32_t number = directory_of(node);
  const Directory of = directory(number);
  const auto visit_entry = [&](const Entry& entry, uint64_t place, uint64_t next) {
    const Found one = found(number, of, place, entry, with_nodes);
    if (visit(entry.name, one, next + 2)) return true;
    if (with_nodes) forget(one.node, 1);
    return false;
  };
  if (of.component) return parts_.list_from(of.parted(), of.part_path, offset - 2, visit_entry);
  for (uint64_t place = offset - 2;;) {
    auto at = trees_.at(of.object, place);
    if (!at) return;
    do {
      place = at->number() + 1;
      if (!visit_entry(at->entry(), place - 1, place)) return;
    } while (at->next());
  }
}

void View::read(NodeId node, uint64_t offset, size_t size, const Reply& reply) {
  const Directory of = directory(directory_of(node));
  const uint64_t place = uint64_t{entry_of(node)} - 1;
  if (of.component)
    return files_.read(node, offset, size, [&] { return parts_.open(of.parted(), of.part_path, place); }, reply);
  const auto at = trees_.at(of.object, place);
  if (!at || at->entry().type != EntryType::kFile) throw Gone("a file");
  const Entry& entry = at->entry();
  if (entry.size_bytes <= kShortBytes) return files_.read_short(entry.content, entry.size_bytes, offset, size, reply);
  files_.read(node, offset, size, [&] { return std::make_unique<PiecewiseFile>(entry.content, entry.size_bytes); }, reply);
}

void View::forget(NodeId node, uint64_t times) {
  if (is_above(node) || entry_of(node) != 0) return;
  std::unique_lock lock(mu_);
  auto found = directories_.find(directory_of(node));
  if (found == directories_.end()) return;
  found->second.lookups -= std::min(times, found->second.lookups);
  if (found->second.lookups > 0) return;
  numbers_.erase({found->second.directory.parent, found->second.directory.place});
  directories_.erase(found);
}

std::string View::path(NodeId node) {
  try {
    if (is_above(node)) return path_above(node);
    std::string out;
    if (entry_of(node) != 0) out = with_entry(node, [](const Directory&, const Entry& entry) { return "/" + entry.name; });
    uint32_t number = directory_of(node);
    while (number != 0) {
      const Directory here = directory(number);
      out = (here.is_root() ? "" : "/") + here.name + out;
      number = here.parent;
    }
    return out;
  } catch (const Error&) {
    return "a file";
  }
}

size_t View::directories() const {
  std::shared_lock lock(mu_);
  return directories_.size();
}

}  // namespace cairn
