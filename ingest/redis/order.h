// The order in which records stood before they were sorted, in a form that stays put when a record comes or goes.
//
// Each record has a mark: the low bytes of a hash of its name.  The marks in the original order, `width` bytes each, are the *order
// list*.  Of several records with one mark the first in sorted order stood first in the original, unless they are listed as
// exceptions.   FORMAT.md, "RDB files".
//
// Memory:   16 bytes a record, at most, and 16 an exception.
// Threads:  one thread at a time; an OrderWriter of many marks sorts them in one of its own.
// Source:   SipHash: a fast short-input PRF (Aumasson, Bernstein, 2012).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "store/bytes.h"

namespace cairn {

// SipHash-2-4, the key as two little-endian integers.
uint64_t sip_hash(uint64_t key_low, uint64_t key_high, ByteView bytes);
// SipHash-2-4 under the zero key of the record's name, as the catalogue has it ("0/session:42").
uint64_t order_hash(std::string_view name);
// Bytes of a mark: the least with 8 · count ≤ 2^(8·width), from 1 to 8.
unsigned order_width(uint64_t count);

// A record that doesn't stand where its mark would put it.
struct OrderException {
  uint64_t rank = 0;       // among the sorted
  uint64_t position = 0;   // in the original
  bool operator==(const OrderException&) const = default;
};

// Places records, given in sorted order, where they stood.
class OrderTable {
 public:
  static constexpr uint64_t kMostRecords = (uint64_t{1} << 32) - 1;
  // `hashes`: of the records in the original order (only `width` bytes of each count).   kInvalidArgument for more than
  // kMostRecords, or an impossible width.
  OrderTable(std::vector<uint64_t> hashes, unsigned width);
  // From an order list.   kCorrupt when it isn't a multiple of width, or as above.  `exceptions`: ascending by rank; kCorrupt
  // when ranks or positions are there twice or beyond the end.
  OrderTable(ByteView list, unsigned width, std::span<const OrderException> exceptions);
  ~OrderTable();
  OrderTable(OrderTable&&) noexcept;
  OrderTable& operator=(OrderTable&&) noexcept;

  uint64_t count() const;
  // The original position of the next record in sorted order; none is given twice.   kCorrupt when no record of this mark is left.
  uint64_t place(uint64_t hash);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Finds the exceptions: told where every record really stood, by the rules that OrderTable follows.
class OrderWriter {
 public:
  // As OrderTable.
  OrderWriter(std::vector<uint64_t> hashes, unsigned width);
  ~OrderWriter();
  // The next record in sorted order stood at `position`.   kInvalidArgument when another did, or when there is no such place.
  void add(uint64_t position);
  // After the last one: exactly those that the table would put elsewhere, with those that share their mark; ascending by rank.
  // kInvalidArgument unless every record was added.
  std::vector<OrderException> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
