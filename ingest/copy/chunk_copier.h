// Brings chunks as they are cut: a window of the tree at a time, its chunks in the order of the source's packs, so that every frame
// is opened once.  A frame that is needed whole keeps its compressed bytes: only ids and keys change.
//
//   steps → window → source → [open · decompress · verify · id · claim · compress · seal] → session;  then the tree
//
// Memory:   some 15 MB for a window, and two frames a worker.
// Threads:  one thread at a time; it starts workers of its own through ordered_parallel_map.
#pragma once

#include <atomic>
#include <deque>
#include <memory>

#include "ingest/copy/tree_copy.h"
#include "store/read/chunk_reader.h"
#include "store/repository.h"
#include "store/write/write_session.h"

namespace cairn {

class ChunkCopier {
 public:
  // All must outlive this.  `keys`: the destination's.
  ChunkCopier(Repository& source, const Keyring& keys, WriteSession& session, KnownIds& known, size_t threads, Monitor& monitor);

  // Brings everything of one component into `tree`; `policy`: of frames.
  // Errors: kCorrupt, kNotFound for what the source hasn't whole, naming the file; those of the session.
  void copy(TreeSteps& steps, FramePolicy policy, TreeCopy& tree);
  // Ends the frames at hand.
  void flush();
  // Since the last call, of plaintext the destination had not seen, and of its frames.   Requires for the latter: flushed.
  uint64_t take_new_bytes() { return new_bytes_.exchange(0); }
  uint64_t take_stored_bytes();
  uint64_t read_bytes() const { return read_bytes_; }

 private:
  static constexpr uint32_t kKnown = UINT32_MAX;
  struct Piece {
    ChunkId id;           // in the source
    Location at;          // likewise
    uint32_t number = 0;  // in copied_
    uint32_t step = 0;    // one that needs it: for messages
  };
  struct Waiting {
    CopyStep step;
    std::vector<uint32_t> numbers;   // of step.refs: in copied_, or kKnown
  };
  struct FrameJob {
    size_t begin = 0, end = 0;       // in pieces_
  };
  struct OpenPack {
    PackInfo info;
    PackOpener opener;
  };
  // A frame of the source as it is stored there, and what it holds.
  struct OpenFrame {
    FrameInfo info;
    Buffer packed, plain;   // plain: empty when packed is it
    ByteView bytes() const { return info.codec == Codec::kRaw ? packed.view() : plain.view(); }
  };
  struct Worker {
    Worker(Repository& source, WriteSession& session);
    ChunkReader reader;
    Decompressor decompressor;
    uint64_t epoch = 0;           // of the index, that the numbers of packs belong to
    std::unordered_map<uint32_t, std::unique_ptr<OpenPack>> packs;
    std::optional<OpenFrame> frame;
    FrameBuilder builder;
    std::vector<ByteView> views;
    std::vector<Blake3Hash> hashes;
    std::vector<ChunkId> ids;
    std::vector<uint8_t> fresh;
  };
  void add(CopyStep&& step, TreeCopy& tree);
  void add_ref(Waiting& waiting, const ChunkRef& ref);
  bool full() const;
  void bring(TreeCopy& tree);
  void find_pieces();
  void bring_frame(Worker& worker, const FrameJob& job);
  bool open_frame(Worker& worker, const FrameJob& job);
  void read_chunks(Worker& worker, const FrameJob& job);
  bool take_frame(Worker& worker, const FrameJob& job);

  Repository& source_;
  const Index& source_index_;
  const Keyring& keys_;
  WriteSession& session_;
  KnownIds& known_;
  Monitor& monitor_;
  ChunkReader trees_;
  std::deque<Worker> workers_;      // never moved: they hold large buffers

  // The window at hand.
  std::deque<Waiting> steps_;
  size_t refs_ = 0;
  std::vector<Piece> pieces_;
  std::unordered_map<ChunkId, uint32_t, IdHash> numbers_;   // of the pieces
  std::vector<ChunkId> copied_;     // by number: what the piece is called in the destination; each written by one worker
  std::atomic<uint64_t> new_bytes_{0}, read_bytes_{0};
};

}  // namespace cairn
