// Reads an RDB file to its end and keeps what its stored stream will be made of: records on their way to be sorted, their order,
// and all other bytes.
//
// Memory:   of the sorter, 8 bytes a record, and about 60 MiB while a long set or hash passes.
// Threads:  one thread at a time.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ingest/redis/inner_order.h"
#include "ingest/redis/rdb/rdb_reader.h"
#include "ingest/redis/rdb_recipe.h"
#include "ingest/redis/sorted_record.h"
#include "ingest/redis/spill_buffer.h"
#include "ingest/sort/part_sorter.h"
#include "ingest/sort/record_sorter.h"
#include "store/crypto/blake3.h"

namespace cairn {

class RdbIntake {
 public:
  RdbIntake(std::function<size_t(std::span<uint8_t>)> read, size_t sort_memory_bytes);
  RdbIntake(const RdbIntake&) = delete;

  // Errors: what `read` throws, and what spilling meets.
  void read_all();

  // After read_all():
  RecordSorter& records() { return *records_; }
  const SpillBuffer& long_records() const { return long_records_; }
  const SpillBuffer& verbatim() const { return verbatim_; }
  const RdbReader& reader() const { return reader_; }
  // Names of databases, sizes of regions and the order list are missing in it yet.
  RdbRecipe& recipe() { return recipe_; }
  // Of the records in the original order.  Once.
  std::vector<uint64_t> take_hashes();
  PartSorter& functions() { return functions_; }

  uint64_t function_count() const { return function_count_; }
  uint64_t expiring() const { return expiring_; }
  const std::string& server_version() const { return server_version_; }
  std::optional<int64_t> created_s() const { return created_s_; }
  // How it was made, when no server wrote it (kCaptureAux).
  const std::string& capture() const { return capture_; }
  // Where what isn't understood begins, if it does.
  std::optional<uint64_t> rest_begin() const { return rest_begin_; }
  std::vector<std::string>& warnings() { return warnings_; }

 private:
  void add_key();
  void add_long(const RdbKey& key);
  bool gather(Bytes& value);
  void give_up_long(const RdbKey& key, uint64_t value_begin, const Bytes& gathered);
  void add_sorted(SortedRecord& record, const std::array<ByteView, 3>& pieces);
  void add_verbatim(ByteView bytes);
  void add_function();
  void note_aux();
  bool may_sort(const RdbKey& key);

  RdbReader reader_;
  Blake3 hash_;
  std::optional<RecordSorter> records_;
  SpillBuffer long_records_, verbatim_;
  RdbRecipe recipe_;
  std::vector<std::vector<uint64_t>> hashes_;   // in blocks, so that they never stand in memory twice
  InnerOrder inner_;
  PartSorter functions_;
  bool sorting_ = true;
  uint64_t function_count_ = 0, expiring_ = 0;
  uint64_t item_begin_ = 0;                     // of the item at hand, in the original
  std::string server_version_, capture_;
  std::optional<int64_t> created_s_;
  std::optional<uint64_t> rest_begin_;
  std::vector<std::string> warnings_;
  std::string name_;                            // of the record at hand
};

}  // namespace cairn
