// An original that is made anew from its stored stream (a compressed dump, an RDB): by a thread, from its beginning on, into a sealed
// temporary file.  Who reads waits until that has come as far.
//
// Memory:   what the transform needs; the bytes are on disk ($TMPDIR, else /var/tmp), as many as the file is long.
// Threads:  thread-safe.
#pragma once

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "fuse/opened_file.h"
#include "ingest/parts/part_view.h"
#include "ingest/sort/spill_file.h"

namespace cairn {

class RebuiltFile : public OpenedFile {
 public:
  // `parts`: nobody else's.
  RebuiltFile(std::unique_ptr<PartView> parts, PartFile file);
  // Stops making it.
  ~RebuiltFile() override;

  // The end of the file is there once all of it was found to be right.   Errors: what making it met.
  void read(ChunkReader& reader, uint64_t offset, std::span<uint8_t> out) override;
  bool reads_ahead() const override { return false; }
  size_t memory_bytes() const override { return 1 << 20; }

 private:
  void make();
  std::unique_ptr<PartView> parts_;
  const PartFile file_;
  SpillFile bytes_;
  std::mutex mu_;
  std::condition_variable more_;
  uint64_t made_bytes_ = 0;             // guarded by mu_, as is all below
  bool whole_ = false, stop_ = false;
  std::exception_ptr error_;
  std::thread maker_;                   // last: it uses all of the above
};

}  // namespace cairn
