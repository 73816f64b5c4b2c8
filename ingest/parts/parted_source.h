// A stream on its way into a backup, with its parts found as it passes.
//
// What goes to the chunker (the *stored stream*) is what came, or a rewriting of it whose exact reversal is known (a transform:
// the inflated form of a compressed dump).  Parts are extents of the stored stream.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ingest/backup/byte_source.h"
#include "store/snapshot/manifest.h"
#include "store/tree/catalogue.h"

namespace cairn {

// A chunk must end here, so that what follows makes the same chunks whatever stands before it; or, of an item, may well end here.
struct Mark {
  uint64_t offset_bytes = 0;   // in the stored stream
  bool records = false;        // from here to the next cut every line is a record: content-defined cuts move to the next line's begin
  bool item = false;           // no cut: an item begins here, and a content-defined cut shortly before moves here
};

// Longer ones are neither written nor read.
inline constexpr uint64_t kMostRecipeBytes = uint64_t{256} << 20;

// Parts ascending by name (bytewise), names unique.   Threads: one thread at a time.
class PartStream {
 public:
  virtual ~PartStream() = default;
  // The next part; false at the end.
  virtual bool next(Part& part) = 0;
};

// What is known of the stream when it has ended.
struct StreamParts {
  ComponentKind kind = ComponentKind::kStream;      // kStream: it wasn't what it seemed; everything else is empty then
  bool ended = true;                                // false: it breaks off; `problem` says how that is known
  std::string problem;                              // for people, one line
  std::map<std::string, std::string> properties;    // of the component; FORMAT.md, "Properties"
  std::vector<Part> parts;                          // names unique, in any order
  std::unique_ptr<PartStream> sorted_parts;         // in place of `parts`: more than memory should hold
  std::string transform;                            // "" : the stored stream is the stream
  Bytes recipe;                                     // what undoing the transform needs
  std::vector<std::string> warnings;
};

class PartedSource : public ByteSource {
 public:
  // Bytes of the stored stream.  Throws what the underlying stream throws; what can't be understood is no error (see parts()).
  size_t read(std::span<uint8_t> into) override = 0;
  // Stored bytes below this offset get no further mark.  At most 64 KiB behind what was read, and all of it at the end.
  virtual uint64_t settled() const = 0;
  // Appends the marks below settled() that were not taken yet, ascending.
  virtual void take_marks(std::vector<Mark>& marks) = 0;
  // Requires: read() returned 0.  Once.
  virtual StreamParts parts() = 0;
};

}  // namespace cairn
