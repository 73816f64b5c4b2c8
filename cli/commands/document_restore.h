// What `restore --only SECTION,… --target DIR` does: a document of some sections and elements, and how it went.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/wanted.h"
#include "ingest/document/document_restore.h"

namespace cairn {

// A key for sealed documents: of the file, or else of the variable NAME_FILE or NAME; nothing when none is given.
// UsageError when several are; kInvalidArgument for what is no key.
std::optional<Secret> document_key(const std::string& file, const std::string& option, const std::string& variable);

// UsageError unless one document is meant.  `only`: as given, with commas.  Returns the exit code.
int restore_document_sections(Session& session, const std::vector<Wanted>& wanted, const std::vector<std::string>& only,
                              DocumentRestoreOptions options);

}  // namespace cairn
