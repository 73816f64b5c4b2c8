// The tree of the previous snapshot, walked in step with the directory that is being backed up: both are sorted by name.
// A previous tree that can't be read is as good as none: everything is read again.
//
// Threads:  one thread at a time.
#pragma once

#include <memory>
#include <vector>

#include "store/tree/directory.h"

namespace cairn {

class PreviousTree {
 public:
  // No previous tree.
  PreviousTree() = default;
  // `get`: where its directories are, used by one thread at a time; `root`: the entry of the component.
  PreviousTree(GetObject get, Entry root);

  // In step with the walk: the entry of this name in the directory that was entered last (nullptr: it wasn't there).  Names must
  // come in order.  Valid until the next call.
  const Entry* find(const std::string& name);
  void enter(const std::string& name, bool is_root);
  void leave();
  // The root itself, for a component that is a single file.
  const Entry* root() const { return root_ ? &*root_ : nullptr; }

 private:
  struct Level {
    std::optional<DirectoryReader> entries;   // nothing: the directory wasn't there
    const Entry* at = nullptr;                // the next one not yet passed
  };
  void push(const Entry* directory);
  GetObject get_;
  std::optional<Entry> root_;
  std::vector<std::unique_ptr<Level>> levels_;
};

}  // namespace cairn
