// Reads the trees and catalogues of snapshots into a FoundTree, each stored object once.
//
// Directories are read ahead, level by level and on all processors, and put together depth first.  What is known to hold no name that is
// wanted isn't read; what was read is known from then on.
// Memory:   a cache for reading of 8 MB, 16 bytes for each object beside KnownNames, what was read ahead (at most 64 Ki names and matches beyond
//           one batch, and 16 MB of names to be remembered), and the FoundTree.
// Threads:  one thread at a time; objects are read and compared on several.
#pragma once

#include <atomic>
#include <deque>

#include "ingest/find/criteria.h"
#include "ingest/find/found_tree.h"
#include "ingest/monitor.h"
#include "ingest/parts/part_view.h"
#include "store/cache/known_names.h"
#include "store/id_table.h"
#include "store/read/bulk_reader.h"
#include "store/repository.h"
#include "store/tree/directory_leaf.h"

namespace cairn {

class FindSearch {
 public:
  // All must outlive this.
  FindSearch(Repository& repository, const FindCriteria& criteria, FoundTree& found, KnownNames& known, Monitor& monitor);

  // What matches in a snapshot; `component`: in this one only, "" for all.
  // What can't be read is told to monitor.error and counted once, however many snapshots share it.
  FoundTree::Node snapshot(const Manifest& manifest, const std::string& component);
  uint64_t failed() const { return failed_; }

 private:
  using Node = FoundTree::Node;
  using Number = KnownNames::Number;
  Node component(const ComponentInfo& info, const Entry& entry, FoundTree::Builder& root);
  Node parts(PartView& view, const ComponentInfo& info, const Entry& entry);
  struct Place;
  // A directory's object on the way to it: `path` is empty unless the criteria go by it; `level`: of branches above this object within
  // its directory.
  struct Step {
    ChunkId id;
    std::string path;
    int depth = 1, level = 0;
    Number object = KnownNames::kNone;   // its number in what is known
    Place* place = nullptr;              // nullptr: not looked for, or not there yet
    size_t child = 0;                    // which of Seen::children, in what look() saw
  };
  struct Child {
    ChunkId id;
    Number object;   // kNone: none yet
  };
  // What was seen in one object.
  struct Seen {
    std::vector<std::pair<Entry, FoundTree::Identity>> matches;
    std::vector<std::pair<std::string, Step>> directories;   // by name
    std::vector<Step> pieces;                                // of a branch
    // For KnownNames.
    Number list = KnownNames::kNone;
    Bytes new_list;
    std::vector<Child> children;
    size_t weight() const { return 1 + matches.size() + directories.size() + pieces.size(); }
  };
  // What is known of an object, and of its path when that counts.
  struct Place {
    std::unique_ptr<Seen> ahead;   // read, not yet put together
    Node node = FoundTree::kNothing;
    bool searched = false, chosen = false;   // `node` holds; was to be read ahead, once is enough
  };
  ChunkId path_key(const Step& step) const;
  bool may_hold_any(const Step& step) const { return !criteria_.by_path() || criteria_.may_match_beneath(step.path); }
  Place& place_of(Step& step);
  bool may_lead_on(Step& step);
  enum class Verdict : uint8_t { kUnknown, kNothing, kDirectories, kSome };   // kDirectories: none is wanted, but in these there may be some
  Verdict verdict_of(const LeafNames& leaf, const std::string& path) const;
  std::unique_ptr<Seen> remembered(const Step& step);
  void learn(Step& step, Seen& seen);
  Node directory(Step& step);
  Node read_directory(Step& step, Place& place);
  void read_ahead(std::vector<Step*> steps);
  void read_batch(std::span<Step* const> batch, std::vector<Step*>& more);
  void note_list(ByteView names, Seen& seen);
  void keep(Step& step, std::unique_ptr<Seen> seen, std::vector<Step*>& more);
  Seen look(const Step& step, ByteView object);
  void look_for_directories(const Step& step, Decoder& in, ByteView names, Seen& seen);
  template <class Work>
  void guarded(const std::string& path, Work work);

  Repository& repository_;
  const FindCriteria& criteria_;
  FoundTree& found_;
  KnownNames& known_;
  Monitor& monitor_;
  BulkReader reader_;
  struct Nothing {};
  IdTable<Nothing> paths_;      // objects with their paths, when these count
  std::deque<Place> places_;    // by number in paths_, or in known_
  size_t ahead_weight_ = 0;   // of all Seen in them
  std::atomic<size_t> new_list_bytes_ = 0;   // in the batch
  std::deque<std::atomic<Verdict>> verdicts_;   // of the lists of KnownNames; all unknown when paths count
  const bool new_to_us_;        // there was nothing to remember
  std::unordered_map<std::string, Node> searched_parts_;
  uint64_t failed_ = 0;
};

}  // namespace cairn
