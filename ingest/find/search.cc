#include "ingest/find/search.h"

#include <algorithm>
#include <unordered_set>

#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kTreeCacheBytes = 8 << 20;
constexpr size_t kBatch = 4 << 10;         // objects looked up and read together
constexpr size_t kMostAhead = 64 << 10;    // names and matches that were read ahead

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
    std::vector<Entry> components;
    DirectoryReader reader(reader_.single().object_source(), manifest.root);
    while (const Entry* entry = reader.next())
      if (only.empty() || entry->name == only) components.push_back(*entry);
    std::vector<Step> steps;
    for (const Entry& entry : components)
      if (entry.type == EntryType::kDirectory) steps.push_back({entry.directory, entry.name});
    read_ahead(std::move(steps));
    for (const Entry& entry : components) {
      const ComponentInfo* info = manifest.component(entry.name);
      if (info && PartView::has_parts(*info) && entry.type == EntryType::kFile) {
        guarded(entry.name, [&] { root.add_directory(entry.name, component(*info, entry, root)); });
        continue;
      }
      if (criteria_.matches(entry.name, entry, nullptr)) root.add(entry.name, entry, nullptr);
      if (entry.type == EntryType::kDirectory) root.add_directory(entry.name, directory({entry.directory, entry.name}));
    }
  });
  return root.finish();
}

FoundTree::Node FindSearch::component(const ComponentInfo& info, const Entry& entry, FoundTree::Builder& root) {
  PartView view(repository_, info, entry, monitor_);
  const Entry directory = view.directory();
  if (criteria_.matches(entry.name, directory, nullptr)) root.add(entry.name, directory, nullptr);
  const std::string key = info.name + "\0" + std::string(text(info.catalogue.view())) + place_of(entry);
  if (auto known = searched_parts_.find(key); known != searched_parts_.end()) return known->second;
  return searched_parts_[key] = parts(view, info, entry);
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

ChunkId FindSearch::key_of(const Step& step) const {
  if (!criteria_.by_path()) return step.id;
  Encoder out;
  out.raw(step.id.view());
  out.string(step.path);
  return ChunkId{blake3(out.out())};
}

FoundTree::Node FindSearch::directory(const Step& step) {
  if (criteria_.by_path() && !criteria_.may_match_beneath(step.path)) return FoundTree::kNothing;
  const ChunkId key = key_of(step);
  if (auto known = searched_.find(key); known != searched_.end()) return known->second;
  Node node = FoundTree::kNothing;
  guarded(step.path.empty() ? object_name(step.id) : step.path, [&] { node = read_directory(step); });
  searched_.emplace(key, node);
  return node;
}

FoundTree::Node FindSearch::read_directory(const Step& step) {
  monitor_.check_interrupted();
  if (step.depth > kMostDirectoryDepth)
    throw Error(ErrorCode::kCorrupt, "directories nested deeper than " + std::to_string(kMostDirectoryDepth));
  if (step.level > kMostObjectLevels) throw Error(ErrorCode::kCorrupt, object_name(step.id) + ": nested too deeply");
  const ChunkId key = key_of(step);
  if (!ahead_.contains(key)) read_ahead({step});
  Seen seen;
  if (auto ahead = ahead_.find(key); ahead != ahead_.end()) {
    ahead_weight_ -= ahead->second.weight();
    seen = std::move(ahead->second);
    ahead_.erase(ahead);
  } else {
    seen = look(step, reader_.single().chunk(step.id));   // says what is wrong
  }
  FoundTree::Builder node(found_);
  for (const Entry& entry : seen.matches) node.add(entry.name, entry, nullptr);
  for (const Step& piece : seen.pieces) node.add_piece(directory(piece));
  for (const auto& [name, child] : seen.directories) node.add_directory(name, directory(child));
  return node.finish();
}

// Steps into what hasn't been searched, the uppermost first, as long as there is room; at least one batch.  What can't be read is left
// out: whoever needs it tries again.
void FindSearch::read_ahead(std::vector<Step> steps) {
  for (bool first = true; !steps.empty() && (first || ahead_weight_ < kMostAhead); first = false) {
    std::vector<Step> batch, later, more;
    std::unordered_set<ChunkId, IdHash> chosen;
    for (Step& step : steps) {
      if (step.depth > kMostDirectoryDepth || step.level > kMostObjectLevels) continue;
      if (criteria_.by_path() && !criteria_.may_match_beneath(step.path)) continue;
      const ChunkId key = key_of(step);
      if (searched_.contains(key) || ahead_.contains(key) || chosen.contains(key)) continue;
      if (batch.size() == kBatch) {
        later.push_back(std::move(step));
        continue;
      }
      chosen.insert(key);
      batch.push_back(std::move(step));
    }
    read_batch(batch, more);
    steps = std::move(later);
    std::ranges::move(more, std::back_inserter(steps));
  }
}

void FindSearch::read_batch(std::span<const Step> batch, std::vector<Step>& more) {
  monitor_.check_interrupted();
  std::vector<ChunkId> ids;
  for (const Step& step : batch) ids.push_back(step.id);
  std::vector<std::optional<Location>> places;
  reader_.locate(ids, places);
  std::vector<PlacedChunk> wanted;
  std::vector<size_t> numbers;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!places[i]) continue;
    wanted.push_back({ids[i], *places[i]});
    numbers.push_back(i);
  }
  std::vector<std::optional<Seen>> seen(batch.size());
  try {
    reader_.read(wanted, [&](size_t i, ByteView object) { seen[numbers[i]] = look(batch[numbers[i]], object); });
  } catch (const Error&) {
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!seen[i]) continue;
    for (const Step& piece : seen[i]->pieces) more.push_back(piece);
    for (const auto& [name, child] : seen[i]->directories) more.push_back(child);
    ahead_weight_ += seen[i]->weight();
    ahead_.emplace(key_of(batch[i]), std::move(*seen[i]));
  }
}

// Thread-safe.
FindSearch::Seen FindSearch::look(const Step& step, ByteView object) const {
  Decoder in(object, object_name(step.id));
  Seen seen;
  const ObjectKind kind = open_object(in);
  if (kind == ObjectKind::kDirectoryBranch) {
    for (const DirectoryChild& child : decode_directory_branch(in)) seen.pieces.push_back({child.id, step.path, step.depth, step.level + 1});
    return seen;
  }
  if (kind != ObjectKind::kDirectoryLeaf) in.fail("not a directory");
  std::string path;
  const auto asked = [&](std::string_view name) {
    if (!criteria_.by_path()) return name;
    return std::string_view(path.assign(step.path).append("/").append(name));
  };
  const auto wanted = [&](std::string_view name, EntryType type) {
    return type == EntryType::kDirectory || criteria_.may_match(asked(name), type);
  };
  for (Entry& entry : decode_directory_leaf(in, wanted)) {
    const std::string_view here = asked(entry.name);
    if (entry.type == EntryType::kDirectory) seen.directories.emplace_back(entry.name, Step{entry.directory, path, step.depth + 1, 0});
    if (criteria_.matches(here, entry, nullptr)) seen.matches.push_back(std::move(entry));
  }
  return seen;
}

}  // namespace cairn
