// A document read as a backup reads it, and what came out.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/document/document_source.h"

namespace cairn {

struct ReadDocumentParts {
  StreamParts facts;
  std::vector<Part> parts;
  std::vector<Mark> marks;
  std::string stored;
  bool order_kept = true;   // marks ascend and none comes below what was settled, parts ascend and lie in the text

  // "Users/alice.json = {…}" a line.
  std::string listing() const {
    std::string out;
    for (const Part& part : parts) out += part.name + " = " + text_of(part) + "\n";
    return out;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const Part& part : parts) out.push_back(part.name);
    return out;
  }
  const Part* part(std::string_view name) const {
    const auto found = std::ranges::find(parts, name, &Part::name);
    return found == parts.end() ? nullptr : &*found;
  }
  std::string text_of(const Part& part) const { return stored.substr(part.extents.at(0).offset_bytes, part.extents.at(0).length_bytes); }
  // "12 40c ": of marks that are cuts with a c.
  std::string mark_text() const {
    std::string out;
    for (const Mark& mark : marks) out += std::to_string(mark.offset_bytes) + (mark.item ? " " : "c ");
    return out;
  }
};

// `piece_bytes`: 0 for all at once.
inline ReadDocumentParts read_document(std::string_view json, std::vector<DocumentProfile> profiles = {}, size_t piece_bytes = 0) {
  ReadDocumentParts out;
  size_t given = 0;
  const auto source = make_document_source(
      [&](std::span<uint8_t> into) {
        const size_t bytes = std::min(into.size(), json.size() - given);
        if (bytes > 0) std::memcpy(into.data(), json.data() + given, bytes);
        given += bytes;
        return bytes;
      },
      std::move(profiles));
  std::vector<uint8_t> piece(piece_bytes == 0 ? json.size() + 1 : piece_bytes);
  for (size_t got; (got = source->read(piece)) > 0;) {
    const uint64_t settled = out.stored.size();
    const size_t before = out.marks.size();
    out.stored.append(reinterpret_cast<const char*>(piece.data()), got);
    source->take_marks(out.marks);
    for (size_t i = before; i < out.marks.size(); ++i) {
      const uint64_t least = i == 0 ? 0 : out.marks[i - 1].offset_bytes + 1, at = out.marks[i].offset_bytes;
      if (at < std::max(least, settled) || at >= source->settled()) out.order_kept = false;
    }
  }
  out.facts = source->parts();
  Part part;
  while (out.facts.sorted_parts && out.facts.sorted_parts->next(part)) {
    if (!out.parts.empty() && out.parts.back().name >= part.name) out.order_kept = false;
    for (const Extent& extent : part.extents) {
      if (extent.length_bytes > json.size() || extent.offset_bytes > json.size() - extent.length_bytes) out.order_kept = false;
    }
    out.parts.push_back(part);
  }
  return out;
}

}  // namespace cairn
