// One snapshot on its way into the destination, in a session of its own.
//
// Threads:  one thread at a time.
#pragma once

#include <optional>

#include "ingest/copy/chunk_copier.h"
#include "ingest/copy/copy.h"
#include "ingest/copy/recutter.h"

namespace cairn {

class SnapshotCopy {
 public:
  // All must outlive this.
  SnapshotCopy(Repository& source, Repository& destination, WriteSession& session, KnownIds& known, const CopyOptions& options,
               Monitor& monitor);

  // Copies everything the manifest stands on; its ids become the destination's.  Nothing is committed.
  // Errors: kCorrupt, kNotFound, kUnsupported of the source; those of the session.
  void copy(Manifest& manifest);
  // What was brought so far into frames, so that the session can keep it.
  void flush();
  uint64_t read_bytes() const;

 private:
  void component(const Entry& entry, ComponentInfo& info);
  ChunkId catalogue(const ChunkId& id, uint64_t content_bytes);
  ChunkId recipe(const ChunkId& list, uint64_t size_bytes);
  Repository& source_;
  KnownIds& known_;
  Monitor& monitor_;
  ChunkReader objects_;
  ChunkerParams params_;
  ContentSettings content_;             // of the destination
  PutObject put_;
  TreeCopy tree_;
  std::optional<ChunkCopier> chunks_;   // one or the other
  std::optional<Recutter> recutter_;
};

}  // namespace cairn
