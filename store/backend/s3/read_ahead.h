// Fewer, longer reads of distant files: whoever reads a file from front to back gets the next megabytes with every request, twice as
// many as the time before; who reads here and there gets what he asked for.
//
// Memory:   `most_bytes` of what was read ahead.
// Threads:  thread-safe; who wants what somebody is fetching already waits for it.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <string>

#include "store/bytes.h"

namespace cairn {

class ReadAhead {
 public:
  // Up to `length` bytes from `offset`: fewer only at the end of the file.  May throw.
  using Fetch = std::function<Buffer(const std::string& name, uint64_t offset, uint64_t length)>;
  ReadAhead(uint64_t most_bytes, Fetch fetch) : most_bytes_(most_bytes), fetch_(std::move(fetch)) {}

  // Like fetch.
  Buffer read(const std::string& name, uint64_t offset, uint64_t length);

 private:
  struct Block {
    std::string name;
    uint64_t offset = 0, length = 0;   // length: that was asked for, until it is ready
    bool ready = false;
    Buffer bytes;
  };
  struct Stream {                      // somebody who reads front to back
    std::string name;
    uint64_t next = 0, window = 0;
  };
  std::list<Block>::iterator find(const std::string& name, uint64_t offset, uint64_t length);
  uint64_t window(const std::string& name, uint64_t offset, uint64_t length);
  void evict();
  const uint64_t most_bytes_;
  const Fetch fetch_;
  std::mutex mu_;
  std::condition_variable fetched_;
  std::list<Block> blocks_;      // guarded by mu_; most recently used first
  std::list<Stream> streams_;    // guarded by mu_; likewise
};

}  // namespace cairn
