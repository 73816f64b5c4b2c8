// What a statement of a dump is about, read from its text: headers are ambiguous, statements are not.
//
// Source: pg_dump's output, versions 13 to 18; PostgreSQL documentation, "SQL Commands".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/postgres/outline.h"

namespace cairn {

struct StatementFacts {
  std::optional<QualifiedName> subject, table;   // as in DumpItem
  std::string columns;                           // of COPY and INSERT, as written, without the parentheses
};

// `sql`: a statement, or the beginning of one.
StatementFacts facts_of(std::string_view sql, bool standard_strings);

// Appends the qualified names in the statement, also those in '…'::regclass and the like, but for pg_catalog's and
// information_schema's; up to `most`, not sorted, repeated.
void append_mentions(std::string_view sql, bool standard_strings, size_t most, std::vector<QualifiedName>& mentions);

}  // namespace cairn
