#include "ingest/diff/tree_diff.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "store/parallel.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

using Change = Difference::Change;

constexpr size_t kBatch = 256;                          // objects read together
constexpr size_t kAtOnce = 128;                         // directories: what they need of one frame is read while it is open
constexpr size_t kMostObjectBytesAhead = 8 << 20;       // of those directories, and a batch
constexpr size_t kLeastCompared = 4;                    // pairs of directories: below this a thread costs more than it saves
constexpr size_t kMostItemsAhead = 64 << 10;            // about 200 bytes each, and those of kAtOnce directories

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

// What is to be told of one name, and the directories of that name that differ.
struct Item {
  std::string name;
  std::optional<Difference> difference;   // its path is still to come
  std::optional<std::pair<ChunkId, ChunkId>> directories;
};

class TreeDiff {
 public:
  TreeDiff(BulkReader& reader, const VisitDifference& visit, Monitor& monitor) : reader_(reader), visit_(visit), monitor_(monitor) {}

  void entries(const Entry& before, const Entry& after, const std::string& path) { tell(item_of(&before, &after), path); }

 private:
  static Item item_of(const Entry* before, const Entry* after) {
    Item item{(after ? after : before)->name, {}, {}};
    if (!before || !after) item.difference = difference(before ? Change::kRemoved : Change::kAdded, "", before, after);
    else if (!same(*before, *after)) item.difference = difference(Change::kChanged, "", before, after);
    if (before && after && before->type == EntryType::kDirectory && after->type == EntryType::kDirectory && before->directory != after->directory)
      item.directories.emplace(before->directory, after->directory);
    return item;
  }

  void tell(Item item, const std::string& path) {
    monitor_.check_interrupted();
    if (item.difference) {
      item.difference->path = path;
      visit_(*item.difference);
    }
    if (item.directories) directories(*item.directories, path);
  }

  void directories(const std::pair<ChunkId, ChunkId>& both, const std::string& path) {
    require_depth(path);
    if (!compared_.contains(both)) read_ahead({both});
    if (const auto known = compared_.find(both); known != compared_.end()) {
      std::vector<Item> items = std::move(known->second);
      compared_.erase(known);
      items_ahead_ -= items.size();
      for (Item& item : items) {
        std::string child = path + "/" + item.name;
        tell(std::move(item), child);
      }
      return;
    }
    Apart apart{{both.first}, {both.second}};   // long ones, leaf by leaf; damaged ones, to say what is wrong
    for (int level = 0; expand(apart); ++level)
      if (level > kMostObjectLevels) throw Error(ErrorCode::kCorrupt, object_name(both.first) + ": nested too deeply");
    compare(apart, [&](Item item) {
      std::string child = path + "/" + item.name;
      tell(std::move(item), child);
    });
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
        Decoder in(diff_.object(id), object_name(id));
        if (open_object(in) != ObjectKind::kDirectoryLeaf) in.fail("not a directory");
        leaf_ = decode_directory_leaf(in);
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

  // Calls use(Item) for every name that is to be told or gone into, in order.   Requires: leaves.
  template <class Use>
  void compare(const Apart& apart, Use use) {
    Leaves left(*this, apart.before), right(*this, apart.after);
    const Entry *a = left.next(), *b = right.next();
    while (a || b) {
      const bool only_a = a && (!b || a->name < b->name), only_b = b && (!a || b->name < a->name);
      Item item = item_of(only_b ? nullptr : a, only_a ? nullptr : b);
      if (item.difference || item.directories) use(std::move(item));
      if (!only_b) a = left.next();
      if (!only_a) b = right.next();
    }
  }

  // Puts children in the place of branches; true when there were any.
  bool expand(Apart& apart) {
    bool any = false;
    for (auto* side : {&apart.before, &apart.after}) {
      std::vector<ChunkId> below;
      for (const ChunkId& id : *side) {
        Decoder in(object(id), object_name(id));
        if (open_object(in) != ObjectKind::kDirectoryBranch) {
          below.push_back(id);
          continue;
        }
        any = true;
        for (const DirectoryChild& child : decode_directory_branch(in)) below.push_back(child.id);
      }
      *side = std::move(below);
    }
    drop_shared(apart);
    return any;
  }

  // Valid until the next call.
  ByteView object(const ChunkId& id) {
    const auto found = objects_.find(id);
    return found != objects_.end() ? found->second.view() : reader_.single().chunk(id);
  }

  using Pairs = std::vector<std::pair<ChunkId, ChunkId>>;

  // Compares directories, and level by level what lies apart in them, as long as there is room.  Long ones and what can't be read
  // are left out.
  void read_ahead(Pairs level) {
    while (!level.empty() && items_ahead_ < kMostItemsAhead) {
      sort_by_place(level);
      Pairs below;
      for (std::span<const std::pair<ChunkId, ChunkId>> left = level; !left.empty() && items_ahead_ < kMostItemsAhead;) {
        const size_t some = std::min(kAtOnce, left.size());
        compare_ahead(left.first(some), below);
        objects_.clear();
        object_bytes_ = 0;
        left = left.subspan(some);
      }
      level = std::move(below);
    }
  }

  // By where the older side is: the newer ones lie together anyway.   What was looked up is kept for fetch().
  void sort_by_place(Pairs& level) {
    std::vector<ChunkId> ids;
    for (const auto& [before, after] : level) ids.insert(ids.end(), {before, after});
    std::vector<std::optional<Location>> places;
    reader_.locate(ids, places);
    places_.clear();
    std::vector<std::tuple<uint32_t, uint32_t, size_t>> order;
    for (size_t i = 0; i < level.size(); ++i) {
      const auto& place = places[2 * i];
      order.emplace_back(place ? place->pack : 0, place ? place->frame : 0, i);
    }
    for (size_t i = 0; i < ids.size(); ++i)
      if (places[i]) places_.emplace(ids[i], *places[i]);
    std::ranges::sort(order);
    Pairs sorted;
    for (const auto& [pack, frame, i] : order) sorted.push_back(level[i]);
    level = std::move(sorted);
  }

  // Two directories on the way to being compared.
  struct Open {
    std::pair<ChunkId, ChunkId> both;
    Apart apart;
    std::vector<Item> items;
  };

  void compare_ahead(std::span<const std::pair<ChunkId, ChunkId>> pairs, Pairs& below) {
    std::vector<Open> open, ready;
    for (const auto& both : pairs) open.push_back({both, {{both.first}, {both.second}}, {}});
    auto here = [&](const ChunkId& id) { return objects_.contains(id); };
    for (int round = 0; !open.empty() && round <= kMostObjectLevels; ++round) {
      std::vector<ChunkId> ids;
      for (const Open& one : open)
        for (const auto* side : {&one.apart.before, &one.apart.after})
          std::ranges::copy_if(*side, std::back_inserter(ids), [&](const ChunkId& id) { return !here(id); });
      fetch(std::move(ids));
      std::erase_if(open, [&](Open& one) {
        if (!std::ranges::all_of(one.apart.before, here) || !std::ranges::all_of(one.apart.after, here)) return true;
        if (expand(one.apart)) return false;
        ready.push_back(std::move(one));
        return true;
      });
    }
    compare_all(ready);
    for (Open& one : ready) {
      for (const Item& item : one.items)
        if (item.directories) below.push_back(*item.directories);
      items_ahead_ += one.items.size();
      const size_t count = one.items.size();
      if (!compared_.emplace(one.both, std::move(one.items)).second) items_ahead_ -= count;
    }
  }

  // Side by side: making entries of what was read takes longer than reading it.   Requires: all their objects are here.
  void compare_all(std::span<Open> ready) {
    const size_t lanes = std::clamp<size_t>(ready.size() / kLeastCompared, 1, processor_count());
    in_parallel(lanes, [&](size_t lane) {
      for (size_t i = lane; i < ready.size(); i += lanes)
        compare(ready[i].apart, [&](Item item) { ready[i].items.push_back(std::move(item)); });
    });
  }

  void fetch(std::vector<ChunkId> ids) {
    std::ranges::sort(ids);
    ids.erase(std::ranges::unique(ids).begin(), ids.end());
    for (std::span<const ChunkId> left = ids; !left.empty() && object_bytes_ < kMostObjectBytesAhead;) {
      monitor_.check_interrupted();
      fetch_batch(left.first(std::min(kBatch, left.size())));
      left = left.subspan(std::min(kBatch, left.size()));
    }
  }

  void fetch_batch(std::span<const ChunkId> ids) {
    std::vector<PlacedChunk> placed;
    std::vector<ChunkId> elsewhere;   // what directories in several objects consist of
    for (const ChunkId& id : ids) {
      if (const auto known = places_.find(id); known != places_.end()) placed.push_back({id, known->second});
      else elsewhere.push_back(id);
    }
    std::vector<std::optional<Location>> places;
    reader_.locate(elsewhere, places);
    for (size_t i = 0; i < elsewhere.size(); ++i)
      if (places[i]) placed.push_back({elsewhere[i], *places[i]});
    std::vector<Buffer> objects(placed.size());
    try {
      reader_.read(placed, [&](size_t i, ByteView bytes) { objects[i] = Buffer::copy_of(bytes); });
    } catch (const Error&) {
    }
    for (size_t i = 0; i < placed.size(); ++i) {
      if (objects[i].empty()) continue;
      object_bytes_ += objects[i].size();
      objects_.emplace(placed[i].id, std::move(objects[i]));
    }
  }

  BulkReader& reader_;
  const VisitDifference& visit_;
  Monitor& monitor_;
  std::map<std::pair<ChunkId, ChunkId>, std::vector<Item>> compared_;   // not told yet
  size_t items_ahead_ = 0;
  std::unordered_map<ChunkId, Buffer, IdHash> objects_;                 // of the directories that are being compared ahead
  size_t object_bytes_ = 0;
  std::unordered_map<ChunkId, Location, IdHash> places_;                // of the level that is being compared ahead
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
