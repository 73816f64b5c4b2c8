// A window of a restore: which pieces of which files come out of which frames, in the order of the packs.
//
// Memory:   about 100 bytes a piece and the entries of the files; a window ends at kMostPieces.
// Threads:  built by one thread; then files are finished by whoever writes their last piece (the counters are atomic).
#pragma once

#include <atomic>
#include <deque>
#include <string>
#include <vector>

#include "store/index/index.h"
#include "store/tree/entry.h"

namespace cairn {

struct PlannedFile {
  std::string path;                  // beneath the target
  Entry entry;
  bool in_pieces = false;            // its pieces come from several frames: constant once prepared
  bool continues = false;            // more of it follows in the next window: not finished with this one
  std::string temporary;             // of a file in pieces; "" until begun, by one thread at a time
  std::atomic<uint32_t> frames_left{0};
  std::atomic<bool> failed{false};
};

// A chunk's place in a file.
struct PlannedPiece {
  Location at;
  uint32_t file = 0;                 // in RestoreWindow::files
  uint64_t offset_bytes = 0;         // in the file
  ChunkId id;
};

// All pieces that come from one frame.
struct FrameJob {
  size_t begin = 0, end = 0;         // in RestoreWindow::pieces
};

struct RestoreWindow {
  static constexpr size_t kMostPieces = 128 << 10;
  static constexpr size_t kMostFiles = 32 << 10;
  std::deque<PlannedFile> files;     // never moved: workers hold references
  std::vector<PlannedPiece> pieces;
  std::vector<FrameJob> frames;

  bool full() const { return pieces.size() >= kMostPieces || files.size() >= kMostFiles; }
  // Looks up where the chunks are, sorts by pack and offset, groups by frame.  Files with a chunk that isn't there are marked failed
  // and their ids returned, for messages.
  std::vector<std::pair<uint32_t, ChunkId>> prepare(const Index& index);
};

}  // namespace cairn
