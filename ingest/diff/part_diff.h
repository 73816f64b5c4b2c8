// What differs between the parts of two components, by their catalogues; of tables also how many rows.
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
};

// Paths of what is visited begin as `prefix` and stand for what is beneath `path` on both sides.
// Errors: kNotFound when a side has nothing at its path; those of the readers.
void diff_parts(const PartsSide& before, const PartsSide& after, const std::string& prefix, const VisitDifference& visit, Monitor& monitor);

}  // namespace cairn
