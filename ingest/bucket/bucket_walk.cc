#include "ingest/bucket/bucket_walk.h"

#include <algorithm>

#include "ingest/bucket/key_path.h"
#include "ingest/bucket/object_headers.h"
#include "store/coding.h"

namespace cairn {

namespace {

constexpr char kBetween = '\0';

void exchange(std::string& text, char from, char to) { std::ranges::replace(text, from, to); }

bool storable(std::string_view path) {
  while (true) {
    const size_t slash = path.find('/');
    if (!valid_entry_name(path.substr(0, slash))) return false;
    if (slash == path.npos) return true;
    path.remove_prefix(slash + 1);
  }
}

Entry directory_entry(std::string name) {
  Entry entry;
  entry.name = std::move(name);
  entry.type = EntryType::kDirectory;
  entry.mode = 0755;
  return entry;
}

}  // namespace

void BucketWalk::add(std::string_view key, const S3Object& object) {
  std::string path = path_of_key(key);
  if (!storable(path)) return monitor_.error(path, "has a part of a name that is too long to be saved");
  if (filter_.exclude.covers(path, false)) return;
  if (filter_.exclude_larger_than_bytes > 0 && object.size_bytes > filter_.exclude_larger_than_bytes) return;
  exchange(path, '/', kBetween);
  Encoder value;
  value.varint(object.size_bytes);
  value.svarint(object.modified_ns);
  value.string(object.etag);
  sorter_.add(path, value.out());
  size_bytes_ += object.size_bytes;
}

std::optional<BucketWalk::Record> BucketWalk::read_record() {
  const RecordSorter::Record* record = sorter_.next();
  if (!record) return std::nullopt;
  return Record{std::string(record->key), {record->value.begin(), record->value.end()}};
}

// An object beside a directory of its name waits under the name it gets: directly before the first that is in the directory it is
// known, but others may come before "name%".
std::optional<BucketWalk::Record> BucketWalk::take_record() {
  while (true) {
    if (!beside_.empty() && (!ahead_ || beside_.begin()->first < ahead_->key)) {
      auto first = beside_.extract(beside_.begin());
      return Record{std::move(first.key()), std::move(first.mapped())};
    }
    if (!ahead_) return std::nullopt;
    Record record = std::move(*ahead_);
    ahead_ = read_record();
    if (!ahead_ || !ahead_->key.starts_with(record.key + kBetween)) return record;
    beside_.emplace(record.key + kBesideDirectory, std::move(record.value));
  }
}

// Leaves what the next object isn't in, enters what it is in; false when it is its turn.
bool BucketWalk::next_directory_step(WalkStep& step) {
  std::string inside;   // open directories that hold it, with a '/' behind
  size_t depth = 0;
  for (; depth < open_.size() && record_ && std::string_view(path_).substr(inside.size()).starts_with(open_[depth] + "/"); ++depth)
    inside += open_[depth] + "/";
  if (depth < open_.size()) {
    step.kind = WalkStep::Kind::kLeave;
    step.path = inside;
    for (size_t at = depth; at < open_.size(); ++at) step.path += (at > depth ? "/" : "") + open_[at];
    open_.pop_back();
    return true;
  }
  const size_t slash = record_ ? path_.find('/', inside.size()) : path_.npos;
  if (slash == path_.npos) return false;
  open_.push_back(path_.substr(inside.size(), slash - inside.size()));
  step.kind = WalkStep::Kind::kEnter;
  step.path = path_.substr(0, slash);
  step.entry = directory_entry(open_.back());
  return true;
}

bool BucketWalk::next(WalkStep& step) {
  step = {};
  if (!began_) {
    began_ = true;
    ahead_ = read_record();
    step.kind = WalkStep::Kind::kEnter;
    step.entry = directory_entry("");
    return true;
  }
  if (ended_) return false;
  if (!record_) {
    record_ = take_record();
    path_ = record_ ? record_->key : "";
    exchange(path_, kBetween, '/');
  }
  if (next_directory_step(step)) return true;
  if (!record_) {
    ended_ = true;
    step.kind = WalkStep::Kind::kLeave;
    return true;
  }
  Decoder value(record_->value, "an object of the list");
  step.path = path_;
  step.entry.name = path_.substr(path_.rfind('/') + 1);
  step.entry.mode = 0644;
  step.entry.size_bytes = value.varint();
  step.entry.mtime_ns = value.svarint();
  step.entry.xattrs.push_back(etag_xattr(std::string(text(value.bytes(1 << 20)))));
  record_.reset();
  return true;
}

}  // namespace cairn
