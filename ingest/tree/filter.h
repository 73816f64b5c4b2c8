// Which paths a backup or a restore leaves out, or is limited to.
//
// Patterns are shell globs on bytes: * and ? don't match '/', ** as an element of its own matches any number of path elements
// (at the end at least one: "a/**" is what is in a, not a itself), [a-z] and [!a-z] or [^a-z] are sets, \ quotes.  A pattern
// without '/' matches a name at any depth; with a leading '/' it matches from the root of the component (or, when it begins with
// the absolute path of the source, that path); with an inner '/' it matches at any depth.  A trailing '/' matches directories
// only.  A match of a directory covers everything beneath it.  A leading '!' takes an earlier exclusion back (the last matching
// pattern decides), except beneath an excluded directory, which is not entered.
//
// Threads:  immutable after construction, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

// The whole path against the whole pattern, in at most some |pattern| · |path| steps.  An unclosed '[' and a '\' with nothing
// to quote stand for themselves here.
bool glob_match(std::string_view pattern, std::string_view path);

class PatternList {
 public:
  // Throws Error(kInvalidArgument) for what names nothing ("", "/", "!"), an unclosed set, [:classes:] and a '\' with nothing
  // to quote.
  void add(std::string_view pattern);
  // One pattern a line; blank lines and lines that begin with '#' don't count.  Throws when the file can't be read.
  void add_file(const std::string& path);
  // The list for a component read from `roots` (names of one and the same directory: absolute paths without '/' at the end):
  // patterns that begin with one of them are made relative.
  PatternList relative_to(const std::vector<std::string>& roots) const;
  bool empty() const { return patterns_.empty(); }
  // `path` relative to the component's root, without leading '/'.
  bool matches(std::string_view path, bool is_directory) const;
  // For includes: could something beneath the directory `path` match?
  bool may_match_beneath(std::string_view path) const;
  // True when `path` or one of its parent directories matches.
  bool covers(std::string_view path, bool is_directory) const;

 private:
  struct Pattern {
    std::string glob;
    bool anchored = false, directory_only = false, negated = false;
    bool name_only = false;  // neither anchored nor with an inner '/': the last element of a path decides
  };
  std::vector<Pattern> patterns_;
};

struct Filter {
  PatternList exclude;
  bool exclude_caches = false;              // directories with a valid CACHEDIR.TAG: only the tag is kept
  uint64_t exclude_larger_than_bytes = 0;   // 0: no limit; regular files only
};

}  // namespace cairn
