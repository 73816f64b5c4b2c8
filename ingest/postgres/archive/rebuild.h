// From a stored stream and its recipe back to the archive that came, byte for byte.
//
// Memory:   a few MiB, and the recipe.
// Threads:  functions are thread-safe, if `read` and `write` are.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/bytes.h"

namespace cairn {

struct Recipe;

// A file of the original.
struct ArchiveFile {
  std::string name;             // "" of a custom or tar archive, which is one file; else a plain file name
  uint64_t size_bytes = 0;
  uint32_t mode = 0;            // of directories' files: permissions as in stat(2)
  uint32_t uid = 0, gid = 0;
  int64_t mtime_ns = 0;         // since 1970
};

// The files that the recipe of a transform "pgdump-custom", "pgdump-tar" or "pgdump-directory" makes, in its order.
// Errors: kCorrupt; kUnsupported when it is of a newer kind.
std::vector<ArchiveFile> archive_files(ByteView recipe);

// Hands the bytes [offset, offset + length) of the stored stream to `write`, in order and in pieces of any size.
using ReadStored = std::function<void(uint64_t offset, uint64_t length, const std::function<void(ByteView)>& write)>;

// Makes file number `file` of archive_files() anew.  Verified at the end: whoever gets no Error has written the original.
// Errors: kCorrupt: not the recipe of this stream, or this machine's compressor makes other bytes than the one at ingest.
void rebuild_archive(ByteView recipe, size_t file, const ReadStored& read, const std::function<void(ByteView)>& write);

// Both, for whoever makes several files anew: the recipe is decoded once.
class ArchiveRebuilder {
 public:
  // Errors: as archive_files().  `recipe` must outlive this.
  explicit ArchiveRebuilder(ByteView recipe);
  ~ArchiveRebuilder();
  ArchiveRebuilder(const ArchiveRebuilder&) = delete;
  ArchiveRebuilder& operator=(const ArchiveRebuilder&) = delete;

  std::vector<ArchiveFile> files() const;
  // As rebuild_archive().
  void rebuild(size_t file, const ReadStored& read, const std::function<void(ByteView)>& write) const;

 private:
  std::unique_ptr<const Recipe> recipe_;
};

}  // namespace cairn
