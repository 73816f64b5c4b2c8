// The tree of one component in the source, step by step, in the order in which the destination's is written.
//
// Threads:  one thread at a time.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "ingest/copy/id_map.h"
#include "ingest/monitor.h"
#include "store/tree/directory.h"

namespace cairn {

struct CopyStep {
  enum class Kind { kEnter, kLeave, kEntry };
  Kind kind = Kind::kEntry;
  Entry entry;                  // of kEnter and kEntry.  What is known already (directory, content) is the destination's, the rest the source's
  std::string path;             // for messages
  bool content_due = false;     // entry.content is the source's: its bytes must be brought
  std::vector<ChunkRef> refs;   // of content_due, in the destination: a run of them; a long content has several steps
  bool last = true;             // of those
};

class TreeSteps {
 public:
  // `component`: its entry in the source's root.  `get` reads the source; `known` and `monitor` must outlive this.
  TreeSteps(GetObject get, Entry component, const KnownIds& known, Monitor& monitor);
  // nullopt at the end.   Errors: the store's when a directory can't be read; kInterrupted.
  std::optional<CopyStep> next();

 private:
  struct Level {
    DirectoryReader children;
    std::string path;
  };
  CopyStep begin(Entry&& entry, std::string path);
  GetObject get_;
  std::optional<Entry> component_;   // until the first step
  const KnownIds& known_;
  Monitor& monitor_;
  std::deque<Level> open_;
};

}  // namespace cairn
