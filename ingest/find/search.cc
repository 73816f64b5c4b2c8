#include "ingest/find/search.h"

#include <algorithm>

#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kSearchTreeCacheBytes = 8 << 20;
constexpr size_t kBatch = 4 << 10;         // objects looked up and read together
constexpr size_t kMostAhead = 64 << 10;    // names and matches that were read ahead

// Where the bytes of a component are: equal catalogues say nothing of the original.
std::string location_of(const Entry& entry) {
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
      reader_(repository.backend(), repository.keys(), repository.index(), kSearchTreeCacheBytes) {}

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
    std::vector<Step> steps;   // one a component
    for (const Entry& entry : components) steps.push_back({entry.directory, entry.name});
    std::vector<Step*> ahead;
    for (size_t i = 0; i < components.size(); ++i)
      if (components[i].type == EntryType::kDirectory && may_hold_any(steps[i])) ahead.push_back(&steps[i]);
    read_ahead(std::move(ahead));
    for (size_t i = 0; i < components.size(); ++i) {
      const Entry& entry = components[i];
      const ComponentInfo* info = manifest.component(entry.name);
      if (info && PartView::has_parts(*info) && entry.type == EntryType::kFile) {
        guarded(entry.name, [&] { root.add_directory(entry.name, component(*info, entry, root)); });
        continue;
      }
      if (criteria_.matches(entry.name, entry, nullptr)) root.add(entry.name, entry, nullptr);
      if (entry.type == EntryType::kDirectory && may_hold_any(steps[i])) root.add_directory(entry.name, directory(steps[i]));
    }
  });
  return root.finish();
}

FoundTree::Node FindSearch::component(const ComponentInfo& info, const Entry& entry, FoundTree::Builder& root) {
  PartView view(repository_, info, entry, monitor_);
  const Entry directory = view.directory();
  if (criteria_.matches(entry.name, directory, nullptr)) root.add(entry.name, directory, nullptr);
  const std::string key = info.name + "\0" + std::string(text(info.catalogue.view())) + location_of(entry);
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

// Looks for its place.  False when nothing was found there.   Thread-safe while nothing is added.
bool FindSearch::may_lead_on(Step& step) {
  step.place = places_.find(key_of(step));
  return !step.place || !step.place->searched || step.place->node != FoundTree::kNothing;
}

FoundTree::Node FindSearch::directory(Step& step) {
  Place& place = place_of(step);
  if (place.searched) return place.node;
  guarded(step.path.empty() ? object_name(step.id) : step.path, [&] { place.node = read_directory(step, place); });
  place.searched = true;
  return place.node;
}

FoundTree::Node FindSearch::read_directory(Step& step, Place& place) {
  monitor_.check_interrupted();
  if (step.depth > kMostDirectoryDepth)
    throw Error(ErrorCode::kCorrupt, "directories nested deeper than " + std::to_string(kMostDirectoryDepth));
  if (step.level > kMostObjectLevels) throw Error(ErrorCode::kCorrupt, object_name(step.id) + ": nested too deeply");
  if (!place.ahead) read_ahead({&step});
  std::unique_ptr<Seen> seen = std::move(place.ahead);
  if (seen) ahead_weight_ -= seen->weight();
  else seen = std::make_unique<Seen>(look(step, reader_.single().chunk(step.id)));   // says what is wrong
  FoundTree::Builder node(found_);
  for (const auto& [entry, identity] : seen->matches) node.add(entry.name, entry, nullptr, identity);
  for (Step& piece : seen->pieces) node.add_piece(directory(piece));
  for (auto& [name, child] : seen->directories) node.add_directory(name, directory(child));
  return node.finish();
}

// Steps into what hasn't been searched, the uppermost first, as long as there is room; at least one batch.  What can't be read is left
// out: whoever needs it tries again.
void FindSearch::read_ahead(std::vector<Step*> steps) {
  for (bool first = true; !steps.empty() && (first || ahead_weight_ < kMostAhead); first = false) {
    std::vector<Step*> batch, later, more;
    for (Step* step : steps) {
      if (step->depth > kMostDirectoryDepth || step->level > kMostObjectLevels) continue;
      step->place = &place_of(*step);
      if (step->place->searched || step->place->chosen) continue;
      step->place->chosen = batch.size() < kBatch;
      (step->place->chosen ? batch : later).push_back(step);
    }
    read_batch(batch, more);
    steps = std::move(later);
    std::ranges::copy(more, std::back_inserter(steps));
  }
}

void FindSearch::read_batch(std::span<Step* const> batch, std::vector<Step*>& more) {
  monitor_.check_interrupted();
  std::vector<ChunkId> ids;
  for (const Step* step : batch) ids.push_back(step->id);
  std::vector<std::optional<Location>> places;
  reader_.locate(ids, places);
  std::vector<PlacedChunk> wanted;
  std::vector<size_t> numbers;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!places[i]) continue;
    wanted.push_back({ids[i], *places[i]});
    numbers.push_back(i);
  }
  std::vector<std::unique_ptr<Seen>> seen(batch.size());
  try {
    reader_.read(wanted, [&](size_t i, ByteView object) { seen[numbers[i]] = std::make_unique<Seen>(look(*batch[numbers[i]], object)); });
  } catch (const Error&) {
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!seen[i]) continue;
    auto go_on = [&](Step& step) {
      step.place = &place_of(step);
      if (!step.place->searched) more.push_back(&step);
    };
    std::ranges::for_each(seen[i]->pieces, go_on);
    for (auto& [name, child] : seen[i]->directories) go_on(child);
    ahead_weight_ += seen[i]->weight();
    batch[i]->place->ahead = std::move(seen[i]);
  }
}

// Thread-safe while no place is added: what was searched already is looked for here, by all threads.
FindSearch::Seen FindSearch::look(const Step& step, ByteView object) {
  Decoder in(object, object_name(step.id));
  Seen seen;
  const ObjectKind kind = open_object(in);
  if (kind == ObjectKind::kDirectoryBranch) {
    for (const DirectoryChild& child : decode_directory_branch(in))
      if (Step piece{child.id, step.path, step.depth, step.level + 1}; may_lead_on(piece)) seen.pieces.push_back(std::move(piece));
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
    if (Step child{entry.directory, path, step.depth + 1, 0}; entry.type == EntryType::kDirectory && may_hold_any(child) && may_lead_on(child))
      seen.directories.emplace_back(entry.name, std::move(child));
    if (!criteria_.matches(here, entry, nullptr)) continue;
    const FoundTree::Identity identity = FoundTree::identity(entry.name, entry, nullptr);
    seen.matches.emplace_back(std::move(entry), identity);
  }
  return seen;
}

}  // namespace cairn
