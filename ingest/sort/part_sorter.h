// Parts in any order in, parts in the order of a catalogue out; however many there are.
// Threads:  one thread at a time.
#pragma once

#include "ingest/parts/parted_source.h"
#include "ingest/sort/record_sorter.h"

namespace cairn {

class PartSorter {
 public:
  explicit PartSorter(size_t memory_bytes = RecordSorter::kUsualMemoryBytes) : sorter_(memory_bytes) {}
  // What no catalogue can hold (CatalogueWriter::holds) is left out and counted.
  void add(const Part& part);
  uint64_t count() const { return sorter_.count(); }
  uint64_t left_out() const { return left_out_; }
  // Of several parts of one name the first one is given.   Requires: nothing is added afterwards.
  std::unique_ptr<PartStream> finish() &&;

 private:
  RecordSorter sorter_;
  uint64_t left_out_ = 0;
  Bytes body_;   // of the part that is added; kept, so that its memory is used again
};

}  // namespace cairn
