#include "ingest/postgres/part_names.h"

#include <algorithm>
#include <cstdint>

#include "ingest/parts/names.h"

namespace cairn {

std::string PartNames::take(const std::string& stem, std::string_view kind, std::string_view ending) {
  std::string name = stem + std::string(ending);
  if (claim(name)) return name;
  std::string longer = stem + "." + std::string(kind);
  std::replace(longer.begin() + static_cast<std::ptrdiff_t>(stem.size()), longer.end(), ' ', '-');
  name = longer + std::string(ending);
  for (uint64_t number = 2; !claim(name); ++number) name = longer + "." + std::to_string(number) + std::string(ending);
  return name;
}

std::string part_element(std::string_view name) {
  // Escaped names of PostgreSQL have 189 bytes at most, file systems take 255, and endings follow.
  constexpr size_t kMostBytes = 200;
  std::string out = escape_part_name(name);
  if (out.size() <= kMostBytes) return out;
  size_t end = kMostBytes;
  while (end > 0 && (static_cast<uint8_t>(out[end]) & 0xc0) == 0x80) --end;
  size_t percent = out.rfind('%', end);
  if (percent != out.npos && percent + 2 >= end) end = percent;
  return out.substr(0, end) + "...";
}

std::string database_element(std::string_view name) {
  if (name == "globals") return "%67lobals";
  if (name == "dump") return "%64ump";
  return part_element(name);
}

std::string quote_identifier(std::string_view name) {
  std::string out = "\"";
  for (char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string comment_text(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    uint8_t byte = static_cast<uint8_t>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
  }
  return out;
}

std::string header_text(std::string_view name) {
  std::string out(name);
  std::replace_if(out.begin(), out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return out;
}

}  // namespace cairn
