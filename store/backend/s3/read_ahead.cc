#include "store/backend/s3/read_ahead.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr uint64_t kGapBytes = 512 << 10;          // a read that begins so soon after the last one goes on with it
constexpr uint64_t kLongestWindowBytes = 8 << 20;
constexpr size_t kMostStreams = 64;

}  // namespace

std::list<ReadAhead::Block>::iterator ReadAhead::find(const std::string& name, uint64_t offset, uint64_t length) {
  return std::ranges::find_if(blocks_, [&](const Block& b) {
    return b.name == name && b.offset <= offset && offset - b.offset <= b.length && length <= b.length - (offset - b.offset);
  });
}

// How much to fetch for a read.  Requires: mu_ is held.
uint64_t ReadAhead::window(const std::string& name, uint64_t offset, uint64_t length) {
  auto stream = std::ranges::find_if(streams_, [&](const Stream& s) {
    // It may begin within what came last and go beyond it.
    return s.name == name && offset + s.window >= s.next && offset <= s.next + kGapBytes && offset + length > s.next;
  });
  uint64_t wanted = length;
  if (stream == streams_.end()) {
    streams_.push_front({name, 0, 0});
    if (streams_.size() > kMostStreams) streams_.pop_back();
  } else {
    wanted = std::max(length, std::min(2 * std::max(stream->window, length), kLongestWindowBytes));
    streams_.splice(streams_.begin(), streams_, stream);
  }
  streams_.front().next = offset + wanted;
  streams_.front().window = wanted;
  return wanted;
}

// Requires: mu_ is held.
void ReadAhead::evict() {
  uint64_t held = 0;
  for (auto block = blocks_.begin(); block != blocks_.end();) {
    held += block->length;
    block = held > most_bytes_ && block->ready ? blocks_.erase(block) : std::next(block);
  }
}

Buffer ReadAhead::read(const std::string& name, uint64_t offset, uint64_t length) {
  std::unique_lock lock(mu_);
  for (;;) {
    auto block = find(name, offset, length);
    if (block == blocks_.end()) break;
    if (block->ready) {
      blocks_.splice(blocks_.begin(), blocks_, block);
      return Buffer::copy_of(block->bytes.view().subspan(static_cast<size_t>(offset - block->offset), static_cast<size_t>(length)));
    }
    fetched_.wait(lock);
  }
  const uint64_t wanted = window(name, offset, length);
  if (wanted == length) {
    lock.unlock();
    return fetch_(name, offset, length);
  }
  blocks_.push_front({name, offset, wanted, false, {}});
  auto mine = blocks_.begin();
  evict();
  lock.unlock();
  Buffer got;
  try {
    got = fetch_(name, offset, wanted);
  } catch (...) {
    lock.lock();
    blocks_.erase(mine);
    fetched_.notify_all();   // the others fetch for themselves
    throw;
  }
  Buffer out = Buffer::copy_of(got.view().first(static_cast<size_t>(std::min<uint64_t>(length, got.size()))));
  lock.lock();
  mine->bytes = std::move(got);
  mine->length = mine->bytes.size();
  mine->ready = true;
  fetched_.notify_all();
  return out;
}

}  // namespace cairn
