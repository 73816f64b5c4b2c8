#include "ingest/postgres/archive/render.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "ingest/postgres/archive/quote.h"

namespace cairn {

namespace {

constexpr int kOwnKindsMinor = 15;         // from then on ALTER VIEW, ALTER SEQUENCE … OWNER; ALTER TABLE before
constexpr int kTransactionTimeoutMinor = 16;
constexpr std::string_view kRowsEnd = "\\.\n\n\n";
constexpr std::string_view kInsertsEnd = ";\n\n\n", kNoInserts = "\n\n\n";   // the latter with the line's end before it
constexpr std::string_view kViaRoot = "-- load via partition root ";
constexpr std::string_view kNotSet = "\n";
constexpr size_t kMostRenderedBytes = 4 << 20;
constexpr uint64_t kMostExpandedBytes = 32 << 20;   // of what an entry says of each of several large objects; pg_dump groups at most 1000
constexpr uint64_t kMostExpandedInAll = uint64_t{4} << 30;

// Kinds that ALTER … OWNER TO names by schema and name.
constexpr auto kNamedKinds = std::to_array<std::string_view>(
    {"COLLATION", "CONVERSION", "DATABASE", "DOMAIN", "EVENT TRIGGER", "FOREIGN DATA WRAPPER", "FOREIGN TABLE", "MATERIALIZED VIEW",
     "PROCEDURAL LANGUAGE", "PUBLICATION", "SCHEMA", "SEQUENCE", "SERVER", "STATISTICS", "SUBSCRIPTION", "TABLE",
     "TEXT SEARCH CONFIGURATION", "TEXT SEARCH DICTIONARY", "TYPE", "VIEW"});
// Kinds whose full name, arguments and all, stands in their DROP.
constexpr auto kDroppedKinds =
    std::to_array<std::string_view>({"AGGREGATE", "FUNCTION", "OPERATOR", "OPERATOR CLASS", "OPERATOR FAMILY", "PROCEDURE"});
static_assert(std::ranges::is_sorted(kNamedKinds) && std::ranges::is_sorted(kDroppedKinds));

bool about_large_objects(const TocEntry& entry) {
  return (entry.kind == "ACL" || entry.kind == "COMMENT" || entry.kind == "SECURITY LABEL") && entry.tag.starts_with("LARGE OBJECT");
}

// Entries without data that pg_restore counts as data: they are printed even if they define nothing.
bool always_printed(const TocEntry& entry) {
  return entry.kind == "SEQUENCE SET" || entry.kind == "BLOB" || entry.kind == "BLOB METADATA" || about_large_objects(entry);
}

// 'what' of a statement "SET x = 'what';".
std::string quoted_value(const std::string& statement) {
  const size_t begin = statement.find('\'');
  const size_t end = begin == statement.npos ? begin : statement.find('\'', begin + 1);
  return end == statement.npos ? "" : statement.substr(begin + 1, end - begin - 1);
}

}  // namespace

Renderer::Renderer(const Toc& toc, StoredStream& out) : toc_(toc), out_(out), arrived_(toc.entries.size()) {
  for (const TocEntry& entry : toc.entries) {
    if (entry.kind == "ENCODING") encoding_ = quoted_value(entry.definition);
    if (entry.kind == "STDSTRINGS") standard_strings_ = quoted_value(entry.definition) == "on";
    if (entry.kind == "SEARCHPATH") search_path_ = entry.definition;
  }
  out_.text("--\n-- PostgreSQL database dump\n--\n\n\n");
  if (toc.server_version) out_.text("-- Dumped from database version " + one_line(toc.server_version, "") + "\n");
  if (toc.dump_version) out_.text("-- Dumped by pg_dump version " + one_line(toc.dump_version, "") + "\n");
  out_.text("\n");
  settings();
}

std::string Renderer::quote(std::string_view name) const { return quote_name(name, toc_.minor_version >= kOwnKindsMinor); }

PlainSource::Form Renderer::large_object_form() const {
  return standard_strings_ ? PlainSource::Form::kLargeObject : PlainSource::Form::kLargeObjectEscaped;
}

Renderer::Pass Renderer::pass(const TocEntry& entry) {
  if (entry.kind == "ACL" || entry.kind == "ACL LANGUAGE" || entry.kind == "DEFAULT ACL") return Pass::kGrants;
  if (entry.kind == "EVENT TRIGGER" || entry.kind == "MATERIALIZED VIEW DATA") return Pass::kLast;
  if (entry.kind == "COMMENT" && entry.tag.starts_with("EVENT TRIGGER ")) return Pass::kLast;
  if (entry.kind == "STATISTICS DATA" && entry.section == 4) return Pass::kLast;
  return Pass::kMain;
}

void Renderer::settings() {
  std::string out = "SET statement_timeout = 0;\nSET lock_timeout = 0;\nSET idle_in_transaction_session_timeout = 0;\n";
  if (toc_.minor_version >= kTransactionTimeoutMinor) out += "SET transaction_timeout = 0;\n";
  out += "SET client_encoding = '" + encoding_ + "';\n";
  out += standard_strings_ ? "SET standard_conforming_strings = on;\n" : "SET standard_conforming_strings = off;\n";
  out += search_path_;
  out += "SET check_function_bodies = false;\nSET xmloption = content;\nSET client_min_messages = warning;\n";
  if (!standard_strings_) out += "SET escape_string_warning = off;\n";
  out_.text(out + "SET row_security = off;\n\n");
}

bool Renderer::full() const { return out_.waiting_bytes() > kMostRenderedBytes; }

// Writes the definitions of the main pass up to entry `end`.
bool Renderer::advance_to(size_t end) {
  for (; next_ < end; ++next_) {
    if (full()) return false;
    const TocEntry& entry = toc_.entries[next_];
    if (pass(entry) == Pass::kMain) definition(entry);
  }
  return true;
}

// All of an entry but its data.
void Renderer::definition(const TocEntry& entry) {
  if (entry.kind == "ENCODING" || entry.kind == "STDSTRINGS" || entry.kind == "SEARCHPATH") return;
  if (entry.kind == "<Init>" && entry.tag == "Max OID") return;
  const bool defines = !entry.definition.empty() && !entry.definition.starts_with(kViaRoot);
  if (!defines && (entry.has_data || !always_printed(entry))) return;
  print(entry, entry.kind == "STATISTICS DATA" ? "Statistics for " : "");
  if (entry.kind == "DATABASE" || entry.kind == "DATABASE PROPERTIES") {
    out_.text(connect_command(entry.tag, toc_.minor_version >= kOwnKindsMinor) + "\n");
    schema_.clear();
    tablespace_ = kNotSet;
    access_method_.clear();
    settings();
  }
}

void Renderer::print(const TocEntry& entry, std::string_view prefix) {
  search_path(entry.schema);
  if (entry.tablespace && *entry.tablespace != tablespace_) {
    out_.text("SET default_tablespace = " + (entry.tablespace->empty() ? "''" : quote(*entry.tablespace)) + ";\n\n");
    tablespace_ = *entry.tablespace;
  }
  if (entry.access_method && !entry.partitioned && *entry.access_method != access_method_) {
    out_.text("SET default_table_access_method = " + quote(*entry.access_method) + ";\n\n");
    access_method_ = *entry.access_method;
  }
  header(entry, prefix);
  statements(entry);
  owner(entry);
  if (entry.access_method && entry.partitioned) {
    const std::string schema = entry.schema.value_or("");
    out_.text("ALTER TABLE " + (schema.empty() ? "" : quote(schema) + ".") + quote(entry.tag) + " SET ACCESS METHOD " +
              quote(*entry.access_method) + ";\n\n");
  }
}

void Renderer::header(const TocEntry& entry, std::string_view prefix) {
  std::string out = "--\n-- " + std::string(prefix) + "Name: " + one_line(entry.tag, "") + "; Type: " + one_line(entry.kind, "");
  out += "; Schema: " + one_line(entry.schema, "-") + "; Owner: " + one_line(entry.owner, "-");
  if (entry.tablespace && !entry.tablespace->empty()) out += "; Tablespace: " + one_line(entry.tablespace, "");
  out_.text(out + "\n--\n\n");
}

void Renderer::statements(const TocEntry& entry) {
  expanded_bytes_ = 0;
  if (entry.kind == "BLOB METADATA") {
    each_large_object(entry, "SELECT pg_catalog.lo_create('", "')");
  } else if (entry.kind == "ACL" && entry.tag.starts_with("LARGE OBJECTS")) {
    large_object_grants(entry);
  } else if (!entry.definition.empty()) {
    out_.text(entry.definition);
    out_.text("\n\n");
  }
}

void Renderer::owner(const TocEntry& entry) {
  if (!entry.owner || entry.owner->empty() || entry.drop.empty()) return;
  const std::string to = " OWNER TO " + quote(*entry.owner);
  if (entry.kind == "BLOB METADATA") {
    each_large_object(entry, "ALTER LARGE OBJECT ", to);
    return;
  }
  std::string what;
  if (std::ranges::binary_search(kNamedKinds, entry.kind)) {
    const bool like_table = entry.kind == "VIEW" || entry.kind == "SEQUENCE" || entry.kind == "MATERIALIZED VIEW";
    const bool as_table = toc_.minor_version < kOwnKindsMinor && like_table;
    what = (as_table ? "TABLE" : entry.kind) + " ";
    if (entry.schema && !entry.schema->empty()) what += quote(*entry.schema) + ".";
    what += quote(entry.tag);
  } else if (entry.kind == "BLOB") {
    what = "LARGE OBJECT " + entry.tag;
  } else if (std::ranges::binary_search(kDroppedKinds, entry.kind) && entry.drop.starts_with("DROP ")) {
    what = entry.drop.substr(5);
    what.erase(what.find_last_not_of("\n;") + 1);
  } else {
    return;
  }
  out_.text("ALTER " + what + to + ";\n\n");
}

// Old archives count on the search path; newer ones have it empty throughout.
void Renderer::search_path(const std::optional<std::string>& schema) {
  if (!search_path_.empty() || !schema || schema->empty() || *schema == schema_) return;
  out_.text("SET search_path = " + quote(*schema) + (*schema == "pg_catalog" ? "" : ", pg_catalog") + ";\n\n");
  schema_ = *schema;
}

// The definition lists large objects, one a line.
void Renderer::each_large_object(const TocEntry& entry, std::string_view before, std::string_view behind) {
  const std::string& oids = entry.definition;
  const size_t count = static_cast<size_t>(std::ranges::count(oids, '\n'));
  const uint64_t bytes = oids.size() + count * (before.size() + behind.size() + 2) + 1;
  if (bytes > kMostExpandedBytes - expanded_bytes_ || bytes > kMostExpandedInAll - expanded_in_all_) {   // no pg_dump wrote that
    cut_short_ = true;
    return;
  }
  expanded_bytes_ += bytes;
  expanded_in_all_ += bytes;
  for (size_t at = 0, end = oids.find('\n'); end != oids.npos; at = end + 1, end = oids.find('\n', at)) {
    out_.text(std::string(before) + oids.substr(at, end - at) + std::string(behind) + ";\n");
  }
  out_.text("\n");
}

// The definition grants rights on the first of several large objects: its statements are repeated for each.
void Renderer::large_object_grants(const TocEntry& entry) {
  const TocEntry* group = toc_.find(entry.first_dependency);
  if (!group || group->kind != "BLOB METADATA") {
    out_.text(entry.definition + "\n\n");
    return;
  }
  static constexpr std::string_view kWords = "LARGE OBJECT ";
  const std::string& sql = entry.definition;
  std::string before;
  size_t begin = 0, behind = std::string::npos;   // of the statement; of its object's number, the end
  bool quoted = false;
  for (size_t at = 0; at < sql.size(); ++at) {
    if (sql[at] == '"') quoted = !quoted;
    if (quoted) continue;
    if (sql.compare(at, kWords.size(), kWords) == 0 && behind == std::string::npos) {
      before = sql.substr(begin, at + kWords.size() - begin);
      behind = std::min(sql.find_first_not_of("0123456789", at + kWords.size()), sql.size());
      at = behind - 1;
    } else if (sql[at] == ';' && behind != std::string::npos) {
      each_large_object(*group, before, sql.substr(behind, at - behind));
      begin = std::min(sql.find_first_not_of(" \t\n\v\f\r", at + 1), sql.size());
      behind = std::string::npos;
      at = begin - 1;
    }
  }
}

void Renderer::begin_data(const TocEntry& entry) {
  assert(entry.has_data && !arrived(entry) && next_ > index(entry));
  arrived_[index(entry)] = true;
  print(entry, "Data for ");
  copy_ = !entry.copy.empty();
  tail_ = "\n";
  out_.text(entry.copy);
}

void Renderer::data(ByteView rows) {
  out_.text(rows);
  const ByteView end = rows.last(std::min(rows.size(), kRowsEnd.size() + 1));
  tail_ += text(end);
  if (tail_.size() > kRowsEnd.size() + 1) tail_.erase(0, tail_.size() - kRowsEnd.size() - 1);
}

bool Renderer::end_data() {
  if (!copy_) return tail_.ends_with(kInsertsEnd) || tail_ == kNoInserts;
  if (tail_ == "\n" + std::string(kRowsEnd)) return true;
  if (!tail_.ends_with('\n')) out_.text("\n");
  out_.text(kRowsEnd);
  return false;
}

void Renderer::begin_large_objects(const TocEntry& entry) {
  assert(entry.has_data && !arrived(entry) && next_ > index(entry));
  arrived_[index(entry)] = true;
  print(entry, "Data for ");
  search_path("pg_catalog");
  out_.text("BEGIN;\n\n");
}

void Renderer::begin_large_object(uint32_t oid) { out_.text("SELECT pg_catalog.lo_open('" + std::to_string(oid) + "', 131072);\n"); }

void Renderer::large_object_data(ByteView bytes) {
  while (!bytes.empty()) {
    const size_t take = std::min(bytes.size(), kLowriteBytes - large_object_.size());
    large_object_.insert(large_object_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(take));
    bytes = bytes.subspan(take);
    if (large_object_.size() == kLowriteBytes) lowrite();
  }
}

void Renderer::lowrite() {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out(lowrite_begin(large_object_form()));
  out.reserve(out.size() + 2 * large_object_.size() + kLowriteEnd.size());
  for (const uint8_t byte : large_object_) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  out_.text(out + std::string(kLowriteEnd));
  large_object_.clear();
}

void Renderer::end_large_object() {
  if (!large_object_.empty()) lowrite();
  out_.text("SELECT pg_catalog.lo_close(0);\n\n");
}

void Renderer::end_large_objects() { out_.text("COMMIT;\n\n"); }

bool Renderer::finish() {
  if (pass_ == Pass::kMain) {
    if (!advance_to(toc_.entries.size())) return false;
    pass_ = Pass::kGrants;
  }
  for (; pass_ != Pass::kOver; next_of_pass_ = 0) {
    for (; next_of_pass_ < toc_.entries.size(); ++next_of_pass_) {
      if (full()) return false;
      const TocEntry& entry = toc_.entries[next_of_pass_];
      if (pass(entry) == pass_) definition(entry);
    }
    pass_ = pass_ == Pass::kGrants ? Pass::kLast : Pass::kOver;
  }
  out_.text("--\n-- PostgreSQL database dump complete\n--\n\n\n");
  return true;
}

const TocEntry* Renderer::missing() const {
  for (const TocEntry& entry : toc_.entries) {
    if (entry.has_data && !arrived_[index(entry)]) return &entry;
  }
  return nullptr;
}

}  // namespace cairn
