// The first bytes of an RDB file: whose it is, and of which version.
//
// Threads:  functions are thread-safe.
#pragma once

#include <optional>

#include "ingest/redis/rdb/rdb_reader.h"
#include "store/bytes.h"

namespace cairn::rdb {

struct Header {
  RdbFlavor flavor = RdbFlavor::kRedis;
  int version = 0;
};

// nullopt: no RDB file begins so.   Requires: kHeaderBytes bytes.
std::optional<Header> header_of(ByteView bytes);
// Whether what follows such a header is understood.
bool known(const Header& header);

}  // namespace cairn::rdb
