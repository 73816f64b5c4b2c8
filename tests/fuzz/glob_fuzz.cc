// Any pattern on any path: never a crash, the plain matcher's answer where that is quick enough, and what PatternList accepts
// gives the same answer anchored.  Input: the pattern, a zero byte, the path.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ingest/tree/filter.h"
#include "store/error.h"
#include "tests/ingest/naive_glob.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t zero = input.find('\0');
  if (zero == std::string_view::npos || size > 2000) return 0;
  const std::string_view pattern = input.substr(0, zero), path = input.substr(zero + 1);

  const bool matched = cairn::glob_match(pattern, path);
  if (pattern.size() <= 14 && path.size() <= 20 && matched != cairn::naive_glob(pattern, path)) std::abort();

  const bool real_path = !path.starts_with('/') && !path.ends_with('/') && path.find("//") == path.npos;
  cairn::PatternList list;
  try {
    list.add(pattern);
  } catch (const cairn::Error&) {
    return 0;
  }
  const bool plain = pattern[0] != '!' && pattern[0] != '/' && pattern.back() != '/' && pattern.find("//") == pattern.npos;
  // Not anchored it matches more, never less.
  if (real_path && plain && matched && !path.empty() && !list.matches(path, false)) std::abort();
  if (list.matches(path, true) && !list.covers(path, true)) std::abort();
  list.may_match_beneath(path);
  list.relative_to({"/a", "/"}).matches(path, true);
  return 0;
}
