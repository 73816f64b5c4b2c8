#include "store/check/tree_scan.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "store/read/chunk_reader.h"
#include "store/tree/catalogue.h"
#include "store/tree/chunk_list.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kNoDamage = SIZE_MAX;

// Walks snapshots; a subtree that was found whole is not walked again, whichever snapshot it is in.
class TreeScan {
 public:
  TreeScan(Repository& repository, const LostChunks& lost, CheckProgress& progress, CheckReport& report)
      : keys_(repository.keys()), index_(repository.index()), lost_(lost), progress_(progress), report_(report),
        reader_(repository.backend(), repository.keys(), index_, 32 << 20) {}

  // True when nothing of it is damaged.
  bool snapshot(const Manifest& m) {
    snapshot_ = m.id.hex();
    hurt_ = false;
    directory(m.root, "");
    for (const ComponentInfo& component : m.components) {
      if (!component.catalogue.is_zero()) catalogue(m, component);
      if (!component.recipe_list.is_zero()) recipe(component);
    }
    return !hurt_;
  }
  uint64_t unreferenced(const std::vector<StoredFile>& packs) const {
    uint64_t bytes = 0;
    for (const StoredFile& file : packs) {
      auto id = id_in_name<PackId>(file.name);
      if (id && !needed_packs_.contains(*id)) bytes += file.size_bytes;
    }
    return bytes;
  }

 private:
  void hurt(size_t damage, const std::string& path) {
    hurt_ = true;
    Damage& d = report_.damage[damage];
    ++d.victim_count;
    if (d.victims.size() < kMostVictims) d.victims.push_back({snapshot_, path});
  }
  // Damage for a thing nothing else explains; one for each reason.
  size_t unexplained(const std::string& file, const std::string& what) {
    auto [at, fresh] = explained_.emplace(what, report_.damage.size());
    if (fresh) report_.damage.push_back({file, what, {}, 0});
    return at->second;
  }

  void need(uint32_t pack) {
    if (seen_packs_.insert(pack).second) needed_packs_.insert(index_.pack(pack).id);
  }

  // kNoDamage, or the damage that takes this chunk away.
  size_t damage_of(const ChunkId& id, const std::optional<Location>& at) {
    if (auto found = lost_.find(id); found != lost_.end()) return found->second;
    if (!at) return unexplained("packs/", "chunk " + id.hex() + " is in no pack");
    need(at->pack);
    return kNoDamage;
  }

  Buffer object(const ChunkId& id) {
    if (size_t damage = damage_of(id, index_.find(id)); damage != kNoDamage)
      throw Error(ErrorCode::kNotFound, std::to_string(damage));
    ++report_.objects;
    return reader_.get(id);
  }
  GetObject object_source() {
    return [this](const ChunkId& id) { return object(id); };
  }

  // Records why a tree object can't be had: kNotFound carries the number of the damage.
  void broken(const Error& e, const ChunkId& id, const std::string& path) {
    bool known = e.code() == ErrorCode::kNotFound && std::string_view(e.what()).find_first_not_of("0123456789") == std::string_view::npos;
    hurt(known ? std::stoull(e.what()) : unexplained(object_name(id), e.what()), path);
  }

  // True when everything beneath is whole.
  bool directory(const ChunkId& id, const std::string& path) {
    if (whole_.contains(id)) return true;
    bool whole = true;
    try {
      require_depth(path);
      DirectoryReader children(object_source(), id);
      while (const Entry* child = children.next()) {
        progress_.check_interrupted();
        Entry entry = *child;
        std::string child_path = path.empty() ? entry.name : path + "/" + entry.name;
        if (entry.type == EntryType::kDirectory) whole &= directory(entry.directory, child_path);
        if (entry.type == EntryType::kFile) whole &= content(entry, child_path);
      }
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kInterrupted) throw;
      broken(e, id, path);
      whole = false;
    }
    if (whole) whole_.insert(id);
    return whole;
  }

  bool content(const Entry& entry, const std::string& path) {
    if (entry.content.kind == Content::Kind::kList && whole_.contains(entry.content.list)) return true;
    std::set<size_t> reasons;
    try {
      ChunkListReader list(object_source(), entry.content);
      for (auto refs = list.next(); !refs.empty(); refs = list.next()) {
        ids_.clear();
        for (const ChunkRef& ref : refs)
          if (!ref.is_zeros()) ids_.push_back(ref.id);
        index_.find_many(ids_, places_);
        for (size_t i = 0; i < ids_.size(); ++i)
          if (size_t damage = damage_of(ids_[i], places_[i]); damage != kNoDamage) reasons.insert(damage);
      }
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kInterrupted) throw;
      broken(e, entry.content.list, path);
      return false;
    }
    for (size_t damage : reasons) hurt(damage, path);
    if (reasons.empty() && entry.content.kind == Content::Kind::kList) whole_.insert(entry.content.list);
    return reasons.empty();
  }

  // Parts must lie in the stream that they are parts of.
  void catalogue(const Manifest& m, const ComponentInfo& component) {
    try {
      auto entry = DirectoryReader::find(reader_.object_source(), m.root, component.name);
      if (!entry || entry->type != EntryType::kFile) throw Error(ErrorCode::kCorrupt, "a catalogue of parts, but no stream that has them");
      auto [known, fresh] = least_content_.try_emplace(component.catalogue, UINT64_MAX);
      if (entry->size_bytes >= known->second) return;   // walked before, for a stream that wasn't longer
      CatalogueReader parts(object_source(), component.catalogue, entry->size_bytes);
      uint64_t count = 0;
      for (; parts.next(); ++count) progress_.check_interrupted();
      if (count != parts.count()) throw Error(ErrorCode::kCorrupt, object_name(component.catalogue) + ": holds another number of parts than it says");
      known->second = entry->size_bytes;
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kInterrupted) throw;
      broken(e, component.catalogue, component.name);
    }
  }

  void recipe(const ComponentInfo& component) {
    Entry entry;
    entry.size_bytes = component.recipe_bytes;
    entry.content.kind = Content::Kind::kList;
    entry.content.list = component.recipe_list;
    content(entry, component.name);
  }

  const Keyring& keys_;
  const Index& index_;
  const LostChunks& lost_;
  CheckProgress& progress_;
  CheckReport& report_;
  ChunkReader reader_;
  std::string snapshot_;
  bool hurt_ = false;
  std::unordered_set<ChunkId, IdHash> whole_;
  std::unordered_map<ChunkId, uint64_t, IdHash> least_content_;   // catalogue → the shortest stream that its parts were found to lie in
  std::unordered_map<std::string, size_t> explained_;
  std::unordered_set<uint32_t> seen_packs_;
  std::unordered_set<PackId, IdHash> needed_packs_;
  std::vector<ChunkId> ids_;
  std::vector<std::optional<Location>> places_;
};

}  // namespace

SnapshotList open_snapshots(Repository& repository, CheckReport& report) {
  SnapshotList list = list_snapshots(repository.backend(), repository.keys());
  for (const SnapshotList::Problem& problem : list.problems) {
    const auto id = id_in_name<SnapshotId>(problem.file);
    const bool damaged = id && std::ranges::find(list.damaged, *id) != list.damaged.end();
    if (damaged) report.damage.push_back({problem.file, problem.what, {{id->hex(), ""}}, 1});
    else if (id) report.notes.push_back(problem.what);
  }
  return list;
}

namespace {

// Each snapshot names the one its author saved before it on that host: a gap in that chain is a file that was taken away.
// Unless an owner noted that he forgot it.
void check_chain(const SnapshotList& list, CheckReport& report) {
  std::unordered_set<SnapshotId, IdHash> present;
  for (const Manifest& m : list.snapshots) present.insert(m.id);
  for (const SnapshotId& id : list.damaged) present.insert(id);  // there, but told already
  for (const Manifest& m : list.snapshots) {
    if (m.previous.is_zero() || list.notes.forgotten(m.previous) || !present.insert(m.previous).second) continue;
    report.damage.push_back({snapshot_name(m.previous), "missing: snapshot " + m.id.hex().substr(0, 16) + " was saved after it",
                             {{m.previous.hex(), ""}}, 1});
  }
}

// A code stands for one state: that snapshot, and all its author had saved before.
void check_expected(const SnapshotList& list, const std::vector<Witness>& expected, CheckReport& report) {
  for (const Witness& witness : expected) {
    const std::string code = witness_text(witness);
    const auto there = std::ranges::find(list.snapshots, witness, &Manifest::witness);
    const auto forgotten = std::ranges::find_if(list.notes.all(), [&](const Statement& s) {
      return s.kind == Statement::Kind::kForgotten && s.witness == witness;
    });
    if (there != list.snapshots.end())
      report.notes.push_back(code + ": the repository has this state or a newer one: it is the code of snapshot " + there->id.hex().substr(0, 16));
    else if (forgotten != list.notes.all().end())
      report.notes.push_back(code + ": the code of snapshot " + forgotten->snapshot.hex().substr(0, 16) + ", which an owner has forgotten since");
    else
      report.damage.push_back({"snapshots/", "the repository doesn't have the state this code was given for: " + code, {}, 0});
  }
}

}  // namespace

void scan_trees(Repository& repository, const SnapshotList& list, const LostChunks& lost, const std::vector<Witness>& expected,
                CheckProgress& progress, CheckReport& report) {
  check_chain(list, report);
  check_expected(list, expected, report);
  TreeScan scan(repository, lost, progress, report);
  for (const Manifest& m : list.snapshots) {
    ++report.snapshots;
    if (scan.snapshot(m)) report.whole.push_back(m.id);
  }
  report.unreferenced_bytes = scan.unreferenced(repository.backend().list("packs/"));
}

}  // namespace cairn
