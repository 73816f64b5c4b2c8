// Headers of tar members, as far as archives of pg_dump need them.   Source: POSIX.1-2017, pax, "ustar Interchange Format".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/bytes.h"

namespace cairn {

inline constexpr size_t kTarBlockBytes = 512;

struct TarHeader {
  std::string name;
  uint64_t size_bytes = 0;
  bool regular = false;      // a file, and its name fits
};

// nullopt: no header (its checksum is wrong).  Requires kTarBlockBytes bytes.
std::optional<TarHeader> parse_tar_header(ByteView block);
// A block of zeros, which ends an archive.  Requires kTarBlockBytes bytes.
bool tar_end(ByteView block);
// Bytes from the end of a member to the next block.
size_t tar_padding(uint64_t size_bytes);

}  // namespace cairn
