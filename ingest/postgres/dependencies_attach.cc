// Which statement belongs to which object, and what it needs.
#include <algorithm>

#include "ingest/postgres/dependencies.h"
#include "ingest/postgres/part_names.h"

namespace cairn {

namespace {

std::string bare_name(std::string_view text) {
  std::string out(text);
  std::erase(out, '"');
  return out;
}

// Cuts `word` and a blank off the front of `tag`.
bool take_word(std::string_view& tag, std::string_view word) {
  if (tag.size() <= word.size() || !tag.starts_with(word) || tag[word.size()] != ' ') return false;
  tag.remove_prefix(word.size() + 1);
  return true;
}

bool take_any(std::string_view& tag, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return take_word(tag, word); });
}

std::string_view word_of_optional(std::string_view type) { return type == "FK CONSTRAINT" ? "CONSTRAINT" : type; }

}  // namespace

void DumpObjects::attach(uint32_t index) {
  const DumpItem& item = items_[index];
  const std::string& type = item.type;
  if (owners_[index] != kNobody) return;
  if (type == "TABLE DATA") {
    uint32_t table = find_named(item, Group::kRelation, item.tag);
    uint32_t header = table != kNobody && header_text(objects_[table].name.name) == item.tag ? table : find(item.schema, item.tag, Group::kRelation);
    if (header != table && header != kNobody && table != kNobody) loaded_through_[header] = table;
    return give(index, table, ItemRole::kRows);
  }
  if (type == "SEQUENCE SET") return give(index, find_named(item, Group::kRelation, item.tag), ItemRole::kCore);
  if (type == "STATISTICS DATA" || type == "MATERIALIZED VIEW DATA") return give(index, find_table_of(item), ItemRole::kRows);
  if (type == "TABLE ATTACH") return attach_partition(index);
  if (type == "INDEX ATTACH") return give(index, find(item.schema, item.tag, Group::kIndex), ItemRole::kCore);
  if (type == "SEQUENCE OWNED BY") return attach_sequence_owner(index);
  if (type.starts_with("PUBLICATION TABLE")) return attach_publication_member(index);
  if (type == "SEQUENCE" || type == "DEFAULT" || type == "CONSTRAINT" || type == "CHECK CONSTRAINT" || type == "INDEX" ||
      type == "STATISTICS" || type == "ROW SECURITY") {
    uint32_t owner = find_table_of(item);
    if (type == "CHECK CONSTRAINT" && owner == kNobody) owner = find_named(item, Group::kType, item.tag);   // of a domain
    return give(index, owner, ItemRole::kCore);
  }
  if (type == "FK CONSTRAINT" || type == "TRIGGER" || type == "RULE" || type == "POLICY") {
    uint32_t owner = find_table_of(item);
    if (owner == kNobody) return;
    // A view whose definition had to wait for a constraint gets it as a rule.
    bool definition = type == "RULE" && objects_[owner].kind == DumpObjectKind::kView;
    give(index, owner, definition ? ItemRole::kCore : ItemRole::kOptional);
  }
}

void DumpObjects::attach_partition(uint32_t index) {
  const DumpItem& item = items_[index];
  uint32_t child = kNobody, parent = kNobody;
  for (const QualifiedName& name : item.mentions) {
    uint32_t found = find(name.schema, name.name, Group::kRelation);
    if (found == kNobody) continue;
    bool fits = name.schema == item.schema && header_text(name.name) == item.tag;
    if (fits && child == kNobody) child = found;
    else if (parent == kNobody) parent = found;
  }
  if (child == kNobody || parent == kNobody) return;
  give(index, child, ItemRole::kCore);
  objects_[parent].partitions.push_back(child);
  if (objects_[child].parents.empty()) objects_[child].parents.push_back(parent);
}

void DumpObjects::attach_sequence_owner(uint32_t index) {
  const DumpItem& item = items_[index];
  uint32_t sequence = find_named(item, Group::kRelation, item.tag);
  if (sequence == kNobody) return;
  give(index, sequence, ItemRole::kOptional);
  uint32_t table = item.table ? find(item.table->schema, item.table->name, Group::kRelation) : kNobody;
  for (size_t i = 0; table == kNobody && i < item.mentions.size(); ++i) {
    uint32_t found = find(item.mentions[i].schema, item.mentions[i].name, Group::kRelation);
    if (found != kNobody && objects_[found].kind == DumpObjectKind::kTable) table = found;
  }
  if (table != kNobody) objects_[table].sequences.push_back(sequence);
}

void DumpObjects::attach_publication_member(uint32_t index) {
  const DumpItem& item = items_[index];
  for (size_t blank = item.tag.find(' '); blank != item.tag.npos; blank = item.tag.find(' ', blank + 1)) {
    uint32_t found = find_loose("PUBLICATION " + bare_name(item.tag.substr(0, blank)));
    if (found != kNobody) return give(index, found, ItemRole::kOptional);
  }
}

std::string_view DumpObjects::own_name(uint32_t index) const {
  std::string_view name = items_[index].tag;
  if (owners_[index] == kNobody) return name;
  std::string prefix = header_text(objects_[owners_[index]].name.name) + " ";
  if (name.size() > prefix.size() && name.starts_with(prefix)) name.remove_prefix(prefix.size());
  return name;
}

// "TRIGGER t ON users": the entry that made it, when that is optional.
uint32_t DumpObjects::followed_item(uint32_t object, std::string_view remark_tag) const {
  std::string wanted = bare_name(remark_tag);
  std::string table = " ON " + bare_name(header_text(objects_[object].name.name));
  for (uint32_t item : objects_[object].items) {
    if (roles_[item] != ItemRole::kOptional) continue;
    if (std::string(word_of_optional(items_[item].type)) + " " + bare_name(own_name(item)) + table == wanted) return item;
  }
  return kNobody;
}

// Comments, grants and security labels: the tag begins with what kind of thing they are on.
void DumpObjects::attach_remark(uint32_t index) {
  const DumpItem& item = items_[index];
  if (item.type != "COMMENT" && item.type != "ACL" && item.type != "SECURITY LABEL") return;
  std::string_view tag = item.tag;
  uint32_t owner = kNobody;
  if (take_word(tag, "COLUMN")) {
    owner = find_column_owner(item, tag);
  } else if (take_any(tag, {"TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "SEQUENCE"})) {
    owner = find_named(item, Group::kRelation, tag);
  } else if (take_any(tag, {"INDEX", "STATISTICS"})) {
    owner = find_named(item, Group::kIndex, tag);
  } else if (take_any(tag, {"FUNCTION", "PROCEDURE", "AGGREGATE", "ROUTINE"})) {
    owner = find_routine(item, tag);
  } else if (take_any(tag, {"TYPE", "DOMAIN"})) {
    owner = find_named(item, Group::kType, tag);
  } else if (take_any(tag, {"CONSTRAINT", "TRIGGER", "POLICY", "RULE"})) {
    bool domain = tag.find(" ON DOMAIN ") != tag.npos;
    owner = domain ? find_named(item, Group::kType, tag.substr(tag.find(" ON DOMAIN ") + 11)) : find_table_of(item);
    if (size_t on = tag.rfind(" ON "); !domain && owner == kNobody && on != tag.npos)
      owner = find_named(item, Group::kRelation, tag.substr(on + 4));
    uint32_t followed = owner == kNobody || domain ? kNobody : followed_item(owner, item.tag);
    if (followed != kNobody) {
      followers_[followed].push_back(index);
      return give(index, owner, ItemRole::kFollows);
    }
  } else if (tag.starts_with("LARGE OBJECT")) {
    owner = large_objects_;
  } else {
    owner = item.schema.empty() ? kNobody : find_other(item, tag);
    if (owner == kNobody) owner = find_loose(bare_name(item.tag));
  }
  give(index, owner, ItemRole::kCore);
}

void DumpObjects::resolve(uint32_t index) {
  const DumpItem& item = items_[index];
  size_t begin = mentions_.size();
  mention_begins_.push_back(static_cast<uint32_t>(begin));
  // Rows need nothing, and remarks mention what they are on.
  if (roles_[index] == ItemRole::kRows || item.type == "ACL" || item.type == "COMMENT" || item.type == "SECURITY LABEL") return;
  bool strict = item.type == "FK CONSTRAINT" || item.type == "TRIGGER";
  auto add = [&](uint32_t object) {
    if (object != owners_[index]) mentions_.push_back(object);
  };
  const DumpObject* owner = owners_[index] == kNobody ? nullptr : &objects_[owners_[index]];
  for (const QualifiedName& name : item.mentions) {
    // A function's other forms aren't needed for it.
    if (owner != nullptr && owner->kind == DumpObjectKind::kRoutine && owner->name == name) continue;
    bool found = false, exact = false;
    for (const Entry& entry : entries_of(name.schema, name.name)) {
      if (found && exact && !entry.exact) break;
      if (entry.group != Group::kIndex || item.type == "INDEX ATTACH") add(entry.object);
      found = true;
      exact = entry.exact;
    }
    if (found || (!strict && !std::binary_search(schemas_.begin(), schemas_.end(), name.schema))) continue;
    if (item.type == "INDEX ATTACH" || name.schema == "old" || name.schema == "new") continue;
    for (uint32_t extension : extensions_) {
      const std::string& schema = objects_[extension].name.schema;
      if (!schema.empty() && schema != name.schema) continue;
      add(extension);
      found = true;
    }
    if (!found && strict) missing_.try_emplace(index, &name);
  }
  if (item.type == "PUBLICATION TABLES IN SCHEMA") {
    uint32_t schema = find_loose("SCHEMA " + bare_name(item.tag.substr(std::min(item.tag.find(' ') + 1, item.tag.size()))));
    if (schema != kNobody) add(schema);
  }
  std::sort(mentions_.begin() + static_cast<std::ptrdiff_t>(begin), mentions_.end());
  mentions_.erase(std::unique(mentions_.begin() + static_cast<std::ptrdiff_t>(begin), mentions_.end()), mentions_.end());
}

void DumpObjects::link_needs() {
  for (uint32_t id = 0; id < objects_.size(); ++id) {
    const DumpObject& object = objects_[id];
    if (object.kind == DumpObjectKind::kExtension || object.type == "SERVER" || object.type == "FOREIGN DATA WRAPPER") foreign_needs_.push_back(id);
    if (object.type == "PROCEDURAL LANGUAGE" || (object.kind == DumpObjectKind::kExtension && object.name.schema == "pg_catalog"))
      languages_.push_back(id);
    if (object.type != "CAST") continue;
    for (uint32_t item : object.items) {
      for (uint32_t needed : mentioned(item)) {
        if (objects_[needed].kind == DumpObjectKind::kType) objects_[needed].casts.push_back(id);
      }
    }
  }
}

std::span<const uint32_t> DumpObjects::mentioned(uint32_t item) const {
  return {mentions_.data() + mention_begins_[item], mentions_.data() + mention_begins_[item + 1]};
}

const QualifiedName* DumpObjects::missing(uint32_t item) const {
  auto found = missing_.find(item);
  return found == missing_.end() ? nullptr : found->second;
}

std::span<const uint32_t> DumpObjects::followers(uint32_t item) const {
  auto found = followers_.find(item);
  return found == followers_.end() ? std::span<const uint32_t>() : found->second;
}

uint32_t DumpObjects::loaded_through(uint32_t partition) const {
  auto found = loaded_through_.find(partition);
  return found == loaded_through_.end() ? kNobody : found->second;
}

}  // namespace cairn
