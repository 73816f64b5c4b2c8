// What a search looks for: names, kinds, sizes, times.
//
// Threads:  immutable once set up, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingest/tree/filter.h"
#include "store/tree/catalogue.h"
#include "store/tree/entry.h"

namespace cairn {

struct FindCriteria {
  std::optional<uint64_t> least_bytes, most_bytes;   // of what isn't a directory: those never match then
  std::optional<int64_t> since_ns, before_ns;        // modified at or after, and before; of a part: its component
  std::string types;                                 // letters of f d l p c b (find(1)'s); "": any
  bool parts_only = false;
  std::string part_kind;                             // with parts_only: "table", "key" …; "": any

  // Patterns as in ingest/tree/filter.h, on paths that begin with the component's name; the last one that matches decides.  A
  // directory's match says nothing of what is in it.  `ignore_case`: of the letters A to Z.   kInvalidArgument.
  void set_patterns(const std::vector<std::string>& patterns, bool ignore_case);
  // True unless the last element of a path is all that counts.
  bool by_path() const { return by_path_; }
  // Could an entry that is no part match, by its name and type?   `path`: all of it, or only its last element unless by_path().
  bool may_match(std::string_view path, EntryType type) const;
  // `path`: likewise.  `part`: nullptr for what is none.
  bool matches(std::string_view path, const Entry& entry, const Part* part) const;
  // Could something beneath this directory match?   Requires: all of its path.
  bool may_match_beneath(std::string_view path) const;

 private:
  bool named(std::string_view path, EntryType type) const;
  PatternList patterns_;
  bool ignore_case_ = false, by_path_ = false;
};

// 'f', 'd', 'l', 'p', 'c', 'b', as find(1) calls them.
char type_letter(EntryType type);

}  // namespace cairn
