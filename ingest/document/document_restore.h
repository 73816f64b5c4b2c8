// Some sections and elements of a document, into a file of their own.
#pragma once

#include <string>

#include "ingest/document/extract.h"
#include "ingest/monitor.h"
#include "ingest/tree/sink.h"
#include "store/crypto/sodium.h"
#include "store/repository.h"
#include "store/snapshot/manifest.h"

namespace cairn {

struct DocumentRestoreOptions {
  DocumentSelection selection;
  std::string target;               // directory; made if it isn't there
  Overwrite overwrite = Overwrite::kAlways;   // kChanged: as kAlways
  const Secret* key = nullptr;      // seals what is written
  bool dry_run = false;
};

struct DocumentRestoreResult {
  std::string file;                 // "TARGET/backup.json"
  bool written = false;             // not in a dry run, nor over what must stay
  ExtractResult extract;
};

// `component`: of kind document.  Its file is named after it, with .json behind; 0600, for it may hold secrets.
// Errors: extract_document's; what reading the repository and writing the file meet.  Nothing is left then.
DocumentRestoreResult restore_document(Repository& repository, const Manifest& snapshot, const std::string& component,
                                       const DocumentRestoreOptions& options, Monitor& monitor);

}  // namespace cairn
