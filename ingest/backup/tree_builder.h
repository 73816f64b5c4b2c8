// Builds the snapshot's trees from what the workers deliver, in tree order.
//
// Memory:   the open leaf of each directory on the way down, and of the long file at hand.
// Threads:  one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "ingest/backup/job.h"
#include "ingest/monitor.h"
#include "store/snapshot/manifest.h"
#include "store/tree/chunk_list.h"
#include "store/tree/directory.h"

namespace cairn {

class TreeBuilder {
 public:
  // `put` stores tree objects; both must outlive this.
  TreeBuilder(const PutObject& put, Monitor& monitor);
  void add(Stored&& stored);
  // Stores the root directory (entries: the components, by name) and fills the manifest: root, sizes, owners, counts.
  // Requires: manifest.components is in the order of the component numbers; it is sorted here.
  void finish(Manifest& manifest);
  size_t component_count() const { return roots_.size(); }

 private:
  struct OpenDirectory {
    Entry entry;
    std::unique_ptr<DirectoryWriter> writer;
  };
  void add_entry(JobEntry&& entry);
  void finish_directory();
  void place(Entry&& entry);
  const PutObject& put_;
  Monitor& monitor_;
  std::vector<OpenDirectory> open_;
  std::unique_ptr<ChunkListWriter> long_content_;
  size_t component_ = 0;
  std::vector<std::pair<size_t, Entry>> roots_;   // component number, its entry
  std::vector<uint64_t> new_bytes_;               // per component
  std::set<uint32_t> users_, groups_;
  SnapshotStats stats_;
};

}  // namespace cairn
