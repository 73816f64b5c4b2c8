// Looking objects up by what statements and headers call them.
#include <algorithm>
#include <tuple>

#include "ingest/postgres/dependencies.h"
#include "ingest/postgres/part_names.h"

namespace cairn {

namespace {

// "a"b"" as SQL quotes it, or a bare name.
std::string unquoted(std::string_view name) {
  if (name.size() < 2 || name.front() != '"' || name.back() != '"') return std::string(name);
  std::string out;
  for (size_t i = 1; i + 1 < name.size(); ++i) {
    out += name[i];
    if (name[i] == '"' && i + 2 < name.size() && name[i + 1] == '"') ++i;
  }
  return out;
}

// The arguments of "f(integer, numeric(1,2))".
std::vector<std::string_view> arguments_of(std::string_view signature) {
  std::vector<std::string_view> out;
  size_t open = signature.find('('), close = signature.rfind(')');
  if (open == signature.npos || close == signature.npos || close <= open + 1) return out;
  std::string_view list = signature.substr(open + 1, close - open - 1);
  size_t begin = 0, depth = 0;
  bool quoted = false;
  for (size_t i = 0; i <= list.size(); ++i) {
    char c = i < list.size() ? list[i] : ',';
    if (c == '"') quoted = !quoted;
    if (quoted && i < list.size()) continue;
    if (c == '(') ++depth;
    if (c == ')' && depth > 0) --depth;
    if (c != ',' || (depth > 0 && i < list.size())) continue;
    out.push_back(list.substr(begin, i - begin));
    begin = std::min(i + 2, list.size());
  }
  return out;
}

// Remarks give arguments their names ("p text"), definitions don't.
bool same_arguments(std::string_view definition, std::string_view remark) {
  std::vector<std::string_view> types = arguments_of(definition), named = arguments_of(remark);
  if (types.size() != named.size()) return false;
  for (size_t i = 0; i < types.size(); ++i) {
    if (named[i] != types[i] && !named[i].ends_with(" " + std::string(types[i]))) return false;
  }
  return true;
}

}  // namespace

void DumpObjects::add_entry(std::string_view schema, std::string_view name, Group group, uint32_t object) {
  fresh_.push_back({schema, name, group, true, object});
  std::string plain = header_text(name);
  if (plain != name) fresh_.push_back({schema, texts_.emplace_back(std::move(plain)), group, false, object});
}

void DumpObjects::sort_entries() {
  if (fresh_.empty()) return;
  entries_.insert(entries_.end(), fresh_.begin(), fresh_.end());
  fresh_.clear();
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.schema, a.name, b.exact, a.object) < std::tie(b.schema, b.name, a.exact, b.object);
  });
}

std::span<const DumpObjects::Entry> DumpObjects::entries_of(std::string_view schema, std::string_view name) const {
  auto key = std::tie(schema, name);
  auto begin = std::lower_bound(entries_.begin(), entries_.end(), key,
                                [](const Entry& entry, const auto& wanted) { return std::tie(entry.schema, entry.name) < wanted; });
  auto end = begin;
  while (end != entries_.end() && std::tie(end->schema, end->name) == key) ++end;
  return {begin, end};
}

uint32_t DumpObjects::find(std::string_view schema, std::string_view name, Group group) const {
  for (const Entry& entry : entries_of(schema, name)) {
    if (entry.group == group) return entry.object;
  }
  return kNobody;
}

uint32_t DumpObjects::find_named(const DumpItem& item, Group group, std::string_view header_name) const {
  if (item.subject) {
    uint32_t found = find(item.subject->schema.empty() ? item.schema : item.subject->schema, item.subject->name, group);
    if (found != kNobody) return found;
  }
  uint32_t found = find(item.schema, header_name, group);
  return found != kNobody ? found : find(item.schema, unquoted(header_name), group);
}

uint32_t DumpObjects::find_table_of(const DumpItem& item) const {
  if (item.table) {
    uint32_t found = find(item.table->schema.empty() ? item.schema : item.table->schema, item.table->name, Group::kRelation);
    if (found != kNobody) return found;
  }
  uint32_t found = find_named(item, Group::kRelation, item.tag);
  if (found == kNobody) found = find_named(item, Group::kIndex, item.tag);   // statistics of an index
  if (found != kNobody) return found;
  // The header tells which: "users users_pkey".
  uint32_t first = kNobody;
  for (const QualifiedName& name : item.mentions) {
    found = find(name.schema, name.name, Group::kRelation);
    if (found != kNobody && name.schema == item.schema && item.tag.starts_with(header_text(name.name) + " ")) return found;
    if (first == kNobody) first = found;
  }
  return first;
}

uint32_t DumpObjects::find_column_owner(const DumpItem& item, std::string_view column) const {
  uint32_t found = find_named(item, Group::kRelation, column);
  if (found == kNobody && item.table) found = find(item.table->schema, item.table->name, Group::kRelation);
  if (found == kNobody) found = find_named(item, Group::kType, column);
  for (size_t dot = column.find('.'); found == kNobody && dot != column.npos; dot = column.find('.', dot + 1)) {
    std::string name = unquoted(column.substr(0, dot));
    found = find(item.schema, name, Group::kRelation);
    if (found == kNobody) found = find(item.schema, name, Group::kType);
  }
  return found;
}

uint32_t DumpObjects::find_routine(const DumpItem& item, std::string_view signature) const {
  std::string name = unquoted(signature.substr(0, signature.find('(')));
  std::string schema = item.schema;
  if (item.subject) {
    name = item.subject->name;
    if (!item.subject->schema.empty()) schema = item.subject->schema;
  }
  uint32_t first = kNobody;
  for (const Entry& entry : entries_of(schema, name)) {
    if (entry.group != Group::kRoutine) continue;
    if (same_arguments(objects_[entry.object].tag, signature)) return entry.object;
    if (first == kNobody) first = entry.object;
  }
  return first;
}

// Operators and the like: several kinds may have one name.
uint32_t DumpObjects::find_other(const DumpItem& item, std::string_view tag) const {
  auto fits = [&](const Entry& entry) {
    return entry.group == Group::kOther && tag.starts_with(std::string(objects_[entry.object].type) + " ");
  };
  std::vector<std::pair<std::string_view, std::string_view>> places;
  if (item.subject) places.emplace_back(item.subject->schema.empty() ? item.schema : item.subject->schema, item.subject->name);
  std::string rest;
  for (size_t blank = tag.find(' '); blank != tag.npos; blank = tag.find(' ', blank + 1)) {
    rest = unquoted(tag.substr(blank + 1));
    for (const Entry& entry : entries_of(item.schema, rest)) {
      if (fits(entry)) return entry.object;
    }
  }
  for (const auto& [schema, name] : places) {
    for (const Entry& entry : entries_of(schema, name)) {
      if (fits(entry)) return entry.object;
    }
  }
  return kNobody;
}

uint32_t DumpObjects::find_loose(const std::string& key) const {
  auto found = loose_.find(key);
  return found == loose_.end() ? kNobody : found->second;
}

}  // namespace cairn
