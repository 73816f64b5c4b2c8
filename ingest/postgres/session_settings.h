// The SETs that stand between the entries of a dump, each in force until the next of its name: a table's tablespace, say.  pg_dump
// writes one only where the value changes, before the header of the entry that needs it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/postgres/item_builder.h"
#include "ingest/postgres/outline.h"
#include "ingest/postgres/sql_lexer.h"

namespace cairn {

// Memory:   a few settings.
// Threads:  one thread at a time.
class SessionSettings {
 public:
  // A SET statement.
  static bool changes(std::string_view sql);
  // … for entries, not for the whole session: default_tablespace, default_table_access_method …
  static bool for_entries(std::string_view sql);
  // SELECT pg_catalog.set_config(…)
  static bool calls_set_config(std::string_view sql);

  // Requires: changes(statement.text).
  void set(const SqlStatement& statement);
  // The text of those since the last entry; comments, blank space and interruptions are told to it.
  TextExtents& pending() { return pending_; }
  // Before an entry of this type: those in force that aren't what a new session has, and all since the last entry.
  std::vector<Extent> before(std::string_view type);
  void clear();

 private:
  struct Setting {
    std::string name;
    Extent extent;
    bool usual = false;   // what a new session has
  };
  std::vector<Setting> in_force_;
  TextExtents pending_;
};

}  // namespace cairn
