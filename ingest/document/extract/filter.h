// Writes a document again with only what is selected: the bytes that stay as they were.
//
// Memory:   an element.   Threads: one thread at a time.
#pragma once

#include "ingest/document/extract/selection.h"
#include "store/bytes.h"

namespace cairn {

// Reads the document once.   `result` gets bytes, what was taken, and warnings.   Errors: extract_document()'s.
void filter_document(const ReadDocument& read, Selection& selection, const std::function<void(ByteView)>& write, ExtractResult& result);

}  // namespace cairn
