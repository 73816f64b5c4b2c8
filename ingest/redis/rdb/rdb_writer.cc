#include "ingest/redis/rdb/rdb_writer.h"

#include <array>
#include <cstdio>
#include <utility>

#include "ingest/redis/rdb/crc64.h"
#include "ingest/redis/rdb/rdb_types.h"
#include "ingest/redis/rdb/rdb_walk.h"
#include "store/coding.h"

namespace cairn {

namespace {

template <class Int>
void put_big_endian(Encoder& out, Int value) {
  for (size_t i = sizeof value; i > 0; --i) out.u8(static_cast<uint8_t>(value >> 8 * (i - 1)));
}

void put_length(Encoder& out, uint64_t value) {
  if (value < 0x40) {
    out.u8(static_cast<uint8_t>(value));
  } else if (value < 0x4000) {
    put_big_endian(out, static_cast<uint16_t>(0x4000 | value));
  } else if (value <= UINT32_MAX) {
    out.u8(rdb::kLength32);
    put_big_endian(out, static_cast<uint32_t>(value));
  } else {
    out.u8(rdb::kLength64);
    put_big_endian(out, value);
  }
}

void put_string(Encoder& out, std::string_view text) {
  put_length(out, text.size());
  out.raw(view(text));
}

}  // namespace

RdbWriter::RdbWriter(RdbFlavor flavor, int version, std::function<void(ByteView)> write) : write_(std::move(write)), version_(version) {
  std::array<char, 32> header;
  std::snprintf(header.data(), header.size(), flavor == RdbFlavor::kValkey ? "VALKEY%03d" : "REDIS%04d", version);
  put(view(std::string_view(header.data())));
}

void RdbWriter::aux(std::string_view name, std::string_view value) {
  Encoder out;
  out.u8(rdb::kAux);
  put_string(out, name);
  put_string(out, value);
  put(out.out());
}

void RdbWriter::function(std::string_view source) {
  Encoder out;
  out.u8(rdb::kFunction);
  put_string(out, source);
  put(out.out());
}

void RdbWriter::key(uint32_t db, std::string_view name, uint8_t type, std::optional<int64_t> expires_ms) {
  Encoder out;
  if (db_ != db) {
    out.u8(rdb::kSelectDb);
    put_length(out, db);
    db_ = db;
  }
  if (expires_ms) {
    out.u8(rdb::kExpiryMs);
    out.u64(static_cast<uint64_t>(*expires_ms));
  }
  out.u8(type);
  put_string(out, name);
  put(out.out());
}

void RdbWriter::value(ByteView bytes) { put(bytes); }

void RdbWriter::finish() {
  const uint8_t end = rdb::kEof;
  put({&end, 1});
  if (version_ < rdb::kFirstVersionWithChecksum) return;
  Encoder out;
  out.u64(crc_);
  write_(out.out());
}

void RdbWriter::put(ByteView bytes) {
  if (bytes.empty()) return;
  crc_ = crc64(crc_, bytes);
  write_(bytes);
}

Bytes dump_footer(uint64_t crc, int rdb_version) {
  Encoder out;
  out.u16(static_cast<uint16_t>(rdb_version));
  out.u64(crc64(crc, out.out()));
  return out.take();
}

}  // namespace cairn
