// The tree that an archive describes, whose entries come in any order.
//
// Memory:   all of it: some 500 bytes a file and its name and attributes.
// Threads:  one thread at a time.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "store/tree/entry.h"
#include "store/tree/object.h"

namespace cairn {

class ImportTree {
 public:
  // `root`: the component, and what directories are like that the archive has no entry for.
  explicit ImportTree(Entry root);

  // What stands at `path`, in place of what stood there before; a directory keeps what is in it.  A leading / and "." don't count.
  // `hard_link`: the path of an earlier file that this is another name of; `entry` has no content then.
  // kInvalidArgument for what can't stand in a tree: "..", names no file system has, something beneath a file or a link, a link to
  // what isn't there.
  void add(const std::string& path, Entry entry, const std::string* hard_link = nullptr);

  // Stores all directories; the component's entry.   Requires: called once.
  Entry finish(const PutObject& put);

 private:
  struct Node {
    Entry entry;
    std::map<std::string, std::unique_ptr<Node>> children;
  };
  Node& parent_of(const std::vector<std::string>& elements);
  const Entry& link_target(const std::string& path);
  void store(Node& directory, const PutObject& put);
  Node root_;
  Entry implied_;
  uint64_t link_groups_ = 0;
};

}  // namespace cairn
