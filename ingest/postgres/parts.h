// From the outline of a dump to the parts that users see.
//
//   dump.sql                        the original (not in the catalogue)
//   globals.sql                     roles, memberships, tablespaces                             kind "globals"
//   DB.sql                          a whole database, loadable into an empty one                kind "database"
//   DB.create.sql                   its CREATE DATABASE, properties and grants                  kind "create-database"
//   DB/SCHEMA.sql                   all of a schema                                             kind "schema"
//   DB/SCHEMA/TABLE.sql             one table, loadable alone                                   kind "table"
//   DB/SCHEMA/TABLE.copy            its rows alone, COPY text format                            kind "rows"
//   DB/SCHEMA/NAME.sql              a view, materialized view, function, procedure, aggregate, sequence, type, domain, foreign table …
//   DB/large-objects.sql            all large objects                                           kind "large-objects"
//   DB/NAME.extension.sql …         what belongs to no schema: extensions, casts, languages, publications, event triggers …
//
// Properties of parts: "rows" (a count), "type" (the dump's word: "MATERIALIZED VIEW"), "columns" (rows: COPY's list), "needs" and
// "wants" (names of parts, one a line: see below), "left_out" (statements that aren't in it for want of what they name), "inserts"
// ("1": no .copy can be given), "owner".
#pragma once

#include "ingest/parts/parted_source.h"
#include "ingest/postgres/outline.h"

namespace cairn {

// Fills kind, parts, properties, ended, problem and warnings of a stream whose text had this outline.  `component`: the name that a
// database gets whose name the dump doesn't tell.
StreamParts parts_of_dump(const DumpOutline& outline, const std::string& component);

}  // namespace cairn
