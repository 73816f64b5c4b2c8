#include "ingest/backup/previous_tree.h"

namespace cairn {

PreviousTree::PreviousTree(GetObject get, Entry root) : get_(std::move(get)), root_(std::move(root)) {}

void PreviousTree::push(const Entry* directory) {
  auto level = std::make_unique<Level>();
  if (directory && directory->type == EntryType::kDirectory) {
    try {
      level->entries.emplace(get_, directory->directory);
      level->at = level->entries->next();
    } catch (const Error&) {
      level->entries.reset();
      level->at = nullptr;
    }
  }
  levels_.push_back(std::move(level));
}

void PreviousTree::enter(const std::string& name, bool is_root) {
  if (!root_) return;
  if (is_root) push(root());
  else push(find(name));
}

void PreviousTree::leave() {
  if (root_) levels_.pop_back();
}

const Entry* PreviousTree::find(const std::string& name) {
  if (!root_ || levels_.empty()) return nullptr;
  Level& level = *levels_.back();
  try {
    while (level.at && level.at->name < name) level.at = level.entries->next();
  } catch (const Error&) {
    level.at = nullptr;
  }
  return level.at && level.at->name == name ? level.at : nullptr;
}

}  // namespace cairn
