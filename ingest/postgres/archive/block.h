// One run of data in an archive: a table's rows, or a large object.
//
// Takes it as it comes, passes on what it holds, and notes in the recipe how to make it again.
//
// Memory:   a few MiB, and 24 bytes a run of chunks of one size, at most some 10 MiB of them.
// Threads:  one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingest/postgres/archive/job.h"

namespace cairn {

class Block {
 public:
  // `plain` writes the data to the rendering, its bytes in the form that is told, from its present end on.
  // `framed`: it comes in chunks, each announced.
  Block(ArchiveJob& job, PackCodec codec, bool framed, PlainSource::Form form, TakeBytes plain);
  // A chunk of so many bytes begins, > 0; the one before is complete.  Framed blocks only.
  void chunk(uint32_t size_bytes);
  void payload(ByteView bytes);
  // Why the data isn't whole: "is damaged"; "" otherwise.  Once.
  std::string end();

 private:
  void take_plain(ByteView bytes);
  void unmatched(ByteView bytes);
  void end_chunk();
  void note();

  ArchiveJob& job_;
  PackCodec codec_;
  bool framed_;
  TakeBytes plain_;
  RecipeOp op_;
  std::optional<Undo> undo_;
  bool verbatim_ = false;        // chunks follow too wild a pattern: they are stored as they come
  uint64_t plain_bytes_ = 0;
  uint64_t chunk_bytes_ = 0;     // of the chunk that is begun; 0: none
  uint64_t chunk_done_ = 0;
  bool newline_ = false;         // the chunk has one,
  bool line_ = false;            // as its last byte and nowhere else
};

}  // namespace cairn
