// View, above the snapshots.
#include "fuse/status.h"
#include "fuse/view.h"

namespace cairn {

std::string View::path_above(NodeId node) const {
  std::shared_lock lock(mu_);
  if (node >= above_.size()) throw Gone("a directory");
  return above_[static_cast<size_t>(node)].path;
}

NodeId View::node_above(const std::string& path, const std::string& target) {
  std::unique_lock lock(mu_);
  auto [found, fresh] = above_nodes_.try_emplace(Above{path, target}, above_.size());
  if (fresh) above_.push_back({path, target});
  return found->second;
}

// A snapshot's directory.
NodeId View::snapshot_node(const SnapshotName& name) {
  const Manifest* manifest = snapshots_.manifest(name.snapshot);
  if (!manifest) throw Gone(name.name);
  const std::string path = "by-id/" + name.name;
  const NodeId above = node_above(path);
  std::unique_lock lock(mu_);
  auto [number, fresh] = numbers_.try_emplace({0, above}, last_number_ + 1);
  if (!fresh) {
    ++directories_.at(number->second).lookups;
    return uint64_t{number->second} << 32;
  }
  Directory made;
  made.place = above;
  made.name = path;
  made.inode = made.group_seed = inode_number(kRoot, path);
  made.snapshot = manifest;
  made.object = manifest->root;
  directories_.emplace(++last_number_, Remembered{std::move(made), 1});
  return uint64_t{last_number_} << 32;
}

Found View::found_above(const std::string& path, const SnapshotName& name, bool with_node) {
  const bool snapshot = name.target.empty() && !name.snapshot.is_zero();
  Found out;
  out.lasting = false;
  out.status = status_above(inode_number(kRoot, path), name.time_ns, name.target.size());
  if (snapshot) out.status.st_mode |= 0200;   // as View::with_entry() has it
  if (with_node) out.node = snapshot ? snapshot_node(name) : node_above(path, name.target);
  return out;
}

void View::list_above(const std::string& path, uint64_t offset, bool with_nodes, const Visit& visit) {
  snapshots_.with_names([&](const SnapshotNames& names) {
    const auto* here = names.directory(path);
    for (uint64_t at = offset - 2; here && at < here->size(); ++at) {
      const SnapshotName& name = (*here)[static_cast<size_t>(at)];
      const Found one = found_above(path.empty() ? name.name : path + "/" + name.name, name, with_nodes);
      if (visit(name.name, one, at + 3)) continue;
      if (with_nodes) forget(one.node, 1);
      return;
    }
  });
}

}  // namespace cairn
