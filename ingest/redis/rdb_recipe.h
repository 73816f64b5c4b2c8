// What undoes the transform "redis-sorted".   FORMAT.md, "RDB files".
//
// All numbers are varints unless a size is told:
//   recipe     version=1, 9 bytes: the beginning of the original, its size, 32 bytes BLAKE3 of it, records,
//              flags (1: there are bytes of use), width of a mark, lengths of the regions, databases, layout
//   regions    bytes of records, use, inner order; exceptions, bytes of them; bytes of verbatim.  The order list has width × records
//   databases  count, each: number, records; in the order of the sorted records
//   layout     count, each: records, verbatim bytes behind them; in the order of the original
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "ingest/redis/order.h"
#include "store/bytes.h"
#include "store/coding.h"
#include "store/crypto/blake3.h"

namespace cairn {

inline constexpr size_t kRdbHeaderBytes = 9;

struct RdbRecipe {
  struct Database {
    uint32_t number = 0;
    uint64_t records = 0;
    bool operator==(const Database&) const = default;
  };
  struct Run {
    uint64_t records = 0, verbatim_bytes = 0;
    bool operator==(const Run&) const = default;
  };
  // More runs than this are no RDB of a server: they are neither written nor read.
  static constexpr size_t kMostRuns = 1'000'000;

  std::array<uint8_t, kRdbHeaderBytes> header{};
  uint64_t original_bytes = 0;
  Blake3Hash hash{};                 // of the original
  uint64_t records = 0;
  bool has_use = false;
  unsigned width = 1;                // of a mark in the order list
  // The regions of the stored stream, in its order.
  uint64_t record_bytes = 0, use_bytes = 0, inner_bytes = 0, exceptions = 0, exception_bytes = 0, verbatim_bytes = 0;
  std::vector<Database> databases;
  std::vector<Run> layout;

  uint64_t order_bytes() const { return records * width; }
  uint64_t use_begin() const { return record_bytes; }
  uint64_t inner_begin() const { return use_begin() + use_bytes; }
  uint64_t order_begin() const { return inner_begin() + inner_bytes; }
  uint64_t exceptions_begin() const { return order_begin() + order_bytes(); }
  uint64_t verbatim_begin() const { return exceptions_begin() + exception_bytes; }
  uint64_t stored_bytes() const { return verbatim_begin() + verbatim_bytes; }
  bool operator==(const RdbRecipe&) const = default;
};

Bytes encode_rdb_recipe(const RdbRecipe& recipe);
// Its numbers fit each other.   Errors: kCorrupt; kUnsupported for a newer version.
RdbRecipe decode_rdb_recipe(ByteView recipe);

// The exceptions of the order, as they stand in the stored stream: each the gap of its rank from the one before, and its position.
Bytes encode_order_exceptions(std::span<const OrderException> exceptions);
// kCorrupt unless there are `count` of them, ranks ascending, ranks and positions below `records`.
std::vector<OrderException> decode_order_exceptions(ByteView bytes, uint64_t count, uint64_t records);

}  // namespace cairn
