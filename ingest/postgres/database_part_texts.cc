// What stands in a part and what is told of it.
#include <algorithm>

#include "ingest/parts/names.h"
#include "ingest/postgres/database_parts.h"
#include "store/error.h"

namespace cairn {

namespace {

// A part must fit into one tree object of 4 MiB, a property into 1 MiB (FORMAT.md, "Catalogue").
constexpr size_t kMostExtents = 150'000;
constexpr uint64_t kMostExtentsInAll = 8'000'000;   // 16 bytes each
constexpr size_t kMostListBytes = size_t{1} << 19;
constexpr size_t kMostRemarks = 100;

constexpr std::string_view kCreatePublic = "CREATE SCHEMA public;";

bool valid_utf8_beyond_ascii(std::string_view text) {
  bool beyond = std::any_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
  return beyond && printable(text).find("\\x") == std::string::npos;
}

bool always_there(std::string_view schema) {
  return schema.empty() || schema == "public" || schema == "information_schema" || schema.starts_with("pg_");
}

void sort_names(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

void merge_extents(std::vector<Extent>& extents) {
  std::erase_if(extents, [](const Extent& one) { return one.length_bytes == 0; });
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) { return a.offset_bytes < b.offset_bytes; });
  size_t kept = 0;
  for (const Extent& one : extents) {
    Extent* last = kept == 0 ? nullptr : &extents[kept - 1];
    if (last != nullptr && one.offset_bytes <= last->offset_bytes + last->length_bytes) {
      last->length_bytes = std::max(last->length_bytes, one.offset_bytes + one.length_bytes - last->offset_bytes);
    } else {
      extents[kept++] = one;
    }
  }
  extents.resize(kept);
  extents.shrink_to_fit();
}

void append_text(const DumpItem& item, bool alone, std::vector<Extent>& out) {
  // Of public there may be ALTER SCHEMA alone, which is longer.
  bool creates = item.type == "SCHEMA" && (item.tag == "public" ? item.first_statement_bytes == kCreatePublic.size() : alone);
  Extent cut{item.statements.offset_bytes, creates ? item.first_statement_bytes : 0};
  uint64_t cut_end = cut.offset_bytes + cut.length_bytes;
  for (const Extent& one : item.text) {
    uint64_t end = one.offset_bytes + one.length_bytes;
    if (!creates || end <= cut.offset_bytes || one.offset_bytes >= cut_end) {
      out.push_back(one);
      continue;
    }
    if (one.offset_bytes < cut.offset_bytes) out.push_back({one.offset_bytes, cut.offset_bytes - one.offset_bytes});
    if (end > cut_end) out.push_back({cut_end, end - cut_end});
  }
}

Part DatabaseParts::new_part(std::string name, std::string kind) const {
  Part part;
  part.name = std::move(name);
  part.kind = std::move(kind);
  part.extents = database_.settings;
  return part;
}

void DatabaseParts::put_text(Part& part, std::span<const uint32_t> items) {
  for (uint32_t item : items) append_text(database_.items[item], true, part.extents);
}

void DatabaseParts::put_list(Part& part, const char* property, std::vector<std::string>& names) {
  if (names.empty()) return;
  sort_names(names);
  std::string joined;
  for (const std::string& name : names) {
    if (joined.size() + name.size() + 1 > kMostListBytes) {
      out_.warnings.push_back(part.name + ": the list of what it " + property + " is too long: it is cut short");
      break;
    }
    if (!joined.empty()) joined += '\n';
    joined += name;
  }
  part.properties[property] = std::move(joined);
}

void DatabaseParts::finish(Part part) {
  merge_extents(part.extents);
  if (part.extents.size() > kMostExtents) {
    out_.warnings.push_back(part.name + ": it stands in " + std::to_string(part.extents.size()) + " places of the dump, too many for a part");
    return;
  }
  // Parts that hold each other's definitions, as no database needs them, would take memory by the square of the dump.
  if ((extents_ += part.extents.size()) > kMostExtentsInAll) {
    if (!std::exchange(told_of_extents_, true)) out_.warnings.push_back("its parts depend on each other too widely: some of them are left out");
    return;
  }
  out_.parts.push_back(std::move(part));
}

void DatabaseParts::put_preamble(Part& part, const Texts& texts) {
  std::string text;
  size_t told = 0;
  for (const std::string& words : texts.left_out) {
    if (++told > kMostRemarks) {
      text += "-- … and " + std::to_string(texts.left_out.size() - kMostRemarks) + " more\n";
      break;
    }
    text += "-- left out: " + comment_text(words) + "\n";
  }
  std::vector<std::string_view> schemas;
  for (uint32_t id : builder_.chosen()) {
    const DumpObject& object = objects_.objects()[id];
    const std::string& schema = object.kind == DumpObjectKind::kSchema ? object.name.name : object.name.schema;
    if (!always_there(schema)) schemas.push_back(schema);
  }
  std::sort(schemas.begin(), schemas.end());
  schemas.erase(std::unique(schemas.begin(), schemas.end()), schemas.end());
  // The dump's own SET comes after this.
  if (std::any_of(schemas.begin(), schemas.end(), valid_utf8_beyond_ascii)) text += "SET client_encoding = 'UTF8';\n";
  for (std::string_view schema : schemas) text += "CREATE SCHEMA IF NOT EXISTS " + quote_identifier(schema) + ";\n";
  part.preamble.assign(text.begin(), text.end());
}

std::vector<std::string> DatabaseParts::names_of(std::span<const uint32_t> objects) const {
  std::vector<std::string> out;
  for (uint32_t id : objects) out.push_back(part_names_[id]);
  return out;
}

std::string DatabaseParts::words_for(const PartBuilder::LeftOut& left) const {
  std::string what = objects_.items()[left.item].type;
  if (what == "FK CONSTRAINT") what = "FOREIGN KEY";
  std::string out = what + " " + std::string(objects_.own_name(left.item)) + " needs ";
  if (left.missing != nullptr) return comment_text(out + left.missing->schema + "." + left.missing->name + ", which the dump doesn't hold");
  for (size_t i = 0; i < left.needs.size(); ++i) {
    const DumpObject& needed = objects_.objects()[left.needs[i]];
    out += (i == 0 ? "" : ", ") + (needed.name.schema.empty() ? "" : needed.name.schema + ".") + needed.name.name;
  }
  return comment_text(out);
}

// A statement that was left out of a table is a part of its own, made with the table's; a schema's part names it again.  Whatever
// was left out of a schema as a whole (a view) has its part anyway.
void DatabaseParts::write_left_out(const Part& part, Texts& texts) {
  for (const PartBuilder::LeftOut& left : builder_.left_out()) {
    texts.left_out.push_back(words_for(left));
    uint32_t owner = objects_.object_of(left.item);
    std::vector<std::string> needs = names_of(objects_.mentioned(left.item));
    if (objects_.role(left.item) == ItemRole::kOptional) {
      needs.push_back(part_names_[owner]);
      sort_names(needs);
      if (left.missing == nullptr) texts.links.push_back(write_link(left, needs));
    } else {
      texts.wants.push_back(part_names_[owner]);
    }
    for (std::string& name : needs) {
      if (name != part.name) texts.wants.push_back(std::move(name));
    }
  }
}

std::string DatabaseParts::write_link(const PartBuilder::LeftOut& left, const std::vector<std::string>& needs) {
  if (link_names_.empty()) link_names_.resize(database_.items.size());
  std::string& name = link_names_[left.item];
  if (!name.empty()) return name;
  const DumpObject& owner = objects_.objects()[objects_.object_of(left.item)];
  std::string folder = folder_ + "/";
  if (!owner.name.schema.empty() && owner.kind <= DumpObjectKind::kOther) folder += part_element(owner.name.schema) + "/";
  name = names_.take(folder + ".links/" + part_element(owner.name.name) + "/" + part_element(objects_.own_name(left.item)), "again", "");
  Part link = new_part(name, "link");
  std::vector<uint32_t> items{left.item};
  for (uint32_t follower : objects_.followers(left.item)) items.push_back(follower);
  put_text(link, items);
  link.properties["type"] = objects_.items()[left.item].type;
  std::vector<std::string> list = needs;
  put_list(link, "needs", list);
  std::string made = name;
  finish(std::move(link));
  return made;
}

}  // namespace cairn
