// What is to be done for the objects of a bucket, in tree order: which stay as they are, and which pieces of the others to get.
//
// Threads:  one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingest/backup.h"
#include "ingest/backup/job.h"
#include "ingest/backup/previous_tree.h"
#include "ingest/bucket/bucket_walk.h"

namespace cairn {

// As get_piece() wants it.
struct ObjectRange {
  std::string key, etag;           // etag: "" where any version will do, because it comes in one piece
  uint64_t offset_bytes = 0, length_bytes = 0;
};

struct BucketTask {
  std::vector<JobEntry> entries;
  std::optional<ObjectRange> get;  // of the last entry's object; without it all entries are complete
  bool continues = false;          // a further piece of the object of the task before; no entries
  uint64_t weight_bytes = 0;       // of what is got, as far as the list tells
};

class BucketPlan {
 public:
  // All must outlive this.  `root`: what the keys begin with; `shown`: what paths in messages begin with; `name`: of the component.
  BucketPlan(BucketWalk& walk, PreviousTree& previous, const BackupOptions& options, std::string root, std::string shown, std::string name)
      : walk_(walk), previous_(previous), options_(options), root_(std::move(root)), shown_(std::move(shown)), name_(std::move(name)) {}
  // nullopt at the end.
  std::optional<BucketTask> next();

 private:
  void add(WalkStep&& step, BucketTask& task);
  void add_object(WalkStep&& step, BucketTask& task);
  BucketWalk& walk_;
  PreviousTree& previous_;
  const BackupOptions& options_;
  const std::string root_, shown_, name_;
  ObjectRange rest_;               // of a long object: what comes after the piece that was planned last; length 0: nothing
};

}  // namespace cairn
