#include "store/write/pack_set.h"

#include <algorithm>
#include <chrono>

#include "store/crypto/sodium.h"

namespace cairn {

namespace {

constexpr uint64_t kPackBytes = 32 << 20;       // a pack takes no more frames beyond this
constexpr size_t kPackChunks = 128 << 10;       // nor beyond this: its directory would become too long to be read
constexpr uint32_t kRunLeastBytes = 1 << 20;    // of stored frames that stay together
constexpr uint32_t kRunMostBytes = 4 << 20;
constexpr size_t kOpenPacks = 2;

}  // namespace

PackSet::PackSet(Backend& backend, const Keyring& keys, ObjectType type, Suite suite, Done done)
    : backend_(backend), keys_(keys), type_(type), suite_(suite), done_(std::move(done)) {}

// The pack for the next frame.  Requires: mu_ is held.
PackSet::Open& PackSet::place() {
  if (current_ && run_left_bytes_ > 0) return *current_;
  run_left_bytes_ = kRunLeastBytes + random_below(kRunMostBytes - kRunLeastBytes);
  uint32_t choice = random_below(kOpenPacks);
  for (Open& open : open_)
    if (!open.full && choice-- == 0) return *(current_ = &open);
  open_.push_back({std::make_unique<PackWriter>(backend_, keys_, type_, suite_), 0, false});
  return *(current_ = &open_.back());
}

uint32_t PackSet::add(FrameInfo frame, ByteView packed, std::vector<ChunkInfo> chunks) {
  Open* open;
  {
    std::lock_guard lock(mu_);
    open = &place();
    run_left_bytes_ -= std::min<uint64_t>(run_left_bytes_, packed.size());
    frame.number = open->writer->reserve();
    ++open->pending;
  }
  Buffer sealed = open->writer->seal_frame(frame, packed);
  auto stored_bytes = static_cast<uint32_t>(sealed.size());
  open->writer->append(std::move(frame), sealed, std::move(chunks));
  std::unique_ptr<PackWriter> finished;
  {
    std::lock_guard lock(mu_);
    --open->pending;
    if (open->writer->size_bytes() >= kPackBytes || open->writer->chunk_count() >= kPackChunks) open->full = true;
    if (open->full && current_ == open) current_ = nullptr;
    if (open->full && open->pending == 0) {
      finished = std::move(open->writer);
      std::erase_if(open_, [&](const Open& o) { return &o == open; });
    }
  }
  if (finished) conclude(std::move(finished));
  return stored_bytes;
}

// Waits for the oldest upload when there are as many as may be.
void PackSet::conclude(std::unique_ptr<PackWriter> full) {
  const auto most = static_cast<size_t>(backend_.uploads_at_once());
  if (most <= 1) return done_(full->finish());
  std::lock_guard lock(uploads_mu_);
  for (auto upload = uploads_.begin(); upload != uploads_.end();) {
    const bool ended = upload->wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    if (!ended && uploads_.size() < most) {
      ++upload;
      continue;
    }
    auto oldest = std::move(*upload);
    upload = uploads_.erase(upload);
    oldest.get();
  }
  uploads_.push_back(std::async(std::launch::async, [this, writer = std::move(full)] { done_(writer->finish()); }));
}

void PackSet::close() {
  std::list<Open> rest;
  {
    std::lock_guard lock(mu_);
    rest.swap(open_);
    current_ = nullptr;
  }
  for (Open& open : rest) conclude(std::move(open.writer));
}

void PackSet::finish() {
  close();
  std::lock_guard lock(uploads_mu_);
  while (!uploads_.empty()) {
    auto oldest = std::move(uploads_.front());
    uploads_.pop_front();
    oldest.get();
  }
}

}  // namespace cairn
