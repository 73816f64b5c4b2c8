// What an earlier copy tells: its tree and the one it was made from, walked side by side, say what the source's things are called in
// the destination without reading any of their bytes.
//
// Threads:  one thread at a time.
#pragma once

#include "ingest/copy/id_map.h"
#include "ingest/monitor.h"
#include "store/read/chunk_reader.h"
#include "store/snapshot/manifest.h"
#include "store/write/write_session.h"

namespace cairn {

class KnownCopies {
 public:
  // All must outlive this.  `recut`: contents that were copied as they were cut don't count.
  KnownCopies(ChunkReader& source, ChunkReader& destination, const WriteSession& session, bool recut, KnownIds& known, Monitor& monitor);
  // Only what the destination has whole is learned, so that a copy brings anew what is lost there.   Errors: kInterrupted.
  void learn(const Manifest& original, const Manifest& copy);

 private:
  bool directories(const ChunkId& original, const ChunkId& copy, const std::string& path);
  bool entries(const Entry& original, const Entry& copy, const std::string& path);
  bool contents(const Content& original, const Content& copy);
  Buffer load(const ChunkId& id);
  ChunkReader& source_;
  ChunkReader& destination_;
  const WriteSession& session_;
  bool recut_;
  KnownIds& known_;
  Monitor& monitor_;
};

}  // namespace cairn
