// Reads any range of mounted files: small ones and jumps straight away, what is read in order through blocks that are decoded ahead, in
// parallel.  Small files that are read in the order in which they were stored find the next frame open.
//
// Memory:   blocks of some megabytes up to `block_bytes`, 8 MB of frames, and a few hundred bytes for each long file read lately.
// Threads:  thread-safe; it has threads of its own, which read ahead.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>

#include "fuse/opened_file.h"
#include "fuse/pinned_cache.h"
#include "fuse/reader_pool.h"

namespace cairn {

using NodeId = uint64_t;
// Gets the bytes asked for, once; they are gone when it returns.
using Reply = std::function<void(ByteView)>;

class FileReader {
 public:
  static constexpr uint64_t kBlockBytes = 4 << 20;

  // `readers` must outlive this.
  FileReader(ReaderPool& readers, size_t block_bytes, size_t threads);
  ~FileReader();

  // The bytes [offset, offset + size) of the file, fewer only at its end.  `open` makes what is needed of a file that wasn't read lately.
  // Errors: kCorrupt and what else ChunkReader meets; then `reply` wasn't called.
  void read(NodeId file, uint64_t offset, size_t size, const std::function<std::unique_ptr<OpenedFile>()>& open, const Reply& reply);
  // Likewise of a short file, of which nothing is kept but the frames it is in.
  void read_short(const Content& content, uint64_t size_bytes, uint64_t offset, size_t size, const Reply& reply);

 private:
  using Files = PinnedCache<NodeId, OpenedFile>;
  struct BlockKey {
    NodeId file = 0;
    uint64_t number = 0;
    bool operator==(const BlockKey&) const = default;
  };
  struct BlockHash {
    size_t operator()(const BlockKey& key) const { return std::hash<uint64_t>()(key.file * 0x9e3779b97f4a7c15 + key.number); }
  };
  using Blocks = PinnedCache<BlockKey, Buffer, BlockHash>;
  void read(NodeId id, OpenedFile& file, uint64_t offset, size_t size, const std::function<Files::Pin()>& pin, const Reply& reply);
  Blocks::Pin block(OpenedFile& file, const BlockKey& key);
  struct FrameKey {
    uint64_t index_epoch = 0;   // that the pack's number belongs to
    uint32_t pack = 0, number = 0;
    bool operator==(const FrameKey&) const = default;
  };
  struct FrameHash {
    size_t operator()(const FrameKey& key) const { return std::hash<uint64_t>()((uint64_t{key.pack} << 32 | key.number) + key.index_epoch); }
  };
  using Frames = PinnedCache<FrameKey, Buffer, FrameHash>;
  Frames::Pin frame(const FrameKey& key);
  bool with_chunk(const ChunkRef& ref, const Reply& use);
  bool read_chunks(const Content& content, uint64_t offset, size_t length, const Reply& reply);
  void read_ahead(NodeId id, uint64_t number, const std::function<Files::Pin()>& pin);
  void open_ahead(const FrameKey& read);
  // What is done ahead: a block of a long file, or a frame of short ones.
  struct Wanted {
    std::optional<Files::Pin> file;
    BlockKey block;
    FrameKey frame;
  };
  void ask_for(Wanted wanted);
  void run();

  ReaderPool& readers_;
  Files files_;
  Blocks blocks_;
  Frames frames_;                              // of short files
  std::mutex mu_;
  std::condition_variable wake_;
  std::deque<Wanted> wanted_;                  // guarded by mu_
  std::array<FrameKey, 4> lately_;             // guarded by mu_; where short files were read, once a pack
  size_t oldest_ = 0;                          // guarded by mu_; of them
  bool ending_ = false;                        // guarded by mu_
  std::vector<std::thread> threads_;
};

}  // namespace cairn
