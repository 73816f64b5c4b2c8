#include "ingest/postgres/dependencies.h"

#include <algorithm>

#include "ingest/postgres/part_names.h"

namespace cairn {

namespace {

// What an entry of this type makes.
struct Definition {
  std::string_view type;
  DumpObjectKind kind;
};
constexpr Definition kDefinitions[] = {
    {"TABLE", DumpObjectKind::kTable},       {"FOREIGN TABLE", DumpObjectKind::kTable},   {"VIEW", DumpObjectKind::kView},
    {"MATERIALIZED VIEW", DumpObjectKind::kView}, {"SEQUENCE", DumpObjectKind::kSequence}, {"TYPE", DumpObjectKind::kType},
    {"DOMAIN", DumpObjectKind::kType},       {"SHELL TYPE", DumpObjectKind::kType},       {"FUNCTION", DumpObjectKind::kRoutine},
    {"PROCEDURE", DumpObjectKind::kRoutine}, {"AGGREGATE", DumpObjectKind::kRoutine},     {"SCHEMA", DumpObjectKind::kSchema},
    {"EXTENSION", DumpObjectKind::kExtension}, {"BLOB", DumpObjectKind::kLargeObjects},   {"BLOBS", DumpObjectKind::kLargeObjects},
    {"BLOB METADATA", DumpObjectKind::kLargeObjects},
};

// Entries that make nothing of their own.
constexpr std::string_view kDependents[] = {
    "",          "ACL",      "CHECK CONSTRAINT", "COMMENT",           "CONSTRAINT",  "DEFAULT",         "DEFAULT ACL",
    "FK CONSTRAINT", "INDEX", "INDEX ATTACH",    "MATERIALIZED VIEW DATA", "POLICY", "PUBLICATION TABLE",
    "PUBLICATION TABLES IN SCHEMA", "ROW SECURITY", "RULE", "SECURITY LABEL", "SEQUENCE OWNED BY", "SEQUENCE SET", "STATISTICS",
    "STATISTICS DATA", "SUBSCRIPTION TABLE", "TABLE ATTACH", "TABLE DATA", "TRIGGER",
};

std::string without_quotes(std::string_view text) {
  std::string out(text);
  std::erase(out, '"');
  return out;
}

std::string loose_key(std::string_view type, std::string_view tag) {
  if (tag.starts_with(type)) return without_quotes(tag);   // "CAST (a AS b)"
  if (type == "SERVER") type = "FOREIGN SERVER";
  if (type == "PROCEDURAL LANGUAGE") type = "LANGUAGE";
  return without_quotes(std::string(type) + " " + std::string(tag));
}

// An identity column's sequence: the statement alters a table.
bool makes_identity(const DumpItem& item) {
  return item.type == "SEQUENCE" && (item.table || (item.subject && header_text(item.subject->name) != item.tag));
}

}  // namespace

DumpObjects::DumpObjects(const DumpDatabase& database)
    : items_(database.items), owners_(items_.size(), kNobody), roles_(items_.size(), ItemRole::kNone) {
  uint32_t count = static_cast<uint32_t>(items_.size());
  for (uint32_t i = 0; i < count; ++i) define(i);
  sort_entries();
  for (uint32_t i = 0; i < count; ++i) define_data_only(i);
  sort_entries();
  for (uint32_t i = 0; i < count; ++i) name_what_belongs_to_tables(i);
  sort_entries();
  for (uint32_t i = 0; i < count; ++i) name_multiranges(i);
  sort_entries();
  for (uint32_t i = 0; i < count; ++i) attach(i);
  for (uint32_t i = 0; i < count; ++i) attach_remark(i);
  schemas_.push_back("public");
  for (const DumpObject& object : objects_) schemas_.push_back(object.name.schema);
  std::sort(schemas_.begin(), schemas_.end());
  schemas_.erase(std::unique(schemas_.begin(), schemas_.end()), schemas_.end());
  for (uint32_t i = 0; i < count; ++i) resolve(i);
  mention_begins_.push_back(static_cast<uint32_t>(mentions_.size()));
  for (DumpObject& object : objects_) std::sort(object.items.begin(), object.items.end());
  link_needs();
}

uint32_t DumpObjects::add_object(DumpObjectKind kind, const DumpItem& item, QualifiedName name) {
  DumpObject& object = objects_.emplace_back();
  object.kind = kind;
  object.type = item.type;
  object.tag = item.tag;
  object.owner = item.owner;
  object.name = std::move(name);
  return static_cast<uint32_t>(objects_.size() - 1);
}

void DumpObjects::give(uint32_t item, uint32_t object, ItemRole role) {
  if (object == kNobody || owners_[item] != kNobody) return;
  owners_[item] = object;
  roles_[item] = role;
  objects_[object].items.push_back(item);
}

void DumpObjects::define(uint32_t index) {
  const DumpItem& item = items_[index];
  if (std::find(std::begin(kDependents), std::end(kDependents), item.type) != std::end(kDependents) || makes_identity(item)) return;
  const Definition* known = std::find_if(std::begin(kDefinitions), std::end(kDefinitions),
                                         [&](const Definition& one) { return one.type == item.type; });
  DumpObjectKind kind = known != std::end(kDefinitions) ? known->kind : item.schema.empty() ? DumpObjectKind::kLoose : DumpObjectKind::kOther;
  if (kind == DumpObjectKind::kLargeObjects) {
    if (large_objects_ == kNobody) large_objects_ = add_object(kind, item, {});
    return give(index, large_objects_, item.type == "BLOBS" ? ItemRole::kRows : ItemRole::kCore);
  }
  QualifiedName name{item.schema, item.tag};
  if (item.subject && !item.subject->name.empty()) name = *item.subject;
  bool in_schema = kind <= DumpObjectKind::kOther;
  if (in_schema && name.schema.empty()) name.schema = item.schema;
  if (kind == DumpObjectKind::kType) {
    auto [shell, fresh] = made_.try_emplace(name.schema + '\0' + name.name, static_cast<uint32_t>(objects_.size()));
    if (!fresh) return give(index, shell->second, ItemRole::kCore);
  }
  uint32_t id = add_object(kind, item, std::move(name));
  DumpObject& object = objects_[id];
  object.foreign = item.type == "FOREIGN TABLE";
  give(index, id, ItemRole::kCore);
  if (in_schema) {
    Group group = object.relation()                    ? Group::kRelation
                  : kind == DumpObjectKind::kType          ? Group::kType
                  : kind == DumpObjectKind::kRoutine       ? Group::kRoutine
                                                       : Group::kOther;
    add_entry(object.name.schema, object.name.name, group, id);
  } else {
    loose_.try_emplace(loose_key(item.type, item.tag), id);
    loose_.try_emplace(loose_key(item.type, object.name.name), id);
    if (kind == DumpObjectKind::kSchema) schemas_.push_back(object.name.name);
    if (kind == DumpObjectKind::kExtension) extensions_.push_back(id);
  }
}

// A dump of rows alone names tables that it doesn't make.
void DumpObjects::define_data_only(uint32_t index) {
  const DumpItem& item = items_[index];
  if (item.type != "TABLE DATA" || !item.subject || find_named(item, Group::kRelation, item.tag) != kNobody) return;
  QualifiedName name = *item.subject;
  if (name.schema.empty()) name.schema = item.schema;
  if (!made_.try_emplace(name.schema + '\0' + name.name + '\0', 0).second) return;
  uint32_t id = add_object(DumpObjectKind::kTable, item, name);
  objects_[id].type = "TABLE";
  add_entry(objects_[id].name.schema, objects_[id].name.name, Group::kRelation, id);
}

// Indexes, identity columns' sequences and extended statistics have names of their own, but are parts of tables.
void DumpObjects::name_what_belongs_to_tables(uint32_t index) {
  const DumpItem& item = items_[index];
  bool identity = makes_identity(item), constraint = item.type == "CONSTRAINT";
  if (!identity && !constraint && item.type != "INDEX" && item.type != "STATISTICS") return;
  uint32_t table = find_table_of(item);
  if (table == kNobody) return;
  std::string_view name = item.tag;
  std::string prefix = header_text(objects_[table].name.name) + " ";
  if (constraint && name.starts_with(prefix)) name.remove_prefix(prefix.size());
  const std::string& schema = item.schema.empty() ? objects_[table].name.schema : item.schema;
  add_entry(schema, texts_.emplace_back(name), identity ? Group::kRelation : Group::kIndex, table);
}

// A range type brings a second type that no entry of the dump makes.
void DumpObjects::name_multiranges(uint32_t index) {
  const DumpItem& item = items_[index];
  if (owners_[index] == kNobody || objects_[owners_[index]].kind != DumpObjectKind::kType) return;
  for (const QualifiedName& name : item.mentions) {
    if (name.name.find("multirange") == name.name.npos || !entries_of(name.schema, name.name).empty()) continue;
    add_entry(name.schema, name.name, Group::kType, owners_[index]);
  }
}

}  // namespace cairn
