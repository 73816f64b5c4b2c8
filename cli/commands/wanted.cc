#include "cli/commands/wanted.h"

#include "store/error.h"

namespace cairn {

namespace {

// The only component of a kind, when no path names one.
std::string only_one(const Manifest& snapshot, const FitsKind& fits, const std::string& option, const std::string& words) {
  std::string name;
  for (const ComponentInfo& component : snapshot.components) {
    if (!fits(component.kind)) continue;
    if (!name.empty()) throw UsageError(option + ": the snapshot has several of the kind: name one, like SNAPSHOT:" + printable(name));
    name = component.name;
  }
  if (name.empty()) throw UsageError(option + ": nothing in this snapshot is " + words + " (see: cairn ls)");
  return name;
}

}  // namespace

Choice choose_component(const std::vector<Wanted>& wanted, ComponentKind kind, const std::string& option, const std::string& words) {
  return choose_component(wanted, [kind](ComponentKind one) { return one == kind; }, option, words);
}

Choice choose_component(const std::vector<Wanted>& wanted, const FitsKind& fits, const std::string& option, const std::string& words) {
  Choice choice;
  bool all = false;
  for (const auto& [snapshot, path] : wanted) {
    const size_t slash = path.find('/');
    const std::string name = path.empty() ? only_one(*snapshot, fits, option, words) : path.substr(0, slash);
    const ComponentInfo* component = snapshot->component(name);
    if (!component || !fits(component->kind))
      throw UsageError(option + ": " + printable(name) + " isn't " + words + "; restore it to a directory with --target");
    if (choice.snapshot && (choice.snapshot != snapshot || choice.component != name))
      throw UsageError(option + ": everything that is restored at once must come from one component of one snapshot");
    choice.snapshot = snapshot;
    choice.component = name;
    if (slash == path.npos) all = true;
    else choice.parts.push_back(path.substr(slash + 1));
  }
  if (all) choice.parts.clear();
  return choice;
}

void require_version(const std::vector<Wanted>& wanted, const std::string& expected) {
  if (expected.empty()) return;
  for (const auto& [snapshot, path] : wanted) {
    bool told = false;
    for (const ComponentInfo& component : snapshot->components) {
      auto version = component.properties.find("app.version");
      if (version == component.properties.end()) continue;
      const bool restored = path.empty() || path == component.name || path.starts_with(component.name + "/");
      if (restored && version->second != expected)
        throw Error(ErrorCode::kUnsupported, printable(component.name) + " is of version " + printable(version->second) + ", not " +
                                                 printable(expected) + " as --expect-version asks; nothing was restored");
      told = told || restored;
    }
    if (!told)
      throw Error(ErrorCode::kUnsupported, "--expect-version: nothing in " + (path.empty() ? snapshot->id.hex().substr(0, 8) : printable(path)) +
                                               " tells its application's version; nothing was restored");
  }
}

}  // namespace cairn
