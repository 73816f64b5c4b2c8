// A part together with all that it needs, as one text that stands alone.
//
//   property "wants"   names of parts that this one can't be loaded without, one a line
//   property "links"   names of parts of kind "link", one a line: statements that belong to several parts (a foreign key); each
//                      comes in when all its "needs" (names, one a line) are there
//
// Threads:  functions are thread-safe, if the reader is.
#pragma once

#include <span>
#include <vector>

#include "ingest/parts/part_output.h"
#include "store/tree/catalogue.h"

namespace cairn {

// The lines of the preambles, each once, without what was left out for want of what is here now; then the extents of all of them in
// the order of the stream.   kInvalidArgument when it needs more than 65,536 others; the reader's errors.
std::vector<PartPiece> pieces_with_dependencies(CatalogueReader& catalogue, const Part& part);
// Likewise several parts of one database, with what links them to each other.   Requires: not empty.
std::vector<PartPiece> pieces_together(CatalogueReader& catalogue, std::span<const Part> parts, bool with_dependencies);

}  // namespace cairn
