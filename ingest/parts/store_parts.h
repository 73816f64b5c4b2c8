// Puts what is known of a stream's parts into the repository, and into the snapshot's description of the component.
#pragma once

#include "ingest/parts/parted_source.h"
#include "store/tree/object.h"

namespace cairn {

// Fills kind, properties, catalogue, transform and recipe of `info`.   Errors: what `put` throws.
void store_parts(StreamParts&& parts, const PutObject& put, ComponentInfo& info);

}  // namespace cairn
