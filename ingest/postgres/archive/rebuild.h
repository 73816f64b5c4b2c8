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

#include "ingest/parts/rebuilder.h"
#include "store/bytes.h"

namespace cairn {

struct Recipe;

// The files that the recipe of a transform "pgdump-custom", "pgdump-tar" or "pgdump-directory" makes, in its order.
// Errors: kCorrupt; kUnsupported when it is of a newer kind.
std::vector<OriginalFile> archive_files(ByteView recipe);

// Makes file number `file` of archive_files() anew.  Verified at the end: whoever gets no Error has written the original.
// Errors: kCorrupt: not the recipe of this stream, or this machine's compressor makes other bytes than the one at ingest.
void rebuild_archive(ByteView recipe, size_t file, const ReadStored& read, const std::function<void(ByteView)>& write);

// Both, for whoever makes several files anew: the recipe is decoded once.
class ArchiveRebuilder : public Rebuilder {
 public:
  // Errors: as archive_files().  `recipe` must outlive this.
  explicit ArchiveRebuilder(ByteView recipe);
  ~ArchiveRebuilder() override;
  ArchiveRebuilder(const ArchiveRebuilder&) = delete;
  ArchiveRebuilder& operator=(const ArchiveRebuilder&) = delete;

  std::vector<OriginalFile> files() const override;
  // As rebuild_archive().
  void rebuild(size_t file, const ReadStored& read, const std::function<void(ByteView)>& write) const override;

 private:
  std::unique_ptr<const Recipe> recipe_;
};

}  // namespace cairn
