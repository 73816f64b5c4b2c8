// The objects of a dumped database (tables, types, functions …), which statements are theirs, and what those need.
//
// Memory:   about 100 bytes a statement and 300 an object, beside the outline, which must outlive this.
// Speed:    sorted vectors, n log n.
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ingest/postgres/outline.h"

namespace cairn {

enum class DumpObjectKind : uint8_t {
  kTable, kView, kSequence,   // relations; foreign tables are tables, materialized views views
  kType, kRoutine, kOther,    // in a schema too: operators, collations, text search …
  kSchema, kExtension,
  kLoose,                     // belongs to no schema: casts, languages, publications …
  kLargeObjects,
};

struct DumpObject {
  DumpObjectKind kind = DumpObjectKind::kOther;
  std::string_view type;             // the dump's word: "MATERIALIZED VIEW"; like the next two, of the outline
  std::string_view tag;              // of its header: a function's with the types of its arguments
  std::string_view owner;
  QualifiedName name;
  bool foreign = false;              // a foreign table
  std::vector<uint32_t> items;       // its own statements, in the dump's order
  std::vector<uint32_t> partitions;  // of a table: the tables attached to it
  std::vector<uint32_t> parents;     // of a table: what it is attached to, one at most
  std::vector<uint32_t> sequences;   // of a table: those it owns
  std::vector<uint32_t> casts;       // of a type

  bool relation() const { return kind <= DumpObjectKind::kSequence; }
  bool holds_rows_of_its_own() const { return kind == DumpObjectKind::kTable && !foreign; }
};

// What a statement is to its object.
enum class ItemRole : uint8_t {
  kNone,      // of no object
  kCore,      // the object isn't whole without
  kRows,      // data: not needed by others
  kOptional,  // foreign keys, triggers, rules, policies, a sequence's owner: refers to others
  kFollows,   // a comment on something optional: goes with it
};

class DumpObjects {
 public:
  static constexpr uint32_t kNobody = UINT32_MAX;

  explicit DumpObjects(const DumpDatabase& database);

  const std::vector<DumpItem>& items() const { return items_; }
  const std::deque<DumpObject>& objects() const { return objects_; }

  uint32_t object_of(uint32_t item) const { return owners_[item]; }
  ItemRole role(uint32_t item) const { return roles_[item]; }
  // The objects that a statement names, its own left out; extensions stand in for names that only they can have brought.
  std::span<const uint32_t> mentioned(uint32_t item) const;
  // The first name in a foreign key or a trigger that nothing in the dump can have; nullptr: there is none.
  const QualifiedName* missing(uint32_t item) const;
  // Comments (kFollows) on something optional.
  std::span<const uint32_t> followers(uint32_t item) const;
  // The header's name of a table's constraint, trigger, rule or policy, without the table's.
  std::string_view own_name(uint32_t item) const;
  // "" when the dump doesn't tell.
  const std::string& extension_schema(const DumpObject& extension) const { return extension.name.schema; }
  // What foreign tables need that no qualified name tells of: servers, wrappers, extensions.  In functions: languages.
  std::span<const uint32_t> foreign_needs() const { return foreign_needs_; }
  std::span<const uint32_t> languages() const { return languages_; }
  // Of a partition whose rows the dump loads through another table (a root of its): that table; else kNobody.
  uint32_t loaded_through(uint32_t partition) const;

 private:
  enum class Group : uint8_t { kRelation, kType, kRoutine, kOther, kIndex };
  struct Entry {
    std::string_view schema, name;
    Group group = Group::kOther;
    bool exact = true;               // false: as headers write it, line ends as blanks
    uint32_t object = 0;
  };

  void define(uint32_t item);
  void define_data_only(uint32_t item);
  void name_what_belongs_to_tables(uint32_t item);
  void name_multiranges(uint32_t item);
  void attach(uint32_t item);
  void attach_partition(uint32_t item);
  void attach_sequence_owner(uint32_t item);
  void attach_publication_member(uint32_t item);
  void attach_remark(uint32_t item);
  uint32_t followed_item(uint32_t object, std::string_view remark_tag) const;
  void resolve(uint32_t item);
  void link_needs();

  uint32_t add_object(DumpObjectKind kind, const DumpItem& item, QualifiedName name);
  void give(uint32_t item, uint32_t object, ItemRole role);
  void add_entry(std::string_view schema, std::string_view name, Group group, uint32_t object);
  void sort_entries();
  std::span<const Entry> entries_of(std::string_view schema, std::string_view name) const;
  uint32_t find(std::string_view schema, std::string_view name, Group group) const;
  uint32_t find_named(const DumpItem& item, Group group, std::string_view header_name) const;
  uint32_t find_table_of(const DumpItem& item) const;
  uint32_t find_column_owner(const DumpItem& item, std::string_view column) const;
  uint32_t find_routine(const DumpItem& item, std::string_view signature) const;
  uint32_t find_other(const DumpItem& item, std::string_view tag) const;
  uint32_t find_loose(const std::string& key) const;

  const std::vector<DumpItem>& items_;
  std::deque<DumpObject> objects_;
  std::vector<uint32_t> owners_;
  std::vector<ItemRole> roles_;
  std::vector<Entry> entries_;                                   // sorted
  std::vector<Entry> fresh_;                                     // not among them yet
  std::deque<std::string> texts_;                                // what entries name that stands nowhere else
  std::unordered_map<std::string, uint32_t> loose_;              // "EXTENSION citext", quotes removed; schemas too
  std::unordered_map<std::string, uint32_t> made_;               // types that are announced before they are made; data-only tables
  std::vector<std::string_view> schemas_;                        // sorted: those that are known to exist
  std::vector<uint32_t> mention_begins_, mentions_;              // of item i: [begins[i], begins[i + 1])
  std::unordered_map<uint32_t, const QualifiedName*> missing_;
  std::unordered_map<uint32_t, std::vector<uint32_t>> followers_;
  std::unordered_map<uint32_t, uint32_t> loaded_through_;
  std::vector<uint32_t> foreign_needs_, languages_, extensions_;
  uint32_t large_objects_ = kNobody;
};

}  // namespace cairn
