// What travels from the reader to the workers and on to the tree: a batch of steps of the walk, with the bytes of long files.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/backup/byte_source.h"
#include "ingest/tree/walk.h"
#include "store/fd.h"
#include "store/keys/settings.h"
#include "store/write/frame_builder.h"
#include "chunker/chunker.h"

namespace cairn {

// How a component's content is cut and compressed.
struct CutPolicy {
  ChunkSize chunk_size = ChunkSize::kNormal;
  FramePolicy frame;
};
// Of files in trees, and of streams.
inline CutPolicy tree_policy(const ContentSettings& settings) {
  return {settings.file_chunks, {settings.compression.level_for(kFilePolicy.level), kFilePolicy.frame_bytes}};
}
inline CutPolicy stream_policy(const ContentSettings& settings) {
  return {settings.stream_chunks, {settings.compression.level_for(kStreamPolicy.level), kStreamPolicy.frame_bytes}};
}

// A run of a long file: a chunk whose bytes follow those of the run before in Job::bytes, or a hole.
struct Run {
  uint64_t length_bytes = 0;
  bool hole = false;
};

struct JobEntry {
  enum class Content {
    kNone,    // a directory, a link, an empty file
    kRead,    // the worker opens and reads it
    kKeep,    // unchanged: the entry holds the content of the previous snapshot
    kBytes,   // read already, not cut yet: all of it, in `bytes`
    kRuns,    // read already: `runs` over Job::bytes; a long file has several such entries in consecutive jobs
  };
  enum class Change { kNew, kChanged, kUnmodified, kNotCounted };

  WalkStep::Kind step = WalkStep::Kind::kEntry;
  Entry entry;               // of a long file: set with its last piece
  std::string path;          // for messages, as a person would write it
  Content content = Content::kNone;
  Change change = Change::kNotCounted;
  std::optional<Entry> before;  // of a file that is read although the previous snapshot has it: equal content means unmodified
  bool failed = false;       // could not be read: told already, left out of the tree
  size_t directory = 0;      // kRead, kKeep: in Job::directories
  std::string open_name;     // kRead, kKeep: beneath that directory; the key of an object
  Buffer bytes;              // kBytes
  std::vector<Run> runs;
  bool last_piece = true;
  bool begins_again = false; // what came of this long content so far doesn't count
  std::vector<ChunkRef> refs;  // set by the worker for kRuns and kRead
};

// Opens the object of a key as it is now, and makes the entry that of this version; thread-safe.
using OpenObject = std::function<std::unique_ptr<ByteSource>(const std::string& key, Entry& entry)>;

struct Job {
  size_t component = 0;      // in the order of the sources that could be opened
  CutPolicy policy;
  std::vector<JobEntry> entries;
  std::vector<Fd> directories;
  const OpenObject* open_object = nullptr;   // of a bucket's entries, in place of directories; outlives the job
  Buffer bytes;              // of runs
  uint64_t weight_bytes = 0; // what the worker will have in hand, roughly
};

// What a worker made of a job.
struct Stored {
  size_t component = 0;
  std::vector<JobEntry> entries;
  uint64_t bytes_read = 0;
  uint64_t new_bytes = 0;
};

}  // namespace cairn
