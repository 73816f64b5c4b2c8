// A bucket as a component: its list, compared with the previous snapshot, and the objects that are new, as jobs for the workers.
//
//   list → plan → [GET, 16 at once] → jobs       (a reader thread | connections | whoever calls next(), in tree order)
//
// A piece of an object is asked for with the ETag of the version that is read.  When it became another one meanwhile, what was read of
// it is dropped, and it is read again, three times at most: an entry is never made of two versions.
//
// Memory:   64 MiB of pieces on their way and one more, and those of the walk.
// Errors:   from the constructor and next(): the server can't be reached, or doesn't list the bucket: nothing may be recorded then.
//           What can't be got of single objects is told to monitor.error, and left out.
// Threads:  next() by one thread at a time; open_object() thread-safe.
#pragma once

#include <memory>
#include <optional>

#include "ingest/backup/slicer.h"
#include "ingest/bucket/bucket_plan.h"
#include "ingest/bucket/object_content.h"
#include "ingest/pipeline.h"

namespace cairn {

class BucketSource {
 public:
  // Reads the list.  All must outlive this, and this the jobs.   Requires: source.bucket.
  BucketSource(const SourceSpec& source, PreviousTree& previous, const ChunkerParams& params, const CutPolicy& policy,
               const BackupOptions& options, Monitor& monitor);
  ~BucketSource();

  // Without the number of the component; nullopt at the end.
  std::optional<Job> next();

 private:
  struct Fetched {
    std::vector<JobEntry> entries;
    bool continues = false;
    uint64_t offset_bytes = 0;
    std::optional<ObjectPiece> piece;   // of the last entry
  };
  void read_list();
  Fetched fetch(BucketTask&& task);
  bool look_ahead();
  ObjectPiece next_piece(const std::string& key, const std::string& etag, uint64_t offset);
  void begin_object(Job& job, JobEntry&& entry, ObjectPiece&& piece);
  void begin_whole(Job& job, JobEntry&& entry, ObjectPiece&& piece);
  bool open_again();
  void fail(Job& job, JobEntry&& entry, const std::string& why);
  Job next_slice();

  const SourceSpec& source_;
  const ChunkerParams& params_;
  const CutPolicy policy_;
  Monitor& monitor_;
  S3Client client_;
  const OpenObject open_object_;
  const std::string shown_;                  // what paths in messages begin with
  std::unique_ptr<BucketWalk> walk_;
  std::unique_ptr<BucketPlan> plan_;
  std::optional<Fetched> ahead_;             // taken, not used yet

  // The long object being sliced.
  std::unique_ptr<ObjectContent> content_;
  std::unique_ptr<Slicer> slicer_;
  std::optional<JobEntry> long_entry_;
  int attempts_ = 0;
  bool again_ = false;                       // what the workers have of it doesn't count

  std::unique_ptr<OrderedPrefetch<BucketTask, Fetched>> fetched_;   // last: its threads use what is above
};

}  // namespace cairn
