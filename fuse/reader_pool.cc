#include "fuse/reader_pool.h"

namespace cairn {

ReaderPool::Lease::~Lease() {
  if (!reader_) return;
  std::lock_guard lock(pool_.mu_);
  pool_.readers_.push_back(std::move(reader_));
}

const Index& ReaderPool::open_index() {
  std::lock_guard lock(opening_mu_);
  if (!index_) index_ = &repository_.shared_index();
  return *index_;
}

ReaderPool::Lease ReaderPool::lease() {
  {
    std::lock_guard lock(mu_);
    if (!readers_.empty()) {
      std::unique_ptr<ChunkReader> reader = std::move(readers_.back());
      readers_.pop_back();
      return Lease(*this, std::move(reader));
    }
  }
  const Index& index = open_index();
  return Lease(*this, std::make_unique<ChunkReader>(repository_.backend(), repository_.keys(), index, cache_bytes_));
}

}  // namespace cairn
