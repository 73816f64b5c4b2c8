// Reads the trees and catalogues of snapshots into a FoundTree, each stored object once.
//
// Memory:   caches for reading of some 48 MB, 40 bytes (and the path, when patterns need it) for each object, and the FoundTree.
// Threads:  one thread at a time.
#pragma once

#include "ingest/find/criteria.h"
#include "ingest/find/found_tree.h"
#include "ingest/monitor.h"
#include "ingest/parts/part_view.h"
#include "store/read/chunk_reader.h"
#include "store/repository.h"

namespace cairn {

class FindSearch {
 public:
  // All must outlive this.
  FindSearch(Repository& repository, const FindCriteria& criteria, FoundTree& found, Monitor& monitor);

  // What matches in a snapshot; `component`: in this one only, "" for all.
  // What can't be read is told to monitor.error and counted once, however many snapshots share it.
  FoundTree::Node snapshot(const Manifest& manifest, const std::string& component);
  uint64_t failed() const { return failed_; }

 private:
  using Node = FoundTree::Node;
  Node component(const ComponentInfo& info, const Entry& entry, FoundTree::Builder& root);
  Node parts(PartView& view, const ComponentInfo& info, const Entry& entry);
  Node directory(const ChunkId& id, const std::string& path, int depth, int level);
  Node read_directory(const ChunkId& id, const std::string& path, int depth, int level);
  template <class Work>
  void guarded(const std::string& path, Work work);

  Repository& repository_;
  const FindCriteria& criteria_;
  FoundTree& found_;
  Monitor& monitor_;
  ChunkReader reader_;
  std::unordered_map<std::string, Node> searched_;   // by id, and the path when that counts
  uint64_t failed_ = 0;
};

}  // namespace cairn
