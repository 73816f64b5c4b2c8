#include "ingest/bucket/stored_objects.h"

namespace cairn {

namespace {

std::string joined(const std::string& path, const std::string& name) { return path.empty() ? name : path + "/" + name; }

}  // namespace

StoredObjects::StoredObjects(GetObject get, std::string path, Entry top, const RestoreOptions& options, Monitor& monitor)
    : get_(std::move(get)), top_path_(std::move(path)), options_(options), monitor_(monitor) {
  if (top.type == EntryType::kDirectory) enter(top, top_path_);
  else top_ = std::move(top);
}

void StoredObjects::enter(const Entry& directory, const std::string& path) {
  try {
    require_depth(path);
    open_.push_back({DirectoryReader(get_, directory.directory), path});
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInterrupted) throw;
    monitor_.error(path, e.what());
    ++failed_;
  }
}

// Of the innermost directory that has one more; none: nullopt.
std::optional<Entry> StoredObjects::next_child() {
  while (!open_.empty()) {
    try {
      if (const Entry* child = open_.back().children.next()) return *child;
    } catch (const Error& e) {
      if (e.code() == ErrorCode::kInterrupted) throw;
      monitor_.error(open_.back().path, e.what());
      ++failed_;
    }
    open_.pop_back();
  }
  return std::nullopt;
}

bool StoredObjects::selected(const std::string& path, bool is_directory) const {
  const std::string beneath = top_path_.empty() ? path : path.substr(top_path_.size() + 1);
  if (options_.exclude.covers(beneath, is_directory)) return false;
  if (options_.include.empty() || options_.include.covers(beneath, is_directory)) return true;
  return is_directory && options_.include.may_match_beneath(beneath);
}

std::optional<StoredFileEntry> StoredObjects::next() {
  monitor_.check_interrupted();
  if (top_) {
    StoredFileEntry out{top_path_, std::move(*top_)};
    top_.reset();
    if (out.entry.type == EntryType::kFile) return out;
    ++others_;
  }
  while (std::optional<Entry> child = next_child()) {
    const std::string path = joined(open_.back().path, child->name);
    if (!selected(path, child->type == EntryType::kDirectory)) continue;
    if (child->type == EntryType::kDirectory) enter(*child, path);
    else if (child->type == EntryType::kFile) return StoredFileEntry{path, std::move(*child)};
    else ++others_;
  }
  return std::nullopt;
}

}  // namespace cairn
