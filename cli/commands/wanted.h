// What a restore is asked for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/session.h"

namespace cairn {

// A snapshot, and "component/a/b" in it; "" for all components.
struct Wanted {
  const Manifest* snapshot = nullptr;
  std::string path;
};

// Of things that can only be restored together when they come from one component.
struct Choice {
  const Manifest* snapshot = nullptr;
  std::string component;
  std::vector<std::string> parts;   // beneath it; none: all
};

// UsageError unless all is in one component of a kind that fits; without a path the snapshot's only one is meant.  `option` and `words`
// ("--to", "a dump of PostgreSQL") are for its message.
using FitsKind = std::function<bool(ComponentKind)>;
Choice choose_component(const std::vector<Wanted>& wanted, const FitsKind& fits, const std::string& option, const std::string& words);
Choice choose_component(const std::vector<Wanted>& wanted, ComponentKind kind, const std::string& option, const std::string& words);

// Refuses what isn't of this version of the application (kUnsupported, naming both); also a component that tells none.
void require_version(const std::vector<Wanted>& wanted, const std::string& expected);

}  // namespace cairn
