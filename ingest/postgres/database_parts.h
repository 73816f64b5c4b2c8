// The parts of one database of a dump.
//
// Threads:  one thread at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/parts/parted_source.h"
#include "ingest/postgres/dependencies.h"
#include "ingest/postgres/part_builder.h"
#include "ingest/postgres/part_names.h"

namespace cairn {

class DatabaseParts {
 public:
  // `folder`: the database's name as a path element.  All must outlive this.
  DatabaseParts(const DumpDatabase& database, const std::string& folder, PartNames& names, StreamParts& out);

  // Names are given to all parts before any is made: parts name each other.
  void write();

  uint64_t tables() const { return tables_; }
  uint64_t rows() const { return rows_; }

 private:
  struct Texts {                       // lists of names that become properties and remarks
    std::vector<std::string> needs, wants, links, left_out;
  };

  void name_all();
  void write_database();
  void write_schema(std::string_view schema, std::span<const uint32_t> members);
  void write_object(uint32_t object);
  void write_rows(uint32_t table);
  void write_left_out(const Part& part, Texts& texts);
  std::string write_link(const PartBuilder::LeftOut& left, const std::vector<std::string>& needs);
  void describe_rows(Part& part);

  Part new_part(std::string name, std::string kind) const;
  void put_text(Part& part, std::span<const uint32_t> items);
  void put_preamble(Part& part, const Texts& texts);
  void put_list(Part& part, const char* property, std::vector<std::string>& names);
  void finish(Part part);
  std::vector<std::string> names_of(std::span<const uint32_t> objects) const;
  std::string words_for(const PartBuilder::LeftOut& left) const;

  const DumpDatabase& database_;
  const std::string& folder_;
  PartNames& names_;
  StreamParts& out_;
  uint64_t extents_ = 0;         // of all parts so far, those of other databases too
  bool told_of_extents_ = false;
  DumpObjects objects_;
  PartBuilder builder_;
  std::vector<std::string> part_names_;                       // of objects
  std::vector<uint32_t> by_schema_;                           // objects in schemas, sorted by it
  std::vector<std::pair<std::string_view, std::string>> schema_parts_;   // sorted
  std::vector<std::pair<std::string_view, uint32_t>> defaults_;          // DEFAULT ACL statements by schema, sorted
  std::vector<std::string> link_names_;                       // of items; empty until there is one
  uint64_t tables_ = 0, rows_ = 0;
};

// Sorted, neighbours and overlaps merged, empty ones gone.
void merge_extents(std::vector<Extent>& extents);

// What of an entry may be executed in a database that was just made: CREATE SCHEMA public would fail there and is cut out.  `alone`:
// in a part beside which others may be loaded, which make their schemas where they don't exist: every CREATE SCHEMA is cut out.
void append_text(const DumpItem& item, bool alone, std::vector<Extent>& out);

}  // namespace cairn
