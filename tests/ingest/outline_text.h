// An outline as text, for comparing, and scanning in pieces.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "ingest/postgres/dump_scanner.h"

namespace cairn {

inline std::string describe(const Extent& extent) {
  return "[" + std::to_string(extent.offset_bytes) + "+" + std::to_string(extent.length_bytes) + "]";
}

inline std::string describe(const std::vector<Extent>& extents) {
  std::string out;
  for (const Extent& extent : extents) out += describe(extent);
  return out;
}

inline std::string describe(const std::optional<QualifiedName>& name) { return name ? name->schema + "." + name->name : "-"; }

inline std::string describe(const DumpItem& item) {
  std::string out = item.type + "|" + item.tag + "|" + item.schema + "|" + item.owner + "|" + describe(item.subject) + "|" + describe(item.table) +
                    "|" + describe(item.text) + "|" + describe(item.statements) + "|" + describe(item.rows) + "|" + std::to_string(item.row_count) +
                    "|" + (item.inserts ? "inserts" : "") + "|" + item.columns + "|" + item.sample + "|";
  for (const QualifiedName& name : item.mentions) out += name.schema + "." + name.name + ",";
  return out + "\n";
}

inline std::string describe(const DumpOutline& outline) {
  std::string out = (outline.cluster ? "cluster " : "") + describe(outline.globals) + outline.started + "|" + outline.completed + "|" +
                    (outline.ended ? "ended" : outline.problem) + "\n";
  for (const std::string& warning : outline.warnings) out += "warning " + warning + "\n";
  for (const DumpItem& item : outline.definitions) out += "definition " + describe(item);
  for (const DumpDatabase& database : outline.databases) {
    out += "database " + database.name + describe(database.extent) + describe(database.settings) + database.server_version + "|" +
           database.dump_version + (database.ended ? " ended\n" : "\n");
    for (const DumpItem& item : database.items) out += "  " + describe(item);
  }
  return out;
}

struct Scanned {
  DumpOutline outline;
  std::vector<Mark> marks;
  std::string failure;
  bool order_kept = true;   // marks ascend, none comes below what was settled, and little is unsettled

  std::string text() const {
    std::string out = describe(outline) + failure + "\n";
    for (const Mark& mark : marks) out += std::to_string(mark.offset_bytes) + (mark.records ? "r " : " ");
    return out;
  }
};

// `piece_bytes()`: how long the next piece is, at least 1.
template <class PieceBytes>
Scanned scan_in(std::string_view dump, PieceBytes piece_bytes) {
  DumpScanner scanner;
  Scanned out;
  uint64_t settled = 0, fed = 0;
  while (fed < dump.size()) {
    const std::string piece(dump.substr(fed, piece_bytes()));   // its own memory: reading beyond it is an error
    const size_t before = out.marks.size();
    scanner.scan(view(piece), out.marks);
    fed += piece.size();
    for (size_t i = before; i < out.marks.size(); ++i) {
      const uint64_t least = i > 0 ? std::max(settled, out.marks[i - 1].offset_bytes + 1) : settled;
      if (out.marks[i].offset_bytes < least || out.marks[i].offset_bytes > scanner.settled()) out.order_kept = false;
    }
    if (scanner.settled() < settled || scanner.settled() > fed || scanner.settled() + 65536 < fed) out.order_kept = false;
    settled = scanner.settled();
  }
  out.failure = scanner.why_failed();
  out.outline = scanner.finish();
  return out;
}

inline Scanned scan(std::string_view dump) {
  return scan_in(dump, [&] { return dump.size(); });
}

}  // namespace cairn
