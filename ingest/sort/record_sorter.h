// Sorts more records than memory holds: runs of them in memory, sorted, spilled, merged.  What half of the memory holds is never
// spilled.
//
// Memory:   `memory_bytes`, at least 512 KiB; more only when there are so many runs that 128 KiB for each exceed half of it, and for
//           a record larger than the other half.
// Threads:  one thread at a time; may use one of its own to sort and spill a full run while the next one fills.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "store/bytes.h"

namespace cairn {

class RecordSorter {
 public:
  static constexpr size_t kMostRecordBytes = 8 << 20;   // key and value
  static constexpr size_t kUsualMemoryBytes = 64 << 20;
  // `directory`: where to spill, "" for spill_directory().
  explicit RecordSorter(size_t memory_bytes = kUsualMemoryBytes, std::string directory = "");
  ~RecordSorter();
  RecordSorter(RecordSorter&&) noexcept;
  RecordSorter& operator=(RecordSorter&&) noexcept;

  // kInvalidArgument when longer than kMostRecordBytes; SpillFile's errors.   Requires: next() wasn't called.
  void add(std::string_view key, ByteView value) { add(key, std::span(&value, 1)); }
  // `value`: its pieces, which stand one behind the other.
  void add(std::string_view key, std::span<const ByteView> value);
  uint64_t count() const;

  struct Record {
    std::string_view key;
    ByteView value;
  };
  // Ascending by key, bytewise; equal keys in the order they were added.  nullptr at the end.  Valid until the next call.
  const Record* next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
