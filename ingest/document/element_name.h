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
// The same in `out`, whose memory is used again.
void make_element_name(std::string_view label, uint64_t place, std::string& out);
// The label that has this name; nullopt when none has, or it was cut.
std::optional<std::string> label_of_element(std::string_view name);

// Memory: 8 to 20 bytes a name.   Threads: one thread at a time.
class UsedNames {
 public:
  // Puts "~" and the place behind `name` when it is taken, until it isn't; it is taken now.
  void claim(std::string& name, uint64_t place);
  // `name` is likely to be claimed soon: what is known of it is brought near.
  void expect(std::string_view name) const;
  void clear();

 private:
  bool add(uint64_t hash);
  void grow();
  std::vector<uint64_t> slots_;   // hashes, 0 for free; a power of two, at most three quarters full
  size_t used_ = 0;
};

}  // namespace cairn
