// Finds the texts at some paths of an element while it passes by.
//
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ingest/document/member_path.h"

namespace cairn {

class PathMatcher {
 public:
  // `any_case`: names are compared without regard to case.   `paths` must outlive this.
  PathMatcher(std::span<const MemberPath> paths, bool any_case) : paths_(paths), any_case_(any_case) {}

  // An element that is an object or an array begins; then all in it is told, and its end.
  void begin_element(bool array);
  void begin(bool array);
  void end();
  void name(std::string_view name);
  // Whether a path ends at the value that comes next.
  bool ends_here() const;
  // Those paths, for a value that is no object or array.
  const std::vector<size_t>& ending();

 private:
  struct Step {
    size_t path = 0, at = 0;   // steps of it that have been taken
  };
  struct Level {
    bool array = false;
    std::vector<Step> steps;
  };
  // Calls take(step) for the steps of the innermost level that go on with the value that comes next.
  template <class Take>
  void follow(const Take& take) const;
  void open(Level level);

  std::span<const MemberPath> paths_;
  bool any_case_;
  std::vector<Level> levels_;   // those in which a path goes on
  size_t others_ = 0;           // levels within, in which none does
  std::vector<size_t> matching_;  // steps of the innermost level that the last name fits
  std::vector<size_t> ending_;
};

}  // namespace cairn
