// What differs between the parts of two components, by their catalogues; of tables also how many rows, of keys whether they expire
// otherwise.
#pragma once

#include "ingest/diff/tree_diff.h"
#include "store/snapshot/manifest.h"

namespace cairn {

// A component with a catalogue, and its entry.
struct PartsSide {
  ChunkReader& reader;
  const ComponentInfo& component;
  const Entry& entry;
  std::string path;       // beneath the component: "" for all parts, a folder of parts, or one part
  std::string prefix;     // of what is visited, before what is beneath `path`
};

// Errors: kNotFound when a side has nothing at its path, before anything is visited; those of the readers.
void diff_parts(const PartsSide& before, const PartsSide& after, const VisitDifference& visit, Monitor& monitor);

}  // namespace cairn
