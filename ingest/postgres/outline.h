// What a plain PostgreSQL dump holds, as offsets: the result of one pass over its text (dump_scanner.h).
//
// All formats have this one model: what an archive (custom, directory, tar) holds is rendered as a plain dump first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/tree/catalogue.h"

namespace cairn {

// Names as the server has them: unquoted, case folded where they weren't quoted.
struct QualifiedName {
  std::string schema;   // "" when it isn't qualified
  std::string name;
  auto operator<=>(const QualifiedName&) const = default;
};

// One entry of the dump: from its comment header (`-- Name: …; Type: …`) to the next.  The SETs between entries (default_tablespace
// …) stand before the header of what they are for, so they belong to it; those that came earlier, are still in force and aren't what
// a new session has are repeated: items that are taken alone, or all in order, do the same as in the dump.  Entries of large objects
// (BLOB, BLOB METADATA, and ACL, COMMENT, SECURITY LABEL of LARGE OBJECT) that follow each other are one item.
struct DumpItem {
  std::string type;                     // of the header: "TABLE", "TABLE DATA", "FK CONSTRAINT" …
  std::string tag;                      // of the header; ambiguous (newlines are blanks there)
  std::string schema, owner;            // of the header, "" for - and for none
  std::optional<QualifiedName> subject; // from its first statement: what that creates, alters, fills, comments on or grants; an
                                        // extension with the schema it is put into
  std::optional<QualifiedName> table;   // of an index, constraint, trigger, rule, policy, default, sequence's owner: from the statement;
                                        // TABLE ATTACH, INDEX ATTACH: what is attached (the subject is what it is attached to);
                                        // an identity column's SEQUENCE, extended STATISTICS, STATISTICS DATA, PUBLICATION TABLE,
                                        // a comment on a column or constraint: their table
  std::vector<Extent> text;             // everything of it that may be executed or read: headers, comments, statements and rows, in
                                        // order, neighbours merged; without backslash commands other than the `\.` of rows
  Extent statements;                    // from the first statement's begin to the end of the last, rows included
  uint64_t first_statement_bytes = 0;   // length of the first of them
  Extent rows;                          // COPY: the rows without the `\.` line; length 0 without
  uint64_t row_count = 0;               // of COPY, or of INSERT statements
  bool inserts = false;                 // its rows are INSERT statements
  std::string columns;                  // COPY's list as written, without parentheses: "id, \"b c\""; "" without
  std::vector<QualifiedName> mentions;  // distinct qualified names in the first 64 KiB of its statements (also in '…'::regclass), sorted;
                                        // not those in rows and in function bodies that are strings, nor of pg_catalog and
                                        // information_schema; at most 20 000
  std::string sample;                   // the last rows (the newest), at most 64 KiB, of authentik_version_history and
                                        // django_migrations in any schema, as they stand: lines of COPY, or INSERT statements
};

struct DumpDatabase {
  std::string name;                     // from \connect, or known from elsewhere; "" in a plain dump of one database
  Extent extent;                        // from `-- PostgreSQL database dump` to behind `… dump complete`, or to the end
  std::vector<Extent> settings;         // the SETs and set_config at its head, behind its (last) \connect
  std::vector<DumpItem> items;
  std::string server_version, dump_version;   // "15.20 (Debian 15.20-0+deb12u1)"
  bool ended = false;                   // has its "dump complete"
};

struct DumpOutline {
  bool cluster = false;                 // of pg_dumpall
  std::vector<Extent> globals;          // the executable text of roles, memberships, tablespaces, in order; DROPs too
  std::vector<DumpItem> definitions;    // of databases: DATABASE, DATABASE PROPERTIES, their ACL and COMMENT (outside of databases'
                                        // own items: they are executed before the database is connected to)
  std::vector<DumpDatabase> databases;
  std::string started, completed;       // as --verbose writes them: "2026-11-20 03:00:12 UTC"
  bool ended = false;                   // the last "dump complete", and every \restrict has its \unrestrict
  std::string problem;                  // why not ended, for people
  std::vector<std::string> warnings;    // e.g. a backslash command that was not understood, with its line's offset
};

}  // namespace cairn
