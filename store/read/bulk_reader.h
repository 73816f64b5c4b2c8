// Reads many chunks at once: frame by frame, each opened once, on as many threads as there are processors.
//
// Which thread reads a frame depends on the frame alone, so that what the next call wants of it is in that thread's cache.
// Memory:   caches of opened frames of `cache_bytes` together, and a frame or two a thread.
// Threads:  one thread at a time.
#pragma once

#include <functional>

#include "store/read/chunk_reader.h"

namespace cairn {

class BulkReader {
 public:
  // The first three must outlive this.   `threads`: 0 for as many as there are processors.
  BulkReader(Backend& backend, const Keyring& keys, const Index& index, size_t cache_bytes, size_t threads = 0);

  // Index::find_many on all threads.
  void locate(std::span<const ChunkId> ids, std::vector<std::optional<Location>>& places) const;

  // Gets the number of a chunk in what is wanted, and its verified bytes, valid during the call.
  using Visit = std::function<void(size_t number, ByteView bytes)>;
  // Visits each chunk once, in no order, several at the same time.  What fails (also in `visit`) keeps no other from being visited;
  // the first such error, by number, is thrown in the end.   Errors: those of ChunkReader::chunk, and of `visit`.
  void read(std::span<const PlacedChunk> wanted, const Visit& visit);

  // Chunks are read in so many lanes, side by side: visits of one lane's chunks come one after the other, also of different calls.
  size_t lanes() const { return readers_.size(); }
  size_t lane_of(const Location& at) const { return (size_t{at.pack} + at.frame) % readers_.size(); }

  // What is kept of frames, for who has read all and needs the memory.
  void drop_frames() {
    for (const auto& reader : readers_) reader->drop_frames();
  }

  // For single chunks.
  ChunkReader& single() { return *readers_.front(); }

 private:
  struct Failure {
    size_t number = SIZE_MAX;
    std::exception_ptr error;
  };
  void read_share(size_t reader, std::span<const size_t> order, std::span<const PlacedChunk> wanted, const Visit& visit, Failure& failure);

  const Index& index_;
  std::vector<std::unique_ptr<ChunkReader>> readers_;   // one a lane
};

}  // namespace cairn
