// Looks out for rollbacks of one repository, from one machine: loads what it saw, compares, and remembers what it sees.
//
// Threads:  one thread at a time.
// Lifetime: the repository must outlive it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/repository.h"
#include "store/notes/snapshot_list.h"
#include "store/seen/seen.h"

namespace cairn {

class Watch {
 public:
  // `accept_rollback`: what is there now is right, whatever was seen before.
  Watch(Repository& repository, bool accept_rollback);

  // What the storage lacks of what was seen, by names alone: one listing; the first time only.
  const std::vector<Rollback>& rollbacks();
  // The same by a listing with snapshots/ and gc/ that is there anyway.
  const std::vector<Rollback>& rollbacks(const FolderListing& seen);
  // The same when all snapshots were opened anyway: no listing more, and they are remembered.
  const std::vector<Rollback>& rollbacks(const SnapshotList& list);
  // For commands that write.  kCorrupt when anything was rolled back: what they add would hide it.
  void require_no_rollback();
  // A snapshot that was just made.
  void made(const Manifest& manifest);
  // Why what was seen couldn't be remembered, "" when it could.  Nothing else depends on it.
  const std::string& trouble() const { return trouble_; }

 private:
  void look_at(const ShownState& shown, std::vector<SeenSnapshot> opened);
  void save();

  Repository& repository_;
  const bool accept_;
  const std::string path_;
  std::optional<Seen> before_;     // as it was loaded
  Seen seen_;
  std::optional<std::vector<Rollback>> rollbacks_;
  std::string trouble_;
};

}  // namespace cairn
