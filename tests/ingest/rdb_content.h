// What an RdbReader says of bytes, as plain values to compare.
#pragma once

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/redis/rdb/rdb_reader.h"
#include "store/bytes.h"

namespace cairn {

// Bytes as a stream, in reads of at most so many.  `bytes` must outlive it.
inline std::function<size_t(std::span<uint8_t>)> in_reads_of(
    std::string_view bytes, std::function<size_t()> most = [] { return SIZE_MAX; }) {
  return [bytes, most = std::move(most), at = size_t{0}](std::span<uint8_t> into) mutable {
    const size_t got = std::min({into.size(), std::max<size_t>(most(), 1), bytes.size() - at});
    std::copy_n(bytes.data() + at, got, into.data());
    at += got;
    return got;
  };
}

struct RdbRecord {
  RdbReader::Item item = RdbReader::Item::kEnd;
  uint32_t db = 0;
  std::string name;                    // of a key or an AUX
  uint8_t type = 0;
  std::optional<int64_t> expires_ms;
  std::string expiry, use, type_and_name, value;
  bool long_value = false;
  std::string bytes;                   // all of it
  std::string decoded;                 // of an AUX its value; of functions their source
  bool operator==(const RdbRecord&) const = default;
};

struct RdbContent {
  std::vector<RdbRecord> records;
  RdbFlavor flavor = RdbFlavor::kRedis;
  int version = 0;
  bool whole = false, unknown = false;
  std::string problem;
  uint64_t trailing_bytes = 0;
  bool operator==(const RdbContent&) const = default;

  // Must be the input.
  std::string all_bytes() const {
    std::string out;
    for (const RdbRecord& record : records) out += record.bytes;
    return out;
  }
  std::vector<RdbRecord> of(RdbReader::Item item) const {
    std::vector<RdbRecord> out;
    std::ranges::copy_if(records, std::back_inserter(out), [&](const RdbRecord& record) { return record.item == item; });
    return out;
  }
  std::vector<RdbRecord> keys() const { return of(RdbReader::Item::kKey); }
  // nullopt: not there.
  std::optional<RdbRecord> key(uint32_t db, std::string_view name) const {
    for (const RdbRecord& record : records) {
      if (record.item == RdbReader::Item::kKey && record.db == db && record.name == name) return record;
    }
    return std::nullopt;
  }
};

inline RdbRecord rdb_record(RdbReader& reader, RdbReader::Item item) {
  RdbRecord out;
  out.item = item;
  if (item == RdbReader::Item::kRest) {
    for (ByteView piece = reader.rest_piece(); !piece.empty(); piece = reader.rest_piece()) out.bytes += text(piece);
  } else if (item == RdbReader::Item::kKey) {
    const RdbKey& key = reader.key();
    out.db = key.db;
    out.type = key.type;
    out.expires_ms = key.expires_ms;
    out.long_value = key.long_value;
    out.value = text(key.value);
    if (key.long_value) {
      for (ByteView piece = reader.value_piece(); !piece.empty(); piece = reader.value_piece()) out.value += text(piece);
    }
    // Only now: they must have outlived the pieces.
    out.name = key.name;
    out.expiry = text(key.expiry);
    out.use = text(key.use);
    out.type_and_name = text(key.type_and_name);
    out.bytes = out.expiry + out.use + out.type_and_name + out.value;
  } else {
    out.bytes = text(reader.bytes());
    out.decoded = reader.function();
    if (reader.aux()) {
      out.name = reader.aux()->name;
      out.decoded = reader.aux()->value;
    }
  }
  return out;
}

inline RdbContent read_rdb(std::string_view bytes, std::function<size_t()> most_read = [] { return SIZE_MAX; }) {
  RdbReader reader(in_reads_of(bytes, std::move(most_read)));
  RdbContent out;
  for (RdbReader::Item item = reader.next(); item != RdbReader::Item::kEnd; item = reader.next()) {
    out.records.push_back(rdb_record(reader, item));
  }
  out.flavor = reader.flavor();
  out.version = reader.version();
  out.whole = reader.whole();
  out.unknown = reader.unknown();
  out.problem = reader.problem();
  out.trailing_bytes = reader.trailing_bytes();
  return out;
}

}  // namespace cairn
