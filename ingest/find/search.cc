#include "ingest/find/search.h"

#include <algorithm>

#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kSearchTreeCacheBytes = 8 << 20;
constexpr size_t kBatch = 4 << 10;         // objects looked up and read together
constexpr size_t kMostAhead = 64 << 10;    // names and matches that were read ahead
constexpr size_t kMostNewListBytes = 16 << 20;   // of a batch, for KnownNames

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

FindSearch::FindSearch(Repository& repository, const FindCriteria& criteria, FoundTree& found, KnownNames& known, Monitor& monitor)
    : repository_(repository), criteria_(criteria), found_(found), known_(known), monitor_(monitor),
      reader_(repository.backend(), repository.keys(), repository.index(), kSearchTreeCacheBytes), verdicts_(known.lists()),
      new_to_us_(known.objects() == 0 && !criteria.by_path()) {}

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

ChunkId FindSearch::path_key(const Step& step) const {
  Encoder out;
  out.raw(step.id.view());
  out.string(step.path);
  return ChunkId{blake3(out.out())};
}

// Makes one when there is none.
FindSearch::Place& FindSearch::place_of(Step& step) {
  if (step.object == KnownNames::kNone) step.object = known_.add(step.id);
  if (step.place) return *step.place;
  const Number number = criteria_.by_path() ? paths_.add(path_key(step)) : step.object;
  while (places_.size() <= number) places_.emplace_back();
  step.place = &places_[number];
  return *step.place;
}

// Looks for its numbers and place.  False when nothing was found there.   Thread-safe while nothing is added.
bool FindSearch::may_lead_on(Step& step) {
  if (step.object == KnownNames::kNone) step.object = known_.number(step.id);
  const Number number = criteria_.by_path() ? paths_.number(path_key(step)) : step.object;
  if (number < places_.size()) step.place = &places_[number];   // kNone is more
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
      Place& place = place_of(*step);
      if (place.searched || place.chosen) continue;
      if (std::unique_ptr<Seen> seen = remembered(*step)) {
        place.chosen = true;
        keep(*step, std::move(seen), more);
        continue;
      }
      place.chosen = batch.size() < kBatch;
      (place.chosen ? batch : later).push_back(step);
    }
    read_batch(batch, more);
    steps = std::move(later);
    std::ranges::copy(more, std::back_inserter(steps));
  }
}

void FindSearch::read_batch(std::span<Step* const> batch, std::vector<Step*>& more) {
  monitor_.check_interrupted();
  if (batch.empty()) return;
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
  new_list_bytes_ = 0;
  try {
    reader_.read(wanted, [&](size_t i, ByteView object) { seen[numbers[i]] = std::make_unique<Seen>(look(*batch[numbers[i]], object)); });
  } catch (const Error&) {
  }
  for (size_t i = 0; i < batch.size(); ++i)
    if (seen[i]) keep(*batch[i], std::move(seen[i]), more);
}

void FindSearch::keep(Step& step, std::unique_ptr<Seen> seen, std::vector<Step*>& more) {
  if (!seen->new_list.empty()) seen->list = known_.add_list(std::exchange(seen->new_list, {}));
  while (verdicts_.size() < known_.lists()) verdicts_.emplace_back(Verdict::kUnknown);
  learn(step, *seen);
  auto go_on = [&](Step& next) {
    if (!place_of(next).searched) more.push_back(&next);
  };
  std::ranges::for_each(seen->pieces, go_on);
  for (auto& [name, child] : seen->directories) go_on(child);
  ahead_weight_ += seen->weight();
  step.place->ahead = std::move(seen);
}

// Requires: step has its place.
void FindSearch::learn(Step& step, Seen& seen) {
  if (seen.list == KnownNames::kNone || known_.knows(step.object)) return;
  std::vector<Number> numbers;
  numbers.reserve(seen.children.size());
  for (const Child& child : seen.children) numbers.push_back(child.object != KnownNames::kNone ? child.object : known_.add(child.id));
  known_.learn(step.object, seen.list, numbers);
  for (Step& piece : seen.pieces) piece.object = numbers[piece.child];
  for (auto& [name, child] : seen.directories) child.object = numbers[child.child];
  seen.children = {};
}

// Could any of these be wanted?   `path`: of the directory, when it counts.
FindSearch::Verdict FindSearch::verdict_of(const LeafNames& leaf, const std::string& path) const {
  std::string asked;
  Verdict verdict = Verdict::kNothing;
  for (size_t i = 0; i < leaf.names.size(); ++i) {
    if (leaf.type(i) == EntryType::kDirectory) verdict = Verdict::kDirectories;
    if (criteria_.by_path()) asked.assign(path).append("/").append(leaf.names[i]);
    if (criteria_.may_match(criteria_.by_path() ? std::string_view(asked) : leaf.names[i], leaf.type(i))) return Verdict::kSome;
  }
  return verdict;
}

// What is in an object that needn't be read; nullptr when it must be.
std::unique_ptr<FindSearch::Seen> FindSearch::remembered(const Step& step) {
  if (new_to_us_) return nullptr;   // what this run learns it has searched
  const Number object = step.object;
  if (!known_.knows(object)) return nullptr;
  known_.touch(object);
  auto seen = std::make_unique<Seen>();
  const size_t children = known_.child_count(object);
  if (const Number list = known_.list_of(object); list != KnownNames::kBranch) {
    Verdict verdict = verdicts_[list];
    if (verdict == Verdict::kSome) return nullptr;
    if (verdict == Verdict::kNothing) return seen;
    const LeafNames leaf = decode_leaf_names(known_.list(list));
    if (verdict == Verdict::kUnknown) verdict = verdict_of(leaf, step.path);
    if (!criteria_.by_path()) verdicts_[list] = verdict;
    if (verdict == Verdict::kSome) return nullptr;
    for (size_t i = 0, at = 0; i < leaf.names.size() && at < children; ++i) {
      if (leaf.type(i) != EntryType::kDirectory) continue;
      const Number number = known_.child(object, at++);
      Step child{known_.id(number), criteria_.by_path() ? step.path + "/" + std::string(leaf.names[i]) : "", step.depth + 1, 0, number};
      if (may_hold_any(child) && may_lead_on(child)) seen->directories.emplace_back(leaf.names[i], std::move(child));
    }
    return seen;
  }
  for (size_t i = 0; i < children; ++i) {
    const Number number = known_.child(object, i);
    if (Step piece{known_.id(number), step.path, step.depth, step.level + 1, number}; may_lead_on(piece)) seen->pieces.push_back(std::move(piece));
  }
  return seen;
}

// Of what doesn't fit now the names are read again next time.   Thread-safe.
void FindSearch::note_list(ByteView names, Seen& seen) {
  if ((new_list_bytes_ += names.size()) <= kMostNewListBytes) seen.new_list.assign(names.begin(), names.end());
}

// Thread-safe while no place is added: what was searched already is looked for here, by all threads.
FindSearch::Seen FindSearch::look(const Step& step, ByteView object) {
  Decoder in(object, object_name(step.id));
  Seen seen;
  const ObjectKind kind = open_object(in);
  if (kind == ObjectKind::kDirectoryBranch) {
    seen.list = KnownNames::kBranch;
    for (const DirectoryChild& child : decode_directory_branch(in)) {
      Step piece{child.id, step.path, step.depth, step.level + 1};
      const bool leads_on = may_lead_on(piece);
      seen.children.push_back({child.id, piece.object});
      piece.child = seen.children.size() - 1;
      if (leads_on) seen.pieces.push_back(std::move(piece));
    }
    return seen;
  }
  if (kind != ObjectKind::kDirectoryLeaf) in.fail("not a directory");
  const ByteView names = leaf_names(in);
  seen.list = known_.find_list(names);
  if (seen.list == KnownNames::kNone) note_list(names, seen);
  const Verdict verdict = seen.list != KnownNames::kNone ? verdicts_[seen.list].load() : Verdict::kUnknown;
  if (verdict == Verdict::kNothing) return seen;
  if (verdict == Verdict::kDirectories) {
    look_for_directories(step, in, names, seen);
    return seen;
  }
  std::string path;
  const auto asked = [&](std::string_view name) {
    if (!criteria_.by_path()) return name;
    return std::string_view(path.assign(step.path).append("/").append(name));
  };
  bool some = false;
  const auto wanted = [&](std::string_view name, EntryType type) {
    const bool may_match = criteria_.may_match(asked(name), type);
    some |= may_match;
    return may_match || type == EntryType::kDirectory;
  };
  std::vector<Entry> entries = decode_directory_leaf(in, wanted);
  if (!some && !criteria_.by_path() && seen.list != KnownNames::kNone)
    verdicts_[seen.list] = entries.empty() ? Verdict::kNothing : Verdict::kDirectories;
  for (Entry& entry : entries) {
    const std::string_view here = asked(entry.name);
    if (entry.type == EntryType::kDirectory) {
      Step child{entry.directory, path, step.depth + 1, 0};
      const bool leads_on = may_hold_any(child) && may_lead_on(child);
      seen.children.push_back({child.id, child.object});
      child.child = seen.children.size() - 1;
      if (leads_on) seen.directories.emplace_back(entry.name, std::move(child));
    }
    if (!criteria_.matches(here, entry, nullptr)) continue;
    const FoundTree::Identity identity = FoundTree::identity(entry.name, entry, nullptr);
    seen.matches.emplace_back(std::move(entry), identity);
  }
  return seen;
}

// Where no name is wanted, and paths don't count.   Thread-safe as look() is.
void FindSearch::look_for_directories(const Step& step, Decoder& in, ByteView names, Seen& seen) {
  const std::vector<ChunkId> ids = leaf_directories(in);
  const LeafNames leaf = decode_leaf_names(names);
  for (size_t i = 0; i < leaf.names.size(); ++i) {
    if (leaf.type(i) != EntryType::kDirectory) continue;
    Step child{ids[seen.children.size()], "", step.depth + 1, 0};
    const bool leads_on = may_lead_on(child);
    child.child = seen.children.size();
    seen.children.push_back({child.id, child.object});
    if (leads_on) seen.directories.emplace_back(leaf.names[i], std::move(child));
  }
}

}  // namespace cairn
