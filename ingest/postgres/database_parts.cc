#include "ingest/postgres/database_parts.h"

#include <algorithm>

#include "ingest/parts/names.h"

namespace cairn {

namespace {

std::string kind_word(std::string_view type) {
  std::string out;
  for (char c : type) out += c == ' ' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::vector<uint32_t> objects_in_schemas(const DumpObjects& objects) {
  std::vector<uint32_t> out;
  for (uint32_t id = 0; id < objects.objects().size(); ++id) {
    if (objects.objects()[id].kind <= DumpObjectKind::kOther) out.push_back(id);
  }
  std::stable_sort(out.begin(), out.end(), [&](uint32_t a, uint32_t b) {
    return objects.objects()[a].name.schema < objects.objects()[b].name.schema;
  });
  return out;
}

}  // namespace

DatabaseParts::DatabaseParts(const DumpDatabase& database, const std::string& folder, PartNames& names, StreamParts& out)
    : database_(database), folder_(folder), names_(names), out_(out), objects_(database), builder_(objects_),
      by_schema_(objects_in_schemas(objects_)) {
  for (const Part& part : out.parts) extents_ += part.extents.size();
}

void DatabaseParts::write() {
  name_all();
  // Growing by doubling would take as much memory again as the parts of a large database.
  size_t most = objects_.objects().size() + schema_parts_.size() + 1;
  for (uint32_t item = 0; item < database_.items.size(); ++item) {
    most += database_.items[item].type == "TABLE DATA" || objects_.role(item) == ItemRole::kOptional;
  }
  out_.parts.reserve(out_.parts.size() + most);
  write_database();
  for (const auto& [schema, name] : schema_parts_) {
    auto of = [&](uint32_t id) -> const std::string& { return objects_.objects()[id].name.schema; };
    auto begin = std::partition_point(by_schema_.begin(), by_schema_.end(), [&](uint32_t id) { return of(id) < schema; });
    auto end = std::partition_point(begin, by_schema_.end(), [&](uint32_t id) { return of(id) == schema; });
    for (auto at = begin; at != end; ++at) write_object(*at);
    // After its tables: it names their links.
    write_schema(schema, {begin, end});
  }
  for (uint32_t id = 0; id < objects_.objects().size(); ++id) {
    DumpObjectKind kind = objects_.objects()[id].kind;
    if (kind == DumpObjectKind::kExtension || kind == DumpObjectKind::kLoose || kind == DumpObjectKind::kLargeObjects) write_object(id);
  }
}

void DatabaseParts::name_all() {
  std::vector<std::string_view> schemas;
  for (uint32_t id : by_schema_) schemas.push_back(objects_.objects()[id].name.schema);
  for (const DumpObject& object : objects_.objects()) {
    if (object.kind == DumpObjectKind::kSchema) schemas.push_back(object.name.name);
  }
  std::sort(schemas.begin(), schemas.end());
  schemas.erase(std::unique(schemas.begin(), schemas.end()), schemas.end());
  // Folders first: no part may have the name of one.
  for (std::string_view schema : schemas) names_.reserve(folder_ + "/" + part_element(schema));
  part_names_.resize(objects_.objects().size());
  for (std::string_view schema : schemas) {
    schema_parts_.emplace_back(schema, names_.take(folder_ + "/" + part_element(schema), "schema"));
  }
  for (uint32_t id = 0; id < objects_.objects().size(); ++id) {
    const DumpObject& object = objects_.objects()[id];
    std::string kind = kind_word(object.type);
    std::string stem = folder_ + "/";
    if (object.kind == DumpObjectKind::kSchema) {
      auto found = std::lower_bound(schema_parts_.begin(), schema_parts_.end(), object.name.name,
                                    [](const auto& one, const std::string& name) { return one.first < name; });
      part_names_[id] = found->second;
      continue;
    }
    if (object.kind == DumpObjectKind::kLargeObjects) {
      part_names_[id] = names_.take(stem + "large-objects", "blobs");
    } else if (object.kind == DumpObjectKind::kExtension || object.kind == DumpObjectKind::kLoose) {
      part_names_[id] = names_.take(stem + part_element(object.tag) + "." + kind, "2");
    } else {
      std::string element = part_element(object.kind == DumpObjectKind::kRoutine ? object.tag : object.name.name);
      part_names_[id] = names_.take(stem + part_element(object.name.schema) + "/" + element, kind);
    }
  }
  for (uint32_t item = 0; item < database_.items.size(); ++item) {
    if (database_.items[item].type == "DEFAULT ACL") defaults_.emplace_back(database_.items[item].schema, item);
  }
  std::sort(defaults_.begin(), defaults_.end());
}

void DatabaseParts::write_database() {
  Part part = new_part(names_.take(folder_, "database"), "database");
  for (const DumpItem& item : database_.items) {
    append_text(item, false, part.extents);
    rows_ += item.row_count;
  }
  for (const DumpObject& object : objects_.objects()) tables_ += object.holds_rows_of_its_own();
  part.properties["tables"] = std::to_string(tables_);
  part.properties["rows"] = std::to_string(rows_);
  finish(std::move(part));
}

void DatabaseParts::write_schema(std::string_view schema, std::span<const uint32_t> members) {
  auto named = std::lower_bound(schema_parts_.begin(), schema_parts_.end(), schema,
                                [](const auto& one, std::string_view name) { return one.first < name; });
  Part part = new_part(named->second, "schema");
  builder_.begin(PartBuilder::Relations::kMadeAlong);
  for (uint32_t id = 0; id < objects_.objects().size() && part.properties.empty(); ++id) {
    const DumpObject& object = objects_.objects()[id];
    if (object.kind != DumpObjectKind::kSchema || object.name.name != schema) continue;
    builder_.add(id);
    part.properties["owner"] = object.owner;
  }
  builder_.add_schema(members);
  auto [begin, end] = std::equal_range(defaults_.begin(), defaults_.end(), std::pair<std::string_view, uint32_t>(schema, 0),
                                       [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto at = begin; at != end; ++at) builder_.add_item(at->second);
  builder_.finish();
  uint64_t tables = 0;
  for (uint32_t id : members) tables += objects_.objects()[id].holds_rows_of_its_own();
  part.properties["tables"] = std::to_string(tables);
  describe_rows(part);
  Texts texts;
  write_left_out(part, texts);
  put_preamble(part, texts);
  put_text(part, builder_.items());
  put_list(part, "wants", texts.wants);
  put_list(part, "links", texts.links);
  put_list(part, "left_out", texts.left_out);
  finish(std::move(part));
}

void DatabaseParts::write_object(uint32_t id) {
  const DumpObject& object = objects_.objects()[id];
  bool table = object.kind == DumpObjectKind::kTable;
  Part part = new_part(part_names_[id], object.kind == DumpObjectKind::kLargeObjects ? "large-objects" : kind_word(object.type));
  part.properties["type"] = object.kind == DumpObjectKind::kLargeObjects ? "LARGE OBJECTS" : object.type;
  if (!object.owner.empty()) part.properties["owner"] = object.owner;
  builder_.begin(table ? PartBuilder::Relations::kMadeAlong : PartBuilder::Relations::kWanted);
  builder_.add(id);
  builder_.finish();
  if (table) describe_rows(part);
  Texts texts;
  write_left_out(part, texts);
  if (uint32_t root = objects_.loaded_through(id); root != DumpObjects::kNobody && !builder_.chosen_whole(root)) {
    const QualifiedName& name = objects_.objects()[root].name;
    texts.left_out.push_back(comment_text("rows, which the dump loads through " + name.schema + "." + name.name));
  }
  texts.needs = names_of(builder_.wanted());
  for (const std::string& name : texts.needs) texts.wants.push_back(name);
  for (uint32_t needed : builder_.wanted()) {
    const QualifiedName& name = objects_.objects()[needed].name;
    texts.left_out.push_back(comment_text("needs " + name.schema + "." + name.name));
  }
  put_preamble(part, texts);
  put_text(part, builder_.items());
  put_list(part, "needs", texts.needs);
  put_list(part, "wants", texts.wants);
  put_list(part, "links", texts.links);
  put_list(part, "left_out", texts.left_out);
  finish(std::move(part));
  if (table) write_rows(id);
}

// Requires: builder_ holds the table and its partitions.
void DatabaseParts::write_rows(uint32_t table) {
  Part part;
  bool any = false, same = true, inserts = false;
  uint64_t rows = 0;
  std::string columns;
  for (uint32_t index : builder_.items()) {
    const DumpItem& item = database_.items[index];
    if (item.type != "TABLE DATA" || item.statements.length_bytes == 0) continue;
    inserts |= item.inserts;
    same &= !any || item.columns == columns;
    columns = item.columns;
    any = true;
    rows += item.row_count;
    part.extents.push_back(item.rows);
  }
  if (!any || inserts || !same) return;
  const std::string& sql = part_names_[table];
  part.name = names_.take(sql.substr(0, sql.size() - 4), "rows", ".copy");
  part.kind = "rows";
  part.properties["rows"] = std::to_string(rows);
  if (!columns.empty()) part.properties["columns"] = columns;
  merge_extents(part.extents);
  finish(std::move(part));
}

void DatabaseParts::describe_rows(Part& part) {
  uint64_t rows = 0;
  bool inserts = false, any = false, differ = false;
  const std::string* columns = nullptr;
  for (uint32_t index : builder_.items()) {
    const DumpItem& item = database_.items[index];
    if (item.type != "TABLE DATA" || item.statements.length_bytes == 0) continue;
    any = true;
    rows += item.row_count;
    inserts |= item.inserts;
    differ |= columns != nullptr && *columns != item.columns;
    columns = &item.columns;
  }
  if (!any) return;
  part.properties["rows"] = std::to_string(rows);
  if (inserts) part.properties["inserts"] = "1";
  if (part.kind == "table" && differ && !inserts) part.properties["columns_differ"] = "1";
}

}  // namespace cairn
