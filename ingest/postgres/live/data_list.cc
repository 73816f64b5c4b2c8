#include "ingest/postgres/live/data_list.h"

#include <algorithm>
#include <map>
#include <optional>
#include <queue>
#include <utility>

#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kLocksAtOnce = 200;
constexpr size_t kSequencesAtOnce = 100;
constexpr int kMostTries = 5;  // when tables go away while we look

// Members of extensions aren't dumped but for their configuration tables, perhaps with a condition.  Built-in extensions are below 16384.
constexpr char kConfiguration[] =
    "WITH configuration AS (SELECT u.oid, u.condition FROM pg_extension e, unnest(e.extconfig, e.extcondition) AS u(oid, condition)"
    " WHERE e.oid >= 16384)";

// Which relations of a kind have data to dump.  c: pg_class, n: its pg_namespace, k: its configuration, if any.
constexpr char kWanted[] =
    " (k.oid IS NOT NULL OR (n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend d"
    "  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')))"
    " AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())";

// Rows of a partition go back through the root where they might belong to another partition there: hashes of enums differ per database.
constexpr char kRoot[] =
    "CASE WHEN c.relispartition AND EXISTS (SELECT FROM pg_partition_ancestors(c.oid) a(relid) JOIN pg_partitioned_table p ON p.partrelid = a.relid"
    "  JOIN pg_opclass o ON o.oid = ANY (p.partclass::oid[]) WHERE p.partstrat = 'h' AND o.opcname = 'enum_ops'"
    "  AND o.opcnamespace = 'pg_catalog'::regnamespace)"
    " THEN (SELECT quote_ident(rn.nspname) || '.' || quote_ident(r.relname) FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace"
    "  WHERE r.oid = pg_partition_root(c.oid)) END";

std::string heading_of(std::string_view what, std::string_view name, std::string_view type, std::string_view schema, std::string_view owner) {
  return "--\n-- " + std::string(what) + comment_name(name) + "; Type: " + std::string(type) + "; Schema: " + comment_name(schema) +
         "; Owner: " + comment_name(owner) + "\n--\n\n";
}

std::vector<TableData> list_tables(PostgresConnection& connection) {
  const PostgresRows rows = connection.query(
      std::string(kConfiguration) +
      "SELECT c.oid, n.nspname, c.relname, pg_get_userbyid(c.relowner), quote_ident(n.nspname) || '.' || quote_ident(c.relname),"
      " (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a"
      "  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), k.condition, " +
      kRoot +
      ", (SELECT amname FROM pg_am WHERE pg_am.oid = c.relam) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
      " LEFT JOIN configuration k ON k.oid = c.oid WHERE c.relkind = 'r' AND" +
      kWanted + " ORDER BY n.nspname::text COLLATE \"C\", c.relname::text COLLATE \"C\", c.oid");
  std::vector<TableData> out(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    TableData& table = out[i];
    table.oid = rows.number(i, 0);
    table.relation = rows.text(i, 4);
    table.columns = rows.text(i, 5);
    table.condition = rows.text(i, 6);
    table.heap = rows.text(i, 8) == "heap";
    const std::string root(rows.text(i, 7)), list = table.columns.empty() ? "" : "(" + table.columns + ")";
    table.heading = heading_of("Data for Name: ", rows.text(i, 2), "TABLE DATA", rows.text(i, 1), rows.text(i, 3));
    if (!root.empty()) table.heading += "-- load via partition root " + comment_name(root) + "\n\n";
    table.heading += "COPY " + (root.empty() ? table.relation : root) + " " + list + " FROM stdin;\n";
  }
  return out;
}

// Configuration tables are filled with their foreign keys in force, so what they refer to comes first.
void put_references_first(PostgresConnection& connection, std::vector<TableData>& tables) {
  const PostgresRows rows = connection.query(
      std::string(kConfiguration) +
      "SELECT conrelid, confrelid FROM pg_constraint WHERE contype = 'f' AND conrelid IN (SELECT oid FROM configuration)"
      " AND confrelid IN (SELECT oid FROM configuration)");
  if (rows.size() == 0) return;
  std::map<uint64_t, size_t> places;
  for (size_t i = 0; i < tables.size(); ++i) places[tables[i].oid] = i;
  std::vector<std::pair<size_t, size_t>> needs;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto it = places.find(rows.number(i, 0)), other = places.find(rows.number(i, 1));
    if (it != places.end() && other != places.end()) needs.emplace_back(it->second, other->second);
  }
  std::vector<TableData> out;
  for (const size_t place : order_after_needs(tables.size(), needs)) out.push_back(std::move(tables[place]));
  tables = std::move(out);
}

std::vector<SequenceData> list_sequences(PostgresConnection& connection) {
  const bool plain_backslashes = connection.query("SHOW standard_conforming_strings").text(0, 0) == "on";
  const PostgresRows rows = connection.query(
      std::string(kConfiguration) +
      "SELECT n.nspname, c.relname, pg_get_userbyid(c.relowner), quote_ident(n.nspname) || '.' || quote_ident(c.relname)"
      " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN configuration k ON k.oid = c.oid WHERE c.relkind = 'S' AND" +
      kWanted + " ORDER BY n.nspname::text COLLATE \"C\", c.relname::text COLLATE \"C\", c.oid");
  std::vector<SequenceData> out(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    out[i].relation = rows.text(i, 3);
    std::string literal;  // as the script's own setting of standard_conforming_strings reads it
    for (const char c : out[i].relation) literal += std::string(c == '\'' || (c == '\\' && !plain_backslashes) ? 2 : 1, c);
    out[i].heading = heading_of("Name: ", rows.text(i, 1), "SEQUENCE SET", rows.text(i, 0), rows.text(i, 2)) + "SELECT pg_catalog.setval('" + literal + "', ";
  }
  return out;
}

// What the server refuses, unless it is a table that is gone.
std::optional<ServerMessage> lock_tables(PostgresConnection& connection, const std::vector<TableData>& tables) {
  for (size_t begin = 0; begin < tables.size(); begin += kLocksAtOnce) {
    std::string sql;
    for (size_t i = begin; i < std::min(begin + kLocksAtOnce, tables.size()); ++i) sql += (sql.empty() ? "LOCK TABLE ONLY " : ", ONLY ") + tables[i].relation;
    if (auto refused = connection.try_exec(sql + " IN ACCESS SHARE MODE")) return refused;
  }
  return std::nullopt;
}

void measure_tables(PostgresConnection& connection, std::vector<TableData>& tables) {
  if (tables.empty()) return;
  std::string oids;
  for (const TableData& table : tables) oids += (oids.empty() ? "" : ",") + std::to_string(table.oid);
  const PostgresRows rows = connection.query("SELECT pg_relation_size(u.oid) / current_setting('block_size')::bigint, pg_table_size(u.oid) FROM unnest('{" +
                                             oids + "}'::oid[]) WITH ORDINALITY AS u(oid, place) ORDER BY u.place");
  for (size_t i = 0; i < rows.size(); ++i) {
    tables[i].page_count = rows.number(i, 0);
    tables[i].data_bytes = rows.number(i, 1);
  }
}

}  // namespace

void set_up_session(PostgresConnection& connection) {
  connection.exec(
      "SET datestyle = ISO; SET intervalstyle = postgres; SET extra_float_digits = 3; SET xmloption = content;"
      "SET synchronize_seqscans = off; SET row_security = off; SET quote_all_identifiers = off;"
      "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;"
      "SELECT pg_catalog.set_config('search_path', '', false);"
      // Text in the database's own encoding, as pg_dump's without --encoding.
      "SELECT pg_catalog.set_config('client_encoding', pg_catalog.current_setting('server_encoding'), false);"
      // Rows of a range of pages come in the order of the pages.
      "SET max_parallel_workers_per_gather = 0; SET enable_seqscan = off; SET enable_indexscan = off; SET enable_indexonlyscan = off;"
      "SET enable_bitmapscan = off; SET jit = off;"
      // Where they exist: timeouts of newer servers; and a view that takes a table's place must not run its owner's code as us.
      "SELECT pg_catalog.set_config(name, CASE name WHEN 'restrict_nonsystem_relation_kind' THEN 'view, foreign-table' ELSE '0' END, false)"
      " FROM pg_catalog.pg_settings WHERE name IN ('idle_session_timeout', 'transaction_timeout', 'restrict_nonsystem_relation_kind')");
}

std::string begin_snapshot(PostgresConnection& connection, DataList& list) {
  for (int tries = 1;; ++tries) {
    connection.exec("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    std::string snapshot(connection.query("SELECT pg_export_snapshot()").text(0, 0));
    list.tables = list_tables(connection);
    const std::optional<ServerMessage> refused = lock_tables(connection, list.tables);
    if (!refused) {
      measure_tables(connection, list.tables);
      put_references_first(connection, list.tables);
      list.sequences = list_sequences(connection);
      list.large_objects = connection.query("SELECT EXISTS (SELECT FROM pg_largeobject_metadata)").text(0, 0) == "t";
      return snapshot;
    }
    const bool gone = refused->sqlstate == "42P01" || refused->sqlstate == "3F000";  // undefined table, schema
    if (!gone || tries == kMostTries) throw Error(ErrorCode::kIo, connection.place() + ": " + refused->text + (refused->hint.empty() ? "" : "; " + refused->hint));
    connection.exec("ROLLBACK");
  }
}

std::string sequence_script(PostgresConnection& connection, const std::vector<SequenceData>& sequences) {
  std::string out;
  for (size_t begin = 0; begin < sequences.size(); begin += kSequencesAtOnce) {
    const size_t end = std::min(begin + kSequencesAtOnce, sequences.size());
    std::string sql;
    for (size_t i = begin; i < end; ++i) {
      sql += (sql.empty() ? "" : " UNION ALL ") + ("SELECT " + std::to_string(i) + " AS place, last_value, is_called FROM ") + sequences[i].relation;
    }
    const PostgresRows rows = connection.query(sql + " ORDER BY place");
    if (rows.size() != end - begin) throw Error(ErrorCode::kCorrupt, connection.place() + ": sequences with more or less than one value");
    for (size_t i = begin; i < end; ++i) {
      out += sequences[i].heading + std::string(rows.text(i - begin, 1)) + ", " + (rows.text(i - begin, 2) == "t" ? "true" : "false") + ");\n\n\n";
    }
  }
  return out;
}

std::string comment_name(std::string_view name) {
  std::string out(name);
  std::ranges::replace_if(out, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return out;
}

std::vector<size_t> order_after_needs(size_t count, const std::vector<std::pair<size_t, size_t>>& needs) {
  // From the end: the last of those that nobody before it still waits for.
  std::vector<size_t> needed_by(count);
  std::multimap<size_t, size_t> needs_of;
  for (const auto& [it, other] : needs) {
    if (it == other) continue;
    ++needed_by[other];
    needs_of.emplace(it, other);
  }
  std::priority_queue<size_t> free;
  for (size_t i = 0; i < count; ++i) {
    if (needed_by[i] == 0) free.push(i);
  }
  std::vector<size_t> out;
  std::vector<bool> taken(count);
  while (out.size() < count) {
    if (free.empty()) {  // a circle: its last goes first
      for (size_t i = count; i-- > 0 && free.empty();) {
        if (!taken[i]) free.push(i);
      }
    }
    const size_t next = free.top();
    free.pop();
    if (taken[next]) continue;
    taken[next] = true;
    out.push_back(next);
    for (auto [one, end] = needs_of.equal_range(next); one != end; ++one) {
      if (--needed_by[one->second] == 0) free.push(one->second);
    }
  }
  std::ranges::reverse(out);
  return out;
}

}  // namespace cairn
