// Copies of stored files, or of pieces of them, in a folder of this machine: bounded, the ones longest unused go first.
//
// Trust:    each has the hash of its name and content at its end: one that is damaged, cut short or somebody else's is dropped.
// Disk:     about `most_bytes`.  Trouble with it is no trouble: there is no copy then.
// Threads:  thread-safe, also between processes.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "store/bytes.h"

namespace cairn {

class KeptFiles {
 public:
  // `folder`: made when it is needed.
  KeptFiles(std::string folder, uint64_t most_bytes) : folder_(std::move(folder)), most_bytes_(most_bytes) {}

  // `leaf`: the name in the folder, without '/'.
  std::optional<Buffer> load(const std::string& leaf, uint64_t most_bytes) const;
  void save(const std::string& leaf, ByteView bytes);
  // True when there was one.
  bool remove(const std::string& leaf) const;

 private:
  std::string path(const std::string& leaf) const { return folder_ + "/" + leaf; }
  void sweep() const;
  const std::string folder_;
  const uint64_t most_bytes_;
  std::atomic<uint64_t> saved_bytes_{0};   // by this process
};

}  // namespace cairn
