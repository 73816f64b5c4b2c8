#include "ingest/backup/tree_builder.h"

#include <algorithm>

#include "ingest/tree/owners.h"

namespace cairn {

namespace {

// Read again for caution's sake (its times were too fresh to be trusted, or --force), and found to be as it was.
bool same_file(const Entry& now, const Entry& before) {
  return now.content == before.content && now.size_bytes == before.size_bytes && now.mode == before.mode && now.uid == before.uid &&
         now.gid == before.gid && now.mtime_ns == before.mtime_ns && now.xattrs == before.xattrs;
}

constexpr size_t kMostXattrBytes = 1 << 20;   // of one file; an entry must fit into a tree object

}  // namespace

TreeBuilder::TreeBuilder(const PutObject& put, Monitor& monitor) : put_(put), monitor_(monitor) {}

void TreeBuilder::add(Stored&& stored) {
  component_ = stored.component;
  if (new_bytes_.size() <= component_) new_bytes_.resize(component_ + 1);
  new_bytes_[component_] += stored.new_bytes;
  stats_.bytes_read += stored.bytes_read;
  stats_.bytes_new += stored.new_bytes;
  for (JobEntry& entry : stored.entries) add_entry(std::move(entry));
}

void TreeBuilder::add_entry(JobEntry&& entry) {
  if (entry.step == WalkStep::Kind::kEnter) {
    open_.push_back({std::move(entry.entry), std::make_unique<DirectoryWriter>(put_)});
    return;
  }
  if (entry.step == WalkStep::Kind::kLeave) return finish_directory();
  if (entry.failed) {
    ++stats_.files_failed;
    long_content_.reset();
    return;
  }
  if (entry.begins_again) long_content_.reset();
  if (!entry.refs.empty() || long_content_) {
    if (!long_content_) long_content_ = std::make_unique<ChunkListWriter>(put_);
    for (const ChunkRef& ref : entry.refs) long_content_->add(ref);
    for (const ChunkRef& ref : entry.refs) monitor_.bytes_done += ref.length_bytes;
  } else {
    monitor_.bytes_done += entry.entry.size_bytes;
  }
  if (!entry.last_piece) return;
  if (long_content_) {
    entry.entry.size_bytes = long_content_->size_bytes();
    entry.entry.content = long_content_->finish();
    long_content_.reset();
  }
  if (entry.before && same_file(entry.entry, *entry.before)) entry.change = JobEntry::Change::kUnmodified;
  ++monitor_.files_done;
  stats_.files_new += entry.change == JobEntry::Change::kNew;
  stats_.files_changed += entry.change == JobEntry::Change::kChanged;
  stats_.files_unmodified += entry.change == JobEntry::Change::kUnmodified;
  monitor_.item(entry.change == JobEntry::Change::kNew       ? "new"
                : entry.change == JobEntry::Change::kChanged ? "changed"
                                                             : "unmodified",
                entry.path, entry.entry.size_bytes);
  place(std::move(entry.entry));
}

void TreeBuilder::finish_directory() {
  OpenDirectory directory = std::move(open_.back());
  open_.pop_back();
  directory.entry.directory = directory.writer->finish();
  directory.entry.size_bytes = directory.writer->size_bytes();
  directory.entry.file_count = directory.writer->file_count();
  place(std::move(directory.entry));
}

void TreeBuilder::place(Entry&& entry) {
  size_t xattr_bytes = 0;
  for (const Xattr& xattr : entry.xattrs) xattr_bytes += xattr.name.size() + xattr.value.size();
  if (xattr_bytes > kMostXattrBytes) {
    monitor_.error(entry.name, "its extended attributes are " + std::to_string(xattr_bytes) + " bytes long; they were left out");
    entry.xattrs.clear();
  }
  users_.insert(entry.uid);
  groups_.insert(entry.gid);
  if (open_.empty()) roots_.emplace_back(component_, std::move(entry));
  else open_.back().writer->add(std::move(entry));
}

void TreeBuilder::finish(Manifest& manifest) {
  new_bytes_.resize(manifest.components.size());
  std::vector<ComponentInfo> present;
  std::ranges::sort(roots_, {}, [](const auto& root) { return root.second.name; });
  DirectoryWriter root(put_);
  for (auto& [number, entry] : roots_) {
    ComponentInfo info = manifest.components[number];
    info.size_bytes = entry.size_bytes;
    info.file_count = entry.type == EntryType::kDirectory ? entry.file_count : 1;
    info.new_bytes = new_bytes_[number];
    present.push_back(std::move(info));
    root.add(std::move(entry));
  }
  manifest.components = std::move(present);
  manifest.root = root.finish();
  for (uint32_t uid : users_)
    if (auto name = name_of_user(uid)) manifest.users[uid] = *name;
  for (uint32_t gid : groups_)
    if (auto name = name_of_group(gid)) manifest.groups[gid] = *name;
  stats_.sockets_skipped = manifest.stats.sockets_skipped;
  manifest.stats = stats_;
}

}  // namespace cairn
