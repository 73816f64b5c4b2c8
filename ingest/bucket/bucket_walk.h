// The objects of a bucket beneath a prefix, as the steps of a walk through the tree that their keys make: depth first, names in byte
// order.  The list is read whole before the first step, so a list that breaks off makes no steps.
//
// Memory:   that of a RecordSorter, which spills.
// Threads:  one thread at a time.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ingest/monitor.h"
#include "ingest/sort/record_sorter.h"
#include "ingest/tree/filter.h"
#include "ingest/tree/walk.h"
#include "store/backend/s3/listing.h"

namespace cairn {

class BucketWalk {
 public:
  // `monitor` must outlive this.
  BucketWalk(const Filter& filter, Monitor& monitor) : filter_(filter), monitor_(monitor) {}

  // In any order; `key`: what follows the prefix.  What is excluded is left out; a key that makes no entry is told to monitor.error.
  void add(std::string_view key, const S3Object& object);
  uint64_t count() const { return sorter_.count(); }
  uint64_t size_bytes() const { return size_bytes_; }

  // As TreeWalker::next; the path says which object it is (key_path.h).  Entries have no content, and of attributes the ETag.
  // Requires: nothing is added afterwards.
  bool next(WalkStep& step);

 private:
  struct Record {
    std::string key;     // the path, with NUL between its elements: sorts as a walk goes
    Bytes value;
  };
  std::optional<Record> read_record();
  std::optional<Record> take_record();
  bool next_directory_step(WalkStep& step);
  const Filter& filter_;
  Monitor& monitor_;
  RecordSorter sorter_;
  uint64_t size_bytes_ = 0;
  bool began_ = false, ended_ = false;
  std::optional<Record> ahead_;               // read, not taken yet
  std::map<std::string, Bytes> beside_;       // objects beside a directory of their name, until it is their turn
  std::optional<Record> record_;              // the object that comes next
  std::string path_;                          // of it
  std::vector<std::string> open_;             // the directories that are entered, beneath the root
};

}  // namespace cairn
