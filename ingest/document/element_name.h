// What the elements of one array or object are called in the catalogue: path elements, each once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

// The label, escaped (ingest/parts/names.h), a ".json" at its end as "%2Ejson".  Of one longer than 200 bytes what fits, "~" and the place.
std::string element_name(std::string_view label, uint64_t place);
// The label that has this name; nullopt when none has, or it was cut.
std::optional<std::string> label_of_element(std::string_view name);

// Memory: 8 to 20 bytes a name.   Threads: one thread at a time.
class UsedNames {
 public:
  // `name`, or with "~" and the place behind it when that is taken; it is taken now.
  std::string claim(std::string name, uint64_t place);
  void clear();

 private:
  bool add(uint64_t hash);
  void grow();
  std::vector<uint64_t> slots_;   // hashes, 0 for free; a power of two, at most three quarters full
  size_t used_ = 0;
};

}  // namespace cairn
