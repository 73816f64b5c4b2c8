#include "ingest/find/criteria.h"

#include <algorithm>

namespace cairn {

namespace {

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

// A '/' anywhere but at the end.
bool looks_at_path(std::string_view pattern) {
  while (pattern.ends_with('/')) pattern.remove_suffix(1);
  return pattern.find('/') != pattern.npos;
}

}  // namespace

char type_letter(EntryType type) {
  switch (type) {
    case EntryType::kFile: return 'f';
    case EntryType::kDirectory: return 'd';
    case EntryType::kSymlink: return 'l';
    case EntryType::kFifo: return 'p';
    case EntryType::kCharDevice: return 'c';
    case EntryType::kBlockDevice: return 'b';
  }
  return '?';
}

void FindCriteria::set_patterns(const std::vector<std::string>& patterns, bool ignore_case) {
  ignore_case_ = ignore_case;
  for (const std::string& pattern : patterns) patterns_.add(ignore_case ? lower_case(pattern) : pattern);
  by_path_ = std::ranges::any_of(patterns, looks_at_path);
}

bool FindCriteria::may_match(std::string_view path, EntryType type) const {
  if (parts_only || !named(path, type)) return false;
  return type != EntryType::kDirectory || !(least_bytes || most_bytes);
}

bool FindCriteria::named(std::string_view path, EntryType type) const {
  if (!types.empty() && types.find(type_letter(type)) == types.npos) return false;
  if (patterns_.empty()) return true;
  const bool directory = type == EntryType::kDirectory;
  return ignore_case_ ? patterns_.matches(lower_case(path), directory) : patterns_.matches(path, directory);
}

bool FindCriteria::matches(std::string_view path, const Entry& entry, const Part* part) const {
  if (parts_only && (!part || (!part_kind.empty() && part->kind != part_kind))) return false;
  if ((least_bytes || most_bytes) && entry.type == EntryType::kDirectory) return false;
  if (least_bytes && entry.size_bytes < *least_bytes) return false;
  if (most_bytes && entry.size_bytes > *most_bytes) return false;
  if (since_ns && entry.mtime_ns < *since_ns) return false;
  if (before_ns && entry.mtime_ns >= *before_ns) return false;
  return named(path, entry.type);
}

bool FindCriteria::may_match_beneath(std::string_view path) const {
  if (patterns_.empty()) return true;
  return patterns_.may_match_beneath(ignore_case_ ? lower_case(path) : std::string(path));
}

}  // namespace cairn
