#include "ingest/document/extract/path_matcher.h"

namespace cairn {

template <class Take>
void PathMatcher::follow(const Take& take) const {
  if (others_ > 0 || levels_.empty()) return;
  const Level& level = levels_.back();
  if (level.array) {
    for (const Step& step : level.steps) take(Step{step.path, step.at + 1});
  } else {
    for (const size_t at : matching_) take(Step{level.steps[at].path, level.steps[at].at + 1});
  }
}

void PathMatcher::begin_element(bool array) {
  levels_.clear();
  others_ = 0;
  Level level;
  for (size_t path = 0; path < paths_.size(); ++path) level.steps.push_back({path, 0});
  level.array = array;
  open(std::move(level));
}

void PathMatcher::begin(bool array) {
  Level level;
  level.array = array;
  follow([&](const Step& step) {
    if (step.at < paths_[step.path].size()) level.steps.push_back(step);
  });
  open(std::move(level));
}

// Of the steps those stay that such a level can take.
void PathMatcher::open(Level level) {
  std::erase_if(level.steps, [&](const Step& step) { return (paths_[step.path][step.at] == kEveryElement) != level.array; });
  matching_.clear();
  if (others_ > 0 || level.steps.empty()) {
    ++others_;
  } else {
    levels_.push_back(std::move(level));
  }
}

void PathMatcher::end() {
  if (others_ > 0) {
    --others_;
  } else if (!levels_.empty()) {
    levels_.pop_back();
  }
  matching_.clear();
}

void PathMatcher::name(std::string_view name) {
  matching_.clear();
  if (others_ > 0 || levels_.empty()) return;
  const Level& level = levels_.back();
  for (size_t at = 0; at < level.steps.size(); ++at) {
    const std::string& wanted = paths_[level.steps[at].path][level.steps[at].at];
    if (any_case_ ? same_member(wanted, name) : wanted == name) matching_.push_back(at);
  }
}

bool PathMatcher::ends_here() const {
  bool ends = false;
  follow([&](const Step& step) { ends = ends || step.at == paths_[step.path].size(); });
  return ends;
}

const std::vector<size_t>& PathMatcher::ending() {
  ending_.clear();
  follow([&](const Step& step) {
    if (step.at == paths_[step.path].size()) ending_.push_back(step.path);
  });
  return ending_;
}

}  // namespace cairn
