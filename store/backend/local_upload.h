// A file on its way into a local directory: written in ROOT/tmp/ under a random name, published by a rename.
//
// commit(): fdatasync, read-only (0444), rename without replacing (or link and unlink where the file system lacks that), fsync
//           of the folder.  A failed fsync is final: the temporary is removed, never fsync'ed again.
// Errors:   kIo, kNoSpace; then only destruction is allowed, and no temporary is left.  If the last fsync fails the file may
//           be visible; uploading it again is safe.
// Threads:  one thread at a time.   Lifetime: the root must outlive it.
#pragma once

#include "store/backend/backend.h"
#include "store/backend/local_root.h"

namespace cairn {

class LocalUpload final : public Upload {
 public:
  LocalUpload(LocalRoot& root, std::string_view name);
  ~LocalUpload() override { abandon(); }

  void append(ByteView bytes) override;
  void commit() override;

  // Removes temporaries that killed processes left a day ago, by the storage's clock: our own temporary was just made by it.
  void sweep();

 private:
  void publish(int folder);
  bool named(int folder, const char* leaf);
  [[noreturn]] void fail();
  void abandon();

  LocalRoot& root_;
  const std::string name_, path_;
  Fd temporaries_;    // the folder
  std::string leaf_;  // in there; empty once that name is gone
  Fd fd_;
  uint64_t size_bytes_ = 0, started_bytes_ = 0;  // written; of these, handed to write-out
};

}  // namespace cairn
