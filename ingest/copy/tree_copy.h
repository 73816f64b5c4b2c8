// The destination's tree objects, written bottom-up from the steps through the source's.
//
// Memory:   the open leaf of each directory on the way down, and of the long file at hand.
// Threads:  one thread at a time.
#pragma once

#include <deque>
#include <memory>

#include "ingest/copy/tree_steps.h"
#include "store/tree/chunk_list.h"

namespace cairn {

class TreeCopy {
 public:
  // All must outlive this.  `put` stores tree objects in the destination; `known` learns what became of the source's.
  TreeCopy(const PutObject& put, KnownIds& known, Monitor& monitor) : put_(put), known_(known), monitor_(monitor) {}

  // kCorrupt when a content isn't as long as its entry says.
  void add(CopyStep&& step);
  // The entries of the components so far, in order.   Requires: every kEnter was left.
  std::vector<Entry> take_components() { return std::move(components_); }

 private:
  struct OpenDirectory {
    Entry entry;     // the source's
    std::unique_ptr<DirectoryWriter> writer;
  };
  void add_content(CopyStep& step);
  void leave();
  void place(Entry&& entry);
  const PutObject& put_;
  KnownIds& known_;
  Monitor& monitor_;
  std::deque<OpenDirectory> open_;
  std::unique_ptr<ChunkListWriter> content_;
  std::vector<Entry> components_;
};

}  // namespace cairn
