#include "ingest/bucket/bucket_plan.h"

#include <algorithm>

#include "ingest/bucket/key_path.h"
#include "ingest/bucket/object_content.h"
#include "ingest/bucket/object_headers.h"

namespace cairn {

namespace {

constexpr size_t kTaskEntries = 256;

// The same object, by all that a list tells of it.
bool unmodified_object(const Entry& now, const Entry& before) {
  const std::string etag = etag_of(now.xattrs);
  return before.type == EntryType::kFile && !before.damaged_source && now.size_bytes == before.size_bytes &&
         now.mtime_ns == before.mtime_ns && !etag.empty() && etag == etag_of(before.xattrs);
}

}  // namespace

std::optional<BucketTask> BucketPlan::next() {
  BucketTask task;
  if (rest_.length_bytes > 0) {
    task.continues = true;
    task.get = rest_;
    task.get->length_bytes = task.weight_bytes = std::min(kObjectPieceBytes, rest_.length_bytes);
    rest_.offset_bytes += task.weight_bytes;
    rest_.length_bytes -= task.weight_bytes;
    return task;
  }
  WalkStep step;
  while (task.entries.size() < kTaskEntries && !task.get && walk_.next(step)) add(std::move(step), task);
  return task.entries.empty() ? std::nullopt : std::optional(std::move(task));
}

void BucketPlan::add(WalkStep&& step, BucketTask& task) {
  if (step.kind == WalkStep::Kind::kEntry) return add_object(std::move(step), task);
  const bool is_root = step.path.empty();
  if (step.kind == WalkStep::Kind::kEnter) previous_.enter(step.entry.name, is_root);
  else previous_.leave();
  JobEntry entry;
  entry.step = step.kind;
  entry.entry = std::move(step.entry);
  if (is_root) entry.entry.name = name_;
  task.entries.push_back(std::move(entry));
}

void BucketPlan::add_object(WalkStep&& step, BucketTask& task) {
  JobEntry entry;
  entry.path = shown_ + step.path;
  entry.entry = std::move(step.entry);
  entry.open_name = root_ + key_of_path(step.path).value();   // it was made from a key
  Entry& now = entry.entry;
  const Entry* before = previous_.find(now.name);
  entry.change = before ? JobEntry::Change::kChanged : JobEntry::Change::kNew;
  if (before && !options_.force && unmodified_object(now, *before)) {
    entry.change = JobEntry::Change::kUnmodified;
    entry.content = JobEntry::Content::kKeep;
    now.content = before->content;
    now.xattrs = before->xattrs;
  } else if (!options_.dry_run) {
    if (before && before->type == EntryType::kFile) entry.before = *before;
    const bool is_long = now.size_bytes > kObjectPieceBytes;
    task.get = ObjectRange{entry.open_name, is_long ? etag_of(now.xattrs) : "", 0, now.size_bytes == 0 ? 0 : kObjectPieceBytes};
    task.weight_bytes = std::min(kObjectPieceBytes, now.size_bytes);
    if (is_long) rest_ = {task.get->key, task.get->etag, kObjectPieceBytes, now.size_bytes - kObjectPieceBytes};
  }
  task.entries.push_back(std::move(entry));
}

}  // namespace cairn
