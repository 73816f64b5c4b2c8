#include "ingest/diff/part_diff.h"

#include <algorithm>
#include <charconv>

#include "ingest/diff/content_diff.h"
#include "ingest/diff/row_diff.h"

namespace cairn {

namespace {

using Change = Difference::Change;

// What stands for more than itself, or for a piece of another part, would be told twice.
bool is_told(const Part& part) {
  return part.kind != "rows" && part.kind != "link" && part.kind != "database" && part.kind != "schema";
}

std::optional<uint64_t> row_count(const Part& part) {
  auto found = part.properties.find("rows");
  if (found == part.properties.end()) return std::nullopt;
  uint64_t rows = 0;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), rows);
  return rows;
}

// The parts of one side beneath its path, in order.
class PartsBeneath {
 public:
  explicit PartsBeneath(const PartsSide& side)
      : catalogue_(side.reader.object_source(), side.component.catalogue, side.entry.size_bytes), path_(side.path) {
    catalogue_.seek(path_);
  }
  // nullptr at the end.  `rest` is its name beneath the path.
  const Part* next(std::string& rest) {
    while (const Part* part = catalogue_.next()) {
      if (!part->name.starts_with(path_)) return nullptr;
      std::string_view behind = std::string_view(part->name).substr(path_.size());
      const bool beneath = path_.empty() || behind.empty() || behind.starts_with('/') || behind == ".sql" || behind == ".json";
      if (!beneath || (!is_told(*part) && !behind.empty())) continue;   // what is named itself is always told
      rest = behind;
      return part;
    }
    return nullptr;
  }
 private:
  CatalogueReader catalogue_;
  std::string path_;
};

void require_parts(const PartsSide& side) {
  std::string rest;
  if (!side.path.empty() && !PartsBeneath(side).next(rest))
    throw Error(ErrorCode::kNotFound, printable(side.component.name + "/" + side.path) +
                                          ": there is no such part (see what is there with: cairn ls SNAPSHOT:" + printable(side.component.name) + ")");
}

// What `whole` covers and `hole` doesn't; both sorted.
std::vector<Extent> without(const std::vector<Extent>& whole, const std::vector<Extent>& hole) {
  std::vector<Extent> out;
  size_t h = 0;
  for (const Extent& extent : whole) {
    uint64_t at = extent.offset_bytes;
    const uint64_t end = at + extent.length_bytes;
    while (h < hole.size() && hole[h].offset_bytes < end) {
      if (hole[h].offset_bytes > at) out.push_back({at, hole[h].offset_bytes - at});
      at = std::max(at, hole[h].offset_bytes + hole[h].length_bytes);
      if (at > end) break;
      ++h;
    }
    if (at < end) out.push_back({at, end - at});
  }
  return out;
}

// A table, or another part, on one side.
struct Side {
  const PartsSide& side;
  const Part& part;
  std::vector<Extent> rows, definition;
};

Side open_side(const PartsSide& side, const Part& part) {
  Side out{side, part, {}, part.extents};
  if (!part.name.ends_with(".sql") || part.kind != "table") return out;
  CatalogueReader catalogue(side.reader.object_source(), side.component.catalogue, side.entry.size_bytes);
  auto rows = catalogue.find(part.name.substr(0, part.name.size() - 4) + ".copy");
  if (!rows) return out;
  out.rows = std::move(rows->extents);
  std::ranges::sort(out.rows, {}, &Extent::offset_bytes);
  out.definition = without(part.extents, out.rows);
  return out;
}

// Lines that pg_dump writes about an entry, not of it: with --verbose they hold numbers that change when nothing else does.
bool is_about(std::string_view line) {
  constexpr std::string_view kBegins[] = {"-- TOC entry ", "-- Dependencies: ", "-- Name: ", "-- Data for Name: ", "-- left out: ",
                                          "SELECT pg_catalog.setval("};   // a sequence moves with the rows
  return line.empty() || line == "--" || std::ranges::any_of(kBegins, [&](std::string_view begin) { return line.starts_with(begin); });
}

std::string text_of(const Side& side) {
  std::string all(text(side.part.preamble)), out;
  ContentReader content(side.side.reader, side.side.entry.content);
  for (const Extent& extent : side.definition)
    content.read(extent.offset_bytes, extent.length_bytes, [&](ByteView bytes) { all += text(bytes); });
  bool settings = true;   // at its head: they are the dump's, and change with pg_dump's version
  for (std::string_view rest = all; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    settings = settings && (is_about(line) || line.starts_with("SET ") || line.starts_with("SELECT pg_catalog.set_config("));
    if (!settings && !is_about(line)) out.append(line) += '\n';
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  return out;
}

constexpr uint64_t kMostDefinitionBytes = 16 << 20;   // longer ones are compared by their lines only

uint64_t length(const std::vector<Extent>& extents) {
  uint64_t sum = 0;
  for (const Extent& extent : extents) sum += extent.length_bytes;
  return sum;
}

RowDiff compare(const Side& a, const std::vector<Extent>& of_a, const Side& b, const std::vector<Extent>& of_b, Monitor& monitor) {
  return diff_rows({a.side.reader, a.side.entry.content, of_a}, {b.side.reader, b.side.entry.content, of_b}, monitor);
}

// True when they differ.
bool compare_part(const PartsSide& before, const Part& a, const PartsSide& after, const Part& b, Difference& out, Monitor& monitor) {
  Side left = open_side(before, a), right = open_side(after, b);
  if (std::max(length(left.definition), length(right.definition)) <= kMostDefinitionBytes) {
    out.definition = text_of(left) != text_of(right);
  } else {
    const RowDiff lines = compare(left, left.definition, right, right.definition, monitor);
    out.definition = lines.added + lines.removed > 0;
  }
  if (left.rows.empty() && right.rows.empty()) {
    // Rows that are statements (--inserts) are part of the text: a count that differs is all there is to tell.
    auto was = row_count(a), is = row_count(b);
    if (was && is && *was != *is) out.rows_added = *is - std::min(*was, *is), out.rows_removed = *was - std::min(*was, *is);
    return out.definition;
  }
  const RowDiff rows = compare(left, left.rows, right, right.rows, monitor);
  out.rows_added = rows.added;
  out.rows_removed = rows.removed;
  return out.definition || rows.added + rows.removed > 0;
}

// Keys, sections, elements: the same when their bytes are.
bool compare_plain(const Part& a, const Part& b, ContentComparer& contents, Difference& out) {
  auto expiry = [](const Part& part) {
    auto found = part.properties.find("expires");
    return found == part.properties.end() ? std::string() : found->second;
  };
  out.expiry = expiry(a) != expiry(b);
  return out.expiry || a.preamble != b.preamble || !contents.equal(a.extents, b.extents);
}

void visit_one_sided(Change change, const Part& part, const std::string& path, const VisitDifference& visit) {
  Difference out;
  out.change = change;
  out.path = path;
  out.kind = part.kind;
  (change == Change::kAdded ? out.bytes_after : out.bytes_before) = part.size_bytes();
  if (auto rows = row_count(part)) (change == Change::kAdded ? out.rows_added : out.rows_removed) = *rows;
  visit(out);
}

}  // namespace

void diff_parts(const PartsSide& before, const PartsSide& after, const VisitDifference& visit, Monitor& monitor) {
  require_parts(before);
  require_parts(after);
  PartsBeneath left(before), right(after);
  const bool dumps = before.component.kind == ComponentKind::kPostgres && after.component.kind == ComponentKind::kPostgres;
  ContentComparer contents(before.reader, before.entry.content, after.entry.content);
  std::string rest_a, rest_b;
  const Part *a = left.next(rest_a), *b = right.next(rest_b);
  while (a || b) {
    monitor.check_interrupted();
    const bool only_a = a && (!b || rest_a < rest_b), only_b = b && (!a || rest_b < rest_a);
    if (only_a) {
      visit_one_sided(Change::kRemoved, *a, before.prefix + rest_a, visit);
    } else if (only_b) {
      visit_one_sided(Change::kAdded, *b, after.prefix + rest_b, visit);
    } else {
      Difference out;
      out.path = after.prefix + rest_b;
      out.kind = b->kind;
      out.bytes_before = a->size_bytes();
      out.bytes_after = b->size_bytes();
      monitor.current(out.path);
      if (dumps ? compare_part(before, *a, after, *b, out, monitor) : compare_plain(*a, *b, contents, out)) visit(out);
    }
    if (!only_b) a = left.next(rest_a);
    if (!only_a) b = right.next(rest_b);
  }
}

}  // namespace cairn
