#include "ingest/postgres/header_group.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr size_t kMostLines = 8;

bool is_type(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == ' '; });
}

// Cuts what follows the last `mark` off `text` and returns it; nullopt when it isn't there.
std::optional<std::string_view> cut_behind(std::string_view& text, std::string_view mark) {
  const size_t at = text.rfind(mark);
  if (at == text.npos) return std::nullopt;
  const std::string_view behind = text.substr(at + mark.size());
  text = text.substr(0, at);
  return behind;
}

std::string unless_none(std::string_view text) { return std::string(text == "-" ? "" : text); }

}  // namespace

std::optional<EntryHeader> parse_entry_header(const HeaderGroup& group) {
  if (group.lines.empty()) return std::nullopt;
  // --verbose puts "TOC entry …" and "Dependencies: …" before the line that counts.
  std::string_view text = group.lines.back();
  bool named = false;
  for (std::string_view beginning : {"Name: ", "Data for Name: ", "Statistics for Name: "}) {
    if (named || !text.starts_with(beginning)) continue;
    text.remove_prefix(beginning.size());
    named = true;
  }
  if (!named) return std::nullopt;
  // From the end: a name may hold such words itself, and it comes first.
  cut_behind(text, "; Tablespace: ");
  std::string_view all = text;
  const std::optional<std::string_view> owner = cut_behind(text, "; Owner: ");
  if (!owner) text = all;
  const std::optional<std::string_view> schema = cut_behind(text, "; Schema: ");
  const std::optional<std::string_view> type = cut_behind(text, "; Type: ");
  if (!schema || !type || !is_type(*type)) return std::nullopt;
  return EntryHeader{std::string(text), std::string(*type), unless_none(*schema), unless_none(owner.value_or(""))};
}

std::optional<HeaderGroup> HeaderGroups::add(uint64_t begin, uint64_t end, std::string_view line) {
  const bool edge = line == "--";
  if (open_ && group_.end != begin) open_ = false;
  if (!open_) {
    if (!edge) return std::nullopt;
    open_ = true;
    group_ = {begin, end, {}};
    return std::nullopt;
  }
  if (edge && group_.lines.empty()) {
    group_ = {begin, end, {}};
    return std::nullopt;
  }
  group_.end = end;
  if (edge) {
    open_ = false;
    return std::move(group_);
  }
  if (group_.lines.size() == kMostLines) {
    open_ = false;
    return std::nullopt;
  }
  line.remove_prefix(std::min<size_t>(line.size(), line.starts_with("-- ") ? 3 : 2));
  group_.lines.emplace_back(line);
  return std::nullopt;
}

}  // namespace cairn
