// What is needed to read any range of one file: the runs it is made of, and how it has been read lately.
//
// Threads:  thread-safe.
#pragma once

#include <atomic>
#include <span>
#include <vector>

#include "ingest/parts/part_output.h"
#include "store/read/chunk_reader.h"

namespace cairn {

class OpenedFile {
 public:
  virtual ~OpenedFile() = default;

  uint64_t size_bytes() const { return size_bytes_; }
  // Fills `out` from `offset` on.   Requires: it lies in the file.   Errors: kCorrupt and what else ChunkReader meets.
  virtual void read(ChunkReader& reader, uint64_t offset, std::span<uint8_t> out) = 0;
  // True when reading in order is helped by decoding ahead.
  virtual bool reads_ahead() const { return true; }
  // About.
  virtual size_t memory_bytes() const = 0;

  // Whether a read goes on where others ended, more or less: several threads of the kernel read ahead.
  bool goes_on(uint64_t offset, uint64_t length);
  // Blocks to be decoded ahead from now on when block `number` is read: [first, last).
  std::pair<uint64_t, uint64_t> blocks_ahead(uint64_t number, uint64_t depth, uint64_t count);

 protected:
  explicit OpenedFile(uint64_t size_bytes) : size_bytes_(size_bytes) {}

 private:
  const uint64_t size_bytes_;
  std::mutex mu_;
  uint64_t end_ = 0;          // guarded by mu_; of what was read
  unsigned in_order_ = 0;     // guarded by mu_; reads in a row that went on
  uint64_t ahead_ = 0;        // guarded by mu_; the block up to which was decoded ahead
};

// A file of pieces: texts, and runs of a stored content.
class PiecewiseFile : public OpenedFile {
 public:
  // All of a content.
  PiecewiseFile(Content content, uint64_t size_bytes);
  // Pieces of it.
  PiecewiseFile(Content content, std::vector<PartPiece> pieces);
  void read(ChunkReader& reader, uint64_t offset, std::span<uint8_t> out) override;
  size_t memory_bytes() const override;

 private:
  const Content content_;
  std::vector<PartPiece> pieces_;
  std::vector<uint64_t> begins_;   // of the pieces in the file
};

}  // namespace cairn
