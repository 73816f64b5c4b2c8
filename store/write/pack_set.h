// The open packs of one kind.  Two are open at a time and runs of frames go to either at random, so that whoever watches the
// storage can't tell which frames are neighbours; finished packs are handed to the session.
//
// Where the backend is far away full packs are uploaded by threads of their own, while the next ones are filled; what goes wrong there
// is thrown by a later add() or by finish().
//
// Threads:  thread-safe.
#pragma once

#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>

#include "store/pack/pack_file.h"

namespace cairn {

class PackSet {
 public:
  using Done = std::function<void(PackInfo)>;   // called on the thread that finished the pack
  PackSet(Backend& backend, const Keyring& keys, ObjectType type, Suite suite, Done done);

  // Compressed bytes and what they are; seals, appends, and finishes the pack when it is full.  Returns the stored bytes.
  uint32_t add(FrameInfo frame, ByteView packed, std::vector<ChunkInfo> chunks);
  // Hands over the open packs; where the backend is far away they are on their way then.  Requires: no add() is running.
  void close();
  // Returns when all are durable.  Requires: no add() is running.
  void finish();

 private:
  struct Open {
    std::unique_ptr<PackWriter> writer;
    uint64_t pending = 0;     // frames reserved and not yet appended
    bool full = false;        // takes no more frames; finished by whoever appends the last
  };
  Open& place();
  void conclude(std::unique_ptr<PackWriter> full);
  Backend& backend_;
  const Keyring& keys_;
  ObjectType type_;
  Suite suite_;
  Done done_;
  std::mutex mu_;
  std::list<Open> open_;        // guarded by mu_; the full ones until their last frame has come
  Open* current_ = nullptr;     // guarded by mu_; where the run goes
  uint64_t run_left_bytes_ = 0; // guarded by mu_
  std::mutex uploads_mu_;
  std::list<std::future<void>> uploads_;   // guarded by uploads_mu_; last: they end before what they use
};

}  // namespace cairn
