#include "ingest/copy/tree_steps.h"

namespace cairn {

TreeSteps::TreeSteps(GetObject get, Entry component, const KnownIds& known, Monitor& monitor)
    : get_(std::move(get)), component_(std::move(component)), known_(known), monitor_(monitor) {}

std::optional<CopyStep> TreeSteps::next() {
  monitor_.check_interrupted();
  if (component_) {
    Entry component = std::move(*component_);
    component_.reset();
    std::string path = component.name;
    return begin(std::move(component), std::move(path));
  }
  if (open_.empty()) return std::nullopt;
  if (const Entry* child = open_.back().children.next()) return begin(Entry(*child), open_.back().path + "/" + child->name);
  CopyStep leave;
  leave.kind = CopyStep::Kind::kLeave;
  leave.path = std::move(open_.back().path);
  open_.pop_back();
  return leave;
}

CopyStep TreeSteps::begin(Entry&& entry, std::string path) {
  CopyStep step;
  if (entry.type == EntryType::kDirectory) {
    require_depth(path);
    if (auto known = known_.objects.find(entry.directory)) {
      entry.directory = *known;
    } else {
      step.kind = CopyStep::Kind::kEnter;
      open_.push_back({DirectoryReader(get_, entry.directory), path});
    }
  } else if (entry.content.kind == Content::Kind::kChunks || entry.content.kind == Content::Kind::kList) {
    if (auto known = known_.contents.find(content_key(entry.content))) entry.content = std::move(*known);
    else step.content_due = true;
  }
  step.entry = std::move(entry);
  step.path = std::move(path);
  return step;
}

}  // namespace cairn
