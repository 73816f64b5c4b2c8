// Prunes of a repository in memory, and what is there afterwards.
#pragma once

#include "store/notes/notes.h"
#include "store/prune/prune.h"
#include "tests/store/store_fixture.h"

namespace cairn {

class PruneTest : public StoreTest {
 protected:
  PruneReport prune_all(PruneOptions options = {}) { return prune_with(memory, options); }
  PruneReport prune_with(Backend& backend, PruneOptions options = {}) {
    Repository repository = open(backend, "pruner");
    PruneProgress progress;
    return prune(repository, options, progress);
  }
  void forget(const SnapshotId& id) {
    Repository repository = open(memory, "pruner");
    forget_snapshots(repository, {&id, 1});
  }
  Files restored(const Manifest& manifest) {
    Repository repository = open(memory, "reader" + std::to_string(++readers_));
    ReadBack read = read_back(repository, manifest);
    EXPECT_TRUE(read.errors.empty());
    return read.files;
  }
  void expect_sound() {
    Repository repository = open(memory, "checker" + std::to_string(++readers_));
    EXPECT_EQ(describe(check_all(repository)), "");
  }
  int readers_ = 0;
};

}  // namespace cairn
