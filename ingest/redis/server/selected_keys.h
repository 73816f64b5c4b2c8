// Walks the catalogue of a component of kind redis: the keys beneath a path that a selection means, in the catalogue's order.
//
// Memory:   a leaf of the catalogue, however many keys there are.
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/redis/rdb/rdb_reader.h"
#include "ingest/redis/server/selection.h"
#include "store/snapshot/manifest.h"
#include "store/tree/catalogue.h"

namespace cairn {

// What a path beneath a component means.
struct RedisScope {
  enum class Kind { kAll, kDatabase, kKey, kFunctions, kFunction } kind = Kind::kAll;
  std::string name;   // what names of parts begin with: "", "0/", "functions/"; or of the one part
  bool has_keys() const { return kind == Kind::kAll || kind == Kind::kDatabase || kind == Kind::kKey; }
  bool has_functions() const { return !has_keys() || kind == Kind::kAll; }
  bool holds(std::string_view part) const;
};

// `beneath`: "" or the original: all; "0"; "0/session:42", escaped as listed or as it is; "functions"; "functions/mylib.lua".
// kNotFound when there is no such part.
RedisScope redis_scope(CatalogueReader& catalogue, const ComponentInfo& component, const std::string& beneath);

struct SelectedKey {
  uint32_t db = 0;
  std::string name;                    // as the server knows it
  uint8_t type = 0;                    // as in an RDB file
  std::optional<int64_t> expires_ms;   // since 1970
  Extent value;                        // of the stored stream; not empty
};

class SelectedKeys {
 public:
  // `catalogue`: nobody else moves it while this walks.  `flavor`: of the file that the types are of.
  // All must outlive this.   kInvalidArgument for a type there isn't.
  SelectedKeys(CatalogueReader& catalogue, const RedisScope& scope, const RedisSelection& selection, RdbFlavor flavor);

  // The next one; false at the end.   kCorrupt for a key that isn't as it is stored; the catalogue's errors.
  bool next(SelectedKey& key);

 private:
  bool skip(std::string_view part);
  bool chosen(const SelectedKey& key) const;
  CatalogueReader& catalogue_;
  const RedisScope& scope_;
  const RedisSelection& selection_;
  const RdbFlavor flavor_;
  std::string begin_;                    // names of parts begin so
  std::vector<std::string> prefixes_;    // escaped names of keys begin with one of these; sorted, none begins with another; empty: with any
  bool done_ = false;
};

}  // namespace cairn
