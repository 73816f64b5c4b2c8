// Finds what a plain PostgreSQL dump holds, in one pass over its bytes, however they are split over calls.
//
// A real lexer, never a search: strings, dollar quotes, quoted names, comments, nested parentheses, BEGIN ATOMIC bodies, COPY data,
// large objects and backslash commands are told apart as psql does.
//
// Memory:   the outline (at most a million items), one header group and at most 64 KiB of a statement's beginning.
// Speed:    COPY rows at several GB/s, INSERTs at ≥ 500 MB/s, definitions at ≥ 50 MB/s: it must not slow a backup down
//           (bench/RESULTS.md).
// Threads:  one thread at a time.
// Source:   PostgreSQL documentation: pg_dump, psql, 4.1 Lexical Structure, COPY.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/parts/parted_source.h"
#include "ingest/postgres/outline.h"
#include "store/bytes.h"

namespace cairn {

class DumpScanner {
 public:
  // `offset_bytes`: where the first byte stands in the stored stream.
  explicit DumpScanner(uint64_t offset_bytes = 0);
  ~DumpScanner();
  DumpScanner(DumpScanner&&) noexcept;

  // True when a stream that begins so (some kilobytes, or all of a shorter one) is a plain dump of pg_dump or pg_dumpall.
  static bool looks_like_dump(ByteView beginning);

  // The next bytes.  Marks are appended: before and after COPY rows (when there is a row; records = true before them), likewise behind the
  // first INSERT of a table and behind its last, around large objects' data, and around volatile lines (\restrict, \unrestrict,
  // "-- Started on", "-- Completed on", versions).  They ascend; a mark's place isn't beyond settled() after the call, nor below what
  // settled() was before.
  void scan(ByteView bytes, std::vector<Mark>& marks);
  // See PartedSource.
  uint64_t settled() const;
  // Scanning has met what no dump holds (a CRLF file, a NUL, an unterminated thing of absurd length): the stream is opaque.
  bool failed() const;
  std::string why_failed() const;

  // The end of the stream.  Once.
  DumpOutline finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cairn
