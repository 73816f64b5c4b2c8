// For tests of RDB files: what a reader says of them, and one that a real server wrote.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/ingest/rdb_content.h"

namespace cairn {

// A file that Redis 7.0.15 wrote: every type and encoding it has, three databases, functions, names of every byte.
inline std::string golden_rdb() {
  std::ifstream in(std::filesystem::path(CAIRN_TESTS) / "ingest/data/redis_7.rdb", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace cairn
