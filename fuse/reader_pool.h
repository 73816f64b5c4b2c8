// ChunkReaders for whoever needs one just now.  The one given back last is lent first: one thread that reads file after file meets the
// frames it has opened already.
//
// Memory:   `cache_bytes` for each of as many readers as were ever lent at once.
// Threads:  thread-safe; a lease belongs to one thread.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "store/repository.h"
#include "store/read/chunk_reader.h"

namespace cairn {

class ReaderPool {
 public:
  // `repository` must outlive this.  Its index is opened by the first lease, or by open_index().
  ReaderPool(Repository& repository, size_t cache_bytes) : repository_(repository), cache_bytes_(cache_bytes) {}

  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<ChunkReader> reader) : pool_(pool), reader_(std::move(reader)) {}
    Lease(Lease&&) = default;
    ~Lease();
    ChunkReader& operator*() const { return *reader_; }
    ChunkReader* operator->() const { return reader_.get(); }

   private:
    ReaderPool& pool_;
    std::unique_ptr<ChunkReader> reader_;
  };

  Lease lease();
  // A tree object.   Errors: those of ChunkReader.
  Buffer object(const ChunkId& id) { return lease()->get(id); }
  // Thread-safe, other than Repository::index().
  const Index& open_index();
  Repository& repository() const { return repository_; }

 private:
  Repository& repository_;
  const size_t cache_bytes_;
  std::mutex opening_mu_;
  const Index* index_ = nullptr;                          // guarded by opening_mu_
  std::mutex mu_;
  std::vector<std::unique_ptr<ChunkReader>> readers_;     // guarded by mu_; the last was given back last
};

}  // namespace cairn
