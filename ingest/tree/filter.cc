#include "ingest/tree/filter.h"

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kNo = std::string_view::npos;

// Behind the ']' of the set that begins at pattern[at], or kNo when it isn't closed.  A ']' that comes first is a member.
size_t set_end(std::string_view pattern, size_t at) {
  size_t i = at + 1;
  if (i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^')) ++i;
  for (bool first = true; i < pattern.size(); ++i, first = false) {
    if (pattern[i] == ']' && !first) return i + 1;
    if (pattern[i] == '\\') ++i;
  }
  return kNo;
}

// Requires: `set` is what stands between '[' and the ']' found by set_end().
bool in_set(std::string_view set, unsigned char byte) {
  size_t i = 0;
  const auto member = [&] {
    if (set[i] == '\\' && i + 1 < set.size()) ++i;
    return static_cast<unsigned char>(set[i++]);
  };
  const bool inverted = set[0] == '!' || set[0] == '^';
  if (inverted) ++i;
  bool found = false;
  while (i < set.size()) {
    const unsigned char low = member();
    unsigned char high = low;
    if (i + 1 < set.size() && set[i] == '-') {
      ++i;
      high = member();
    }
    found = found || (low <= byte && byte <= high);
  }
  return found != inverted;
}

// Matches one byte with what stands at pattern[at], which isn't '*'; returns where the pattern goes on, or kNo.
size_t match_byte(std::string_view pattern, size_t at, unsigned char byte) {
  if (at >= pattern.size()) return kNo;
  if (pattern[at] == '?') return at + 1;
  if (pattern[at] == '[') {
    const size_t end = set_end(pattern, at);
    if (end != kNo) return in_set(pattern.substr(at + 1, end - at - 2), byte) ? end : kNo;
  }
  if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
  return static_cast<unsigned char>(pattern[at]) == byte ? at + 1 : kNo;
}

// One element without '/'.  Only the last star ever needs another try: what an earlier one could still give, the last one
// can take as well.  So each pair of places is looked at once at most per star, and nothing is exponential.
bool match_element(std::string_view pattern, std::string_view name) {
  constexpr std::string_view kMayEndOtherwise = "*?]";
  if (!pattern.empty() && kMayEndOtherwise.find(pattern.back()) == kNo && !name.ends_with(pattern.back())) return false;   // most end here
  size_t p = 0, n = 0, behind_star = kNo, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      behind_star = ++p;
      resume = n;
      if (p == pattern.size()) return true;
      continue;
    }
    const size_t next = match_byte(pattern, p, static_cast<unsigned char>(name[n]));
    if (next != kNo) {
      p = next;
      ++n;
    } else if (behind_star != kNo) {
      p = behind_star;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// Paths as elements: a place is where an element begins; behind the last one it is size() + 1.
size_t first_element(std::string_view path) { return path.empty() ? 1 : 0; }
size_t element_end(std::string_view path, size_t begin) { return std::min(path.find('/', begin), path.size()); }
std::string_view element_at(std::string_view path, size_t begin) { return path.substr(begin, element_end(path, begin) - begin); }

// The same as match_element() one level up: "**" is the star, elements are the bytes.  `floating`: as if "**/" stood before.
bool match_path(std::string_view pattern, std::string_view path, bool floating) {
  size_t p = first_element(pattern), q = first_element(path), behind_star = floating ? p : kNo, resume = q;
  while (q <= path.size()) {
    if (p <= pattern.size()) {
      const std::string_view element = element_at(pattern, p);
      const size_t next = p + element.size() + 1;
      if (element == "**") {
        if (next > pattern.size()) return true;  // there is an element left for it
        behind_star = p = next;
        resume = q;
        continue;
      }
      const std::string_view name = element_at(path, q);
      if (match_element(element, name)) {
        p = next;
        q += name.size() + 1;
        continue;
      }
    }
    if (behind_star == kNo) return false;
    p = behind_star;
    q = resume = element_end(path, resume) + 1;
  }
  return p > pattern.size();
}

[[noreturn]] void refuse_pattern(std::string_view pattern, const char* why) {
  throw Error(ErrorCode::kInvalidArgument, "pattern \"" + printable(pattern) + "\": " + why);
}

// What would silently match nothing, or something else than meant, is refused while a person looks.
void check_element(std::string_view pattern, std::string_view element) {
  for (size_t i = 0; i < element.size();) {
    if (element[i] == '[') {
      const size_t end = set_end(element, i);
      if (end == kNo) refuse_pattern(pattern, "the set that '[' opens isn't closed before the next '/' or the end");
      if (element.substr(i + 1, end - i - 2).find("[:") != kNo) refuse_pattern(pattern, "classes like [:alpha:] are not known");
      i = end;
    } else if (element[i] == '\\') {
      if (i + 1 == element.size()) refuse_pattern(pattern, "a '\\' must be followed by the character it quotes");
      i += 2;
    } else {
      ++i;
    }
  }
}

// How much of `pattern` says `root` literally, as a whole element; 0 when it doesn't begin with it.
size_t prefix_size(std::string_view pattern, std::string_view root) {
  size_t i = 0;
  for (const char c : root) {
    if (i + 1 < pattern.size() && pattern[i] == '\\' && pattern[i + 1] == c) ++i;
    if (i >= pattern.size() || pattern[i++] != c) return 0;
  }
  return i == pattern.size() || pattern[i] == '/' ? i : 0;
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view path) { return match_path(pattern, path, false); }

void PatternList::add(std::string_view pattern) {
  Pattern parsed;
  std::string_view rest = pattern;
  parsed.negated = rest.starts_with('!');
  if (parsed.negated) rest.remove_prefix(1);
  parsed.anchored = rest.starts_with('/');
  while (rest.starts_with('/')) rest.remove_prefix(1);
  parsed.directory_only = rest.ends_with('/');
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty()) refuse_pattern(pattern, "names nothing");

  for (size_t at = 0; at <= rest.size();) {
    const std::string_view element = element_at(rest, at);
    at += element.size() + 1;
    if (element.empty()) continue;  // "a//b" is "a/b"
    check_element(pattern, element);
    if (!parsed.glob.empty()) parsed.glob += '/';
    parsed.glob += element;
  }
  parsed.name_only = !parsed.anchored && parsed.glob.find('/') == std::string::npos;
  patterns_.push_back(std::move(parsed));
}

void PatternList::add_file(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) throw_errno("pattern file " + printable(path));
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos || line[0] == '#') continue;
    try {
      add(line);
    } catch (const Error& error) {
      throw Error(error.code(), printable(path) + ", line " + std::to_string(number) + ": " + error.what());
    }
  }
  if (in.bad()) throw Error(ErrorCode::kIo, "pattern file " + printable(path) + ": can't be read");
}

PatternList PatternList::relative_to(const std::vector<std::string>& roots) const {
  PatternList out = *this;
  for (Pattern& pattern : out.patterns_) {
    if (!pattern.anchored) continue;
    for (const std::string& root : roots) {
      const size_t size = prefix_size(pattern.glob, std::string_view(root).substr(1));
      if (size == 0) continue;
      if (size < pattern.glob.size()) {
        pattern.glob.erase(0, size + 1);
      } else {
        pattern.glob = "**";  // the source itself: everything in it
        pattern.directory_only = false;
      }
      break;
    }
  }
  return out;
}

bool PatternList::matches(std::string_view path, bool is_directory) const {
  if (path.empty()) return false;
  const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  for (auto pattern = patterns_.rbegin(); pattern != patterns_.rend(); ++pattern) {
    if (pattern->directory_only && !is_directory) continue;
    const bool match =
        pattern->name_only ? match_element(pattern->glob, name) : match_path(pattern->glob, path, !pattern->anchored);
    if (match) return !pattern->negated;
  }
  return false;
}

bool PatternList::may_match_beneath(std::string_view path) const {
  if (covers(path, true)) return true;
  for (const Pattern& pattern : patterns_) {
    if (pattern.negated) continue;
    if (!pattern.anchored) return true;
    size_t p = 0, q = first_element(path);
    while (p <= pattern.glob.size() && q <= path.size()) {
      const std::string_view element = element_at(pattern.glob, p), name = element_at(path, q);
      if (element == "**") return true;
      if (!match_element(element, name)) break;
      p += element.size() + 1;
      q += name.size() + 1;
    }
    if (q > path.size() && p <= pattern.glob.size()) return true;
  }
  return false;
}

bool PatternList::covers(std::string_view path, bool is_directory) const {
  for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    if (matches(path.substr(0, slash), true)) return true;
  }
  return matches(path, is_directory);
}

}  // namespace cairn
