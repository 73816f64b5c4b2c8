#include "ingest/find/search.h"

#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kTreeCacheBytes = 32 << 20;

// Where the bytes of a component are: equal catalogues say nothing of the original.
std::string place_of(const Entry& entry) {
  Encoder out;
  out.bytes(entry.content.inline_bytes);
  for (const ChunkRef& ref : entry.content.chunks) out.raw(ref.id.view());
  out.raw(entry.content.list.view());
  out.svarint(entry.mtime_ns);
  out.varint(entry.mode);
  out.varint(entry.size_bytes);
  return std::string(text(out.out()));
}

}  // namespace

FindSearch::FindSearch(Repository& repository, const FindCriteria& criteria, FoundTree& found, Monitor& monitor)
    : repository_(repository), criteria_(criteria), found_(found), monitor_(monitor),
      reader_(repository.backend(), repository.keys(), repository.index(), kTreeCacheBytes) {}

template <class Work>
void FindSearch::guarded(const std::string& path, Work work) {
  try {
    work();
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInterrupted) throw;
    monitor_.error(path, e.what());
    ++failed_;
  }
}

FoundTree::Node FindSearch::snapshot(const Manifest& manifest, const std::string& only) {
  FoundTree::Builder root(found_);
  guarded("snapshot " + manifest.id.hex().substr(0, 8), [&] {
    DirectoryReader components(reader_.object_source(), manifest.root);
    while (const Entry* entry = components.next()) {
      const ComponentInfo* info = manifest.component(entry->name);
      if (!only.empty() && entry->name != only) continue;
      if (info && PartView::has_parts(*info) && entry->type == EntryType::kFile) {
        guarded(entry->name, [&] { root.add_directory(entry->name, component(*info, *entry, root)); });
        continue;
      }
      if (criteria_.matches(entry->name, *entry, nullptr)) root.add(entry->name, *entry, nullptr);
      if (entry->type == EntryType::kDirectory) root.add_directory(entry->name, directory(entry->directory, entry->name, 1, 0));
    }
  });
  return root.finish();
}

FoundTree::Node FindSearch::component(const ComponentInfo& info, const Entry& entry, FoundTree::Builder& root) {
  PartView view(repository_, info, entry, monitor_);
  const Entry directory = view.directory();
  if (criteria_.matches(entry.name, directory, nullptr)) root.add(entry.name, directory, nullptr);
  const std::string key = info.name + "\0" + std::string(text(info.catalogue.view())) + place_of(entry);
  if (auto known = searched_.find(key); known != searched_.end()) return known->second;
  return searched_[key] = parts(view, info, entry);
}

FoundTree::Node FindSearch::parts(PartView& view, const ComponentInfo& info, const Entry& entry) {
  FoundTree::Builder node(found_);
  std::string path;
  guarded(info.name, [&] {
    view.list("", true, [&](const std::string& name, const Entry& at, const Part* part) {
      monitor_.check_interrupted();
      path.assign(info.name).append("/").append(name);
      const std::string_view asked = criteria_.by_path() ? std::string_view(path) : std::string_view(name).substr(name.rfind('/') + 1);
      if (!criteria_.matches(asked, at, part)) return;
      Entry as_stored = at;
      if (!part && at.type == EntryType::kFile) as_stored.content = entry.content;   // of an original that is made anew, too
      node.add(name, as_stored, part);
    });
  });
  return node.finish();
}

// `path` is empty unless the criteria go by it.  `level`: of branches above this object within its directory.
FoundTree::Node FindSearch::directory(const ChunkId& id, const std::string& path, int depth, int level) {
  if (criteria_.by_path() && !criteria_.may_match_beneath(path)) return FoundTree::kNothing;
  std::string key(text(id.view()));
  if (criteria_.by_path()) key += path;
  if (auto known = searched_.find(key); known != searched_.end()) return known->second;
  Node node = FoundTree::kNothing;
  guarded(path.empty() ? object_name(id) : path, [&] { node = read_directory(id, path, depth, level); });
  searched_.emplace(std::move(key), node);
  return node;
}

FoundTree::Node FindSearch::read_directory(const ChunkId& id, const std::string& path, int depth, int level) {
  monitor_.check_interrupted();
  if (depth > kMostDirectoryDepth)
    throw Error(ErrorCode::kCorrupt, "directories nested deeper than " + std::to_string(kMostDirectoryDepth));
  if (level > kMostObjectLevels) throw Error(ErrorCode::kCorrupt, object_name(id) + ": nested too deeply");
  const Buffer bytes = reader_.get(id);
  Decoder in(bytes, object_name(id));
  FoundTree::Builder node(found_);
  const ObjectKind kind = open_object(in);
  if (kind == ObjectKind::kDirectoryBranch) {
    for (const DirectoryChild& child : decode_directory_branch(in)) node.add_piece(directory(child.id, path, depth, level + 1));
    return node.finish();
  }
  if (kind != ObjectKind::kDirectoryLeaf) in.fail("not a directory");
  std::string child_path;
  for (const Entry& entry : decode_directory_leaf(in)) {
    if (criteria_.by_path()) child_path.assign(path).append("/").append(entry.name);
    if (criteria_.matches(criteria_.by_path() ? child_path : entry.name, entry, nullptr)) node.add(entry.name, entry, nullptr);
    if (entry.type == EntryType::kDirectory) node.add_directory(entry.name, directory(entry.directory, child_path, depth + 1, 0));
  }
  return node.finish();
}

}  // namespace cairn
