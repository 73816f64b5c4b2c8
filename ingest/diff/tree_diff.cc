#include "ingest/diff/tree_diff.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

#include "store/tree/directory.h"

namespace cairn {

namespace {

using Change = Difference::Change;

constexpr size_t kBatch = 1 << 10;                 // objects read together
constexpr size_t kAtOnce = 128;                    // directories: what they need of one frame is read while it is open
constexpr size_t kMostAheadBytes = 32 << 20;       // of objects that were read ahead, and a batch

Difference difference(Change change, const std::string& path, const Entry* before, const Entry* after) {
  Difference out;
  out.change = change;
  out.path = path;
  out.kind = entry_kind((after ? after : before)->type);
  out.bytes_before = before ? before->size_bytes : 0;
  out.bytes_after = after ? after->size_bytes : 0;
  return out;
}

// What a restore would make otherwise; inode and ctime are of no concern to it.
bool same(const Entry& a, const Entry& b) {
  return a.type == b.type && a.mode == b.mode && a.uid == b.uid && a.gid == b.gid && a.target == b.target && a.device == b.device &&
         a.xattrs == b.xattrs && (a.type == EntryType::kDirectory || (a.mtime_ns == b.mtime_ns && a.size_bytes == b.size_bytes && a.content == b.content));
}

// The objects of two directories that only one of them has, in order: at first the two roots, in the end leaves.
struct Apart {
  std::vector<ChunkId> before, after;
};

void drop_shared(Apart& apart) {
  const std::unordered_set<ChunkId, IdHash> in_before(apart.before.begin(), apart.before.end());
  std::unordered_set<ChunkId, IdHash> shared;
  for (const ChunkId& id : apart.after)
    if (in_before.contains(id)) shared.insert(id);
  for (auto* side : {&apart.before, &apart.after}) std::erase_if(*side, [&](const ChunkId& id) { return shared.contains(id); });
}

class TreeDiff {
 public:
  TreeDiff(BulkReader& reader, const VisitDifference& visit, Monitor& monitor) : reader_(reader), visit_(visit), monitor_(monitor) {}

  void entries(const Entry& before, const Entry& after, const std::string& path) {
    if (!same(before, after)) visit_(difference(Change::kChanged, path, &before, &after));
    if (before.type == EntryType::kDirectory && after.type == EntryType::kDirectory) directories(before.directory, after.directory, path);
  }

 private:
  void directories(const ChunkId& before, const ChunkId& after, const std::string& path) {
    if (before == after) return;
    require_depth(path);
    if (!ahead_.contains(before) && !ahead_.contains(after)) read_ahead({{{before}, {after}}});
    Apart apart{{before}, {after}};
    for (int level = 0; expand(apart, false); ++level)
      if (level > kMostObjectLevels) throw Error(ErrorCode::kCorrupt, object_name(before) + ": nested too deeply");
    Leaves left(*this, apart.before), right(*this, apart.after);
    const Entry *a = left.next(), *b = right.next();
    while (a || b) {
      monitor_.check_interrupted();
      const bool only_a = a && (!b || a->name < b->name), only_b = b && (!a || b->name < a->name);
      const std::string child = path + "/" + (only_b ? b->name : a->name);
      if (only_a) visit_(difference(Change::kRemoved, child, a, nullptr));
      else if (only_b) visit_(difference(Change::kAdded, child, nullptr, b));
      else entries(*a, *b, child);
      if (!only_b) a = left.next();
      if (!only_a) b = right.next();
    }
  }

  // The entries of some leaves, one leaf at a time.
  class Leaves {
   public:
    Leaves(TreeDiff& diff, const std::vector<ChunkId>& ids) : diff_(diff), ids_(ids) {}
    const Entry* next() {
      while (at_ == leaf_.size()) {
        if (next_leaf_ == ids_.size()) return nullptr;
        const ChunkId& id = ids_[next_leaf_++];
        const std::string last = leaf_.empty() ? "" : leaf_.back().name;
        leaf_ = decode_leaf(id, diff_.take(id));
        at_ = 0;
        if (!last.empty() && !leaf_.empty() && !(last < leaf_.front().name))
          throw Error(ErrorCode::kCorrupt, "directory: names out of order: \"" + printable(leaf_.front().name) + "\"");
      }
      return &leaf_[at_++];
    }

   private:
    TreeDiff& diff_;
    const std::vector<ChunkId>& ids_;
    size_t next_leaf_ = 0, at_ = 0;
    std::vector<Entry> leaf_;
  };

  static std::vector<Entry> decode_leaf(const ChunkId& id, ByteView object) {
    Decoder in(object, object_name(id));
    if (open_object(in) != ObjectKind::kDirectoryLeaf) in.fail("not a directory");
    return decode_directory_leaf(in);
  }

  // Puts children in the place of branches; true when there were any.   `keep` the branches that were read ahead.
  bool expand(Apart& apart, bool keep) {
    bool any = false;
    for (auto* side : {&apart.before, &apart.after}) {
      std::vector<ChunkId> below;
      for (const ChunkId& id : *side) {
        const ByteView object = look(id);
        Decoder in(object, object_name(id));
        if (open_object(in) != ObjectKind::kDirectoryBranch) {
          below.push_back(id);
          continue;
        }
        any = true;
        for (const DirectoryChild& child : decode_directory_branch(in)) below.push_back(child.id);
        if (!keep) forget(id);
      }
      *side = std::move(below);
    }
    drop_shared(apart);
    return any;
  }

  // Valid until the next call.
  ByteView look(const ChunkId& id) {
    const auto found = ahead_.find(id);
    return found != ahead_.end() ? found->second.view() : reader_.single().chunk(id);
  }
  Buffer take(const ChunkId& id) {
    const auto found = ahead_.find(id);
    if (found == ahead_.end()) return reader_.single().get(id);
    Buffer object = std::move(found->second);
    ahead_bytes_ -= object.size();
    ahead_.erase(found);
    return object;
  }
  void forget(const ChunkId& id) {
    if (ahead_.contains(id)) take(id);
  }

  // Reads what lies apart, level by level, as long as there is room.  What can't be read is left out: whoever needs it tries again.
  void read_ahead(std::vector<Apart> level) {
    while (!level.empty() && ahead_bytes_ < kMostAheadBytes) {
      sort_by_place(level);
      std::vector<Apart> below;
      for (std::span<Apart> left = level; !left.empty() && ahead_bytes_ < kMostAheadBytes;) {
        const size_t some = std::min(kAtOnce, left.size());
        read_leaves(left.first(some), below);
        left = left.subspan(some);
      }
      level = std::move(below);
    }
  }

  // By where the older side is: the newer ones lie together anyway.
  void sort_by_place(std::vector<Apart>& level) const {
    std::vector<ChunkId> ids;
    for (const Apart& apart : level) ids.push_back(apart.before.front());
    std::vector<std::optional<Location>> places;
    reader_.locate(ids, places);
    std::vector<std::pair<std::pair<uint32_t, uint32_t>, size_t>> order;
    for (size_t i = 0; i < ids.size(); ++i) order.push_back({places[i] ? std::pair(places[i]->pack, places[i]->frame) : std::pair(0u, 0u), i});
    std::ranges::sort(order);
    std::vector<Apart> sorted;
    for (const auto& [place, i] : order) sorted.push_back(std::move(level[i]));
    level = std::move(sorted);
  }

  // From the roots of some directories down to their leaves; what lies apart in them goes to `below`.
  void read_leaves(std::span<Apart> roots, std::vector<Apart>& below) {
    std::vector<Apart> open(std::make_move_iterator(roots.begin()), std::make_move_iterator(roots.end()));
    for (int round = 0; !open.empty() && round <= kMostObjectLevels; ++round) {
      fetch(open);
      std::vector<Apart> further;
      for (Apart& apart : open) {
        if (!is_here(apart)) continue;
        if (expand(apart, true)) further.push_back(std::move(apart));
        else add_directories(apart, below);
      }
      open = std::move(further);
    }
  }

  bool is_here(const Apart& apart) const {
    auto here = [&](const ChunkId& id) { return ahead_.contains(id); };
    return std::ranges::all_of(apart.before, here) && std::ranges::all_of(apart.after, here);
  }

  void fetch(const std::vector<Apart>& wanted) {
    std::vector<ChunkId> ids;
    for (const Apart& apart : wanted)
      for (const auto* side : {&apart.before, &apart.after})
        for (const ChunkId& id : *side)
          if (!ahead_.contains(id)) ids.push_back(id);
    std::ranges::sort(ids);
    ids.erase(std::ranges::unique(ids).begin(), ids.end());
    for (std::span<const ChunkId> left = ids; !left.empty() && ahead_bytes_ < kMostAheadBytes;) {
      monitor_.check_interrupted();
      fetch_batch(left.first(std::min(kBatch, left.size())));
      left = left.subspan(std::min(kBatch, left.size()));
    }
  }

  void fetch_batch(std::span<const ChunkId> ids) {
    std::vector<std::optional<Location>> places;
    reader_.locate(ids, places);
    std::vector<PlacedChunk> placed;
    for (size_t i = 0; i < ids.size(); ++i)
      if (places[i]) placed.push_back({ids[i], *places[i]});
    std::vector<Buffer> objects(placed.size());
    try {
      reader_.read(placed, [&](size_t i, ByteView object) { objects[i] = Buffer::copy_of(object); });
    } catch (const Error&) {
    }
    for (size_t i = 0; i < placed.size(); ++i) {
      if (objects[i].empty()) continue;
      ahead_bytes_ += objects[i].size();
      ahead_.emplace(placed[i].id, std::move(objects[i]));
    }
  }

  // Directories of one name that lie apart.  Of damaged leaves none: whoever needs them says what is wrong.
  void add_directories(const Apart& apart, std::vector<Apart>& below) {
    std::unordered_map<std::string, ChunkId> before;
    try {
      for (const ChunkId& id : apart.before)
        for (Entry& entry : decode_leaf(id, look(id)))
          if (entry.type == EntryType::kDirectory) before.emplace(std::move(entry.name), entry.directory);
      for (const ChunkId& id : apart.after)
        for (const Entry& entry : decode_leaf(id, look(id))) {
          if (entry.type != EntryType::kDirectory) continue;
          const auto found = before.find(entry.name);
          if (found != before.end() && found->second != entry.directory) below.push_back({{found->second}, {entry.directory}});
        }
    } catch (const Error&) {
    }
  }

  BulkReader& reader_;
  const VisitDifference& visit_;
  Monitor& monitor_;
  std::unordered_map<ChunkId, Buffer, IdHash> ahead_;   // read, not yet compared
  size_t ahead_bytes_ = 0;
};

}  // namespace

std::string_view entry_kind(EntryType type) {
  switch (type) {
    case EntryType::kFile: return "file";
    case EntryType::kDirectory: return "directory";
    case EntryType::kSymlink: return "link";
    case EntryType::kFifo: return "fifo";
    case EntryType::kCharDevice:
    case EntryType::kBlockDevice: return "device";
  }
  return "unknown";
}

void diff_entries(BulkReader& reader, const Entry& before, const Entry& after, const std::string& path, const VisitDifference& visit,
                  Monitor& monitor) {
  TreeDiff(reader, visit, monitor).entries(before, after, path);
}

}  // namespace cairn
