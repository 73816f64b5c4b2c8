// Making the original anew from its stored stream: what undoes a transform.
//
// Threads:  const methods are thread-safe, if `read` and `write` are.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store/bytes.h"

namespace cairn {

// A file of the original.
struct OriginalFile {
  std::string name;             // "" when the original is one file; else a plain file name
  uint64_t size_bytes = 0;
  uint32_t mode = 0;            // of directories' files: permissions as in stat(2)
  uint32_t uid = 0, gid = 0;
  int64_t mtime_ns = 0;         // since 1970
};

// Hands the bytes [offset, offset + length) of the stored stream to `write`, in order and in pieces of any size.
using ReadStored = std::function<void(uint64_t offset, uint64_t length, const std::function<void(ByteView)>& write)>;

class Rebuilder {
 public:
  virtual ~Rebuilder() = default;
  virtual std::vector<OriginalFile> files() const = 0;
  // Makes file number `file` of files().  Verified at the end: whoever gets no Error has written the original.
  // Errors: kCorrupt: not the recipe of this stream, or this machine makes other bytes than the one at ingest.
  virtual void rebuild(size_t file, const ReadStored& read, const std::function<void(ByteView)>& write) const = 0;
};

}  // namespace cairn
