// Tar archives (POSIX.1-2001 pax; reading: whatever tar there is), compressed or not.  Its .cc is the only one that knows libarchive.
//
// Threads:  one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/bytes.h"
#include "store/tree/entry.h"

namespace cairn {

enum class TarFilter { kNone, kGzip, kZstd, kXz };

// A run of a file that is no hole.
struct TarRun {
  uint64_t offset_bytes = 0, length_bytes = 0;
};

// What stands in an archive of one name.
struct TarEntry {
  Entry entry;                // without content; its name isn't used
  std::string path;           // as it stands in the archive
  std::string user, group;    // names of the owner; "" for none
  std::optional<std::string> hard_link;   // to the path of an earlier entry: no content of its own
  std::vector<TarRun> runs;   // writing a file with holes: where it has bytes; empty for one without holes
};

class TarWriter {
 public:
  // `write` gets the archive, in order; what it throws comes out of the methods.
  TarWriter(TarFilter filter, std::function<void(ByteView)> write);
  ~TarWriter();
  // Of a file entry.entry.size_bytes bytes must follow, through content(), holes as zeros.
  void add(const TarEntry& entry);
  void content(ByteView bytes);
  // Everything is written.  Without it nothing may be made of what was.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class TarReader {
 public:
  // At least one byte unless the archive has ended.
  using Read = std::function<size_t(std::span<uint8_t> into)>;
  explicit TarReader(Read read);
  ~TarReader();
  // False at the end of the archive.  kCorrupt when it is none, is damaged, or breaks off.
  // What cairn doesn't keep (a socket) is passed over.
  bool next(TarEntry& entry);
  // The next run of the content of the last entry's file: its bytes, valid until the next call, and where they belong.  False at the end.
  bool content(ByteView& bytes, uint64_t& offset_bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
