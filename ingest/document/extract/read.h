// One pass over a document for whoever walks through it.
#pragma once

#include "ingest/document/extract.h"
#include "ingest/document/extract/walk.h"

namespace cairn {

// Each piece goes to `before`, then past the walk, then `behind` is called.   Errors: kCorrupt when it is no JSON; what the walk throws.
void read_document(const ReadDocument& read, DocumentWalk& walk, const std::function<void(ByteView)>& before,
                   const std::function<void()>& behind);

}  // namespace cairn
