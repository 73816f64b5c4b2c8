// What rows and sequence values a database holds, in the order and with the headings of pg_dump.
//
// Source:   PostgreSQL documentation: System Catalogs; "Extension Configuration Tables"; pg_dump.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/postgres/connection.h"

namespace cairn {

struct TableData {
  std::string heading;       // of the script: comment and COPY … FROM stdin line
  std::string relation;      // "public.t", quoted as needed
  std::string columns;       // "a, b": those that aren't generated; "" when there are none
  std::string condition;     // "WHERE …" of an extension's configuration table, ""
  uint64_t oid = 0;
  uint64_t page_count = 0;   // as it was when it was locked
  uint64_t data_bytes = 0;   // likewise, with what is stored out of line
  bool heap = false;         // pages are addressable, and no pages are no rows
};

struct SequenceData {
  std::string heading;       // of the script, up to the value: "… setval('public.s', "
  std::string relation;
};

struct DataList {
  std::vector<TableData> tables;
  std::vector<SequenceData> sequences;
  bool large_objects = false;
};

// A session like pg_dump's, whose text of a value is the same everywhere.
void set_up_session(PostgresConnection& connection);

// Begins a transaction with a snapshot, lists what it sees and locks the tables against changes of their form.  Waits for locks that
// somebody holds.  Tables that are dropped between the two make it begin anew, a few times.
// Returns the snapshot's name, for SET TRANSACTION SNAPSHOT and pg_dump --snapshot.
// Errors: kIo: no right to read a table, which the message names.
std::string begin_snapshot(PostgresConnection& connection, DataList& list);

// The script that sets the sequences, with the values of now.
std::string sequence_script(PostgresConnection& connection, const std::vector<SequenceData>& sequences);

// As pg_dump writes a name in a comment: line breaks, which would end it, are blanks.  Others stay: headings give parts their names.
std::string comment_name(std::string_view name);

// Positions 0 … count - 1 in an order in which each comes after those it needs (pairs: {it, what it needs}); as late as before where
// there is a choice, which is what pg_dump does.  Circles are cut somewhere.
std::vector<size_t> order_after_needs(size_t count, const std::vector<std::pair<size_t, size_t>>& needs);

}  // namespace cairn
