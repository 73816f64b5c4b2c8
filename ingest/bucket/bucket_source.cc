#include "ingest/bucket/bucket_source.h"

#include <algorithm>

#include "ingest/bucket/object_headers.h"

namespace cairn {

namespace {

constexpr size_t kSourceConnections = 16;               // a GET is mostly waiting
constexpr size_t kSourceWindow = 4 * kSourceConnections;      // tasks: small objects behind a slow one
constexpr uint64_t kMostFetchedBytes = 64 << 20;
constexpr uint64_t kWholeMostBytes = 1 << 20;     // longer objects are cut here
constexpr uint64_t kJobBytes = 1 << 20;
constexpr size_t kJobEntries = 512;
constexpr int kMostGets = 3;
constexpr uint64_t kToldObjects = 10'000;

using Outcome = ObjectPiece::Outcome;

}  // namespace

BucketSource::BucketSource(const SourceSpec& source, PreviousTree& previous, const ChunkerParams& params, const CutPolicy& policy,
                           const BackupOptions& options, Monitor& monitor)
    : source_(source), params_(params), policy_(policy), monitor_(monitor),
      client_(source.bucket->place, source.bucket->credentials, source.bucket->settings),
      open_object_([this](const std::string& key, Entry& entry) {
        auto content = ObjectContent::open(client_, key);
        put_facts(content->facts(), entry);
        return content;
      }),
      shown_("s3://" + source.bucket->place.bucket + "/" + source.bucket->root()),
      walk_(std::make_unique<BucketWalk>(options.walk.filter, monitor)),
      plan_(std::make_unique<BucketPlan>(*walk_, previous, options, source.bucket->root(), shown_, source.name)) {
  read_list();
  fetched_ = std::make_unique<OrderedPrefetch<BucketTask, Fetched>>(
      kSourceConnections, kSourceWindow,
      [this] {
        monitor_.check_interrupted();
        return plan_->next();
      },
      [this](size_t, BucketTask&& task) { return fetch(std::move(task)); }, kMostFetchedBytes,
      [](const BucketTask& task) { return task.weight_bytes; });
}
BucketSource::~BucketSource() = default;

void BucketSource::read_list() {
  const std::string root = source_.bucket->root();
  uint64_t listed = 0;
  monitor_.current(shown_);
  client_.list({&root, 1}, [&](S3Object&& object) {
    monitor_.check_interrupted();
    walk_->add(std::string_view(object.key).substr(root.size()), object);
    if (++listed % kToldObjects == 0) monitor_.current(shown_ + ": " + std::to_string(listed) + " objects listed");
  });
  if (listed == 0) monitor_.warning(source_.name + ": there is nothing in " + shown_ + "; saved as empty");
  monitor_.bytes_total += walk_->size_bytes();
  monitor_.files_total += walk_->count();
}

// Runs on a connection's thread.
BucketSource::Fetched BucketSource::fetch(BucketTask&& task) {
  Fetched out{std::move(task.entries), task.continues, 0, std::nullopt};
  if (!task.get) return out;
  out.offset_bytes = task.get->offset_bytes;
  out.piece = get_piece(client_, task.get->key, task.get->offset_bytes, task.get->length_bytes, task.get->etag);
  return out;
}

// False at the end.
bool BucketSource::look_ahead() {
  if (!ahead_ && fetched_) ahead_ = fetched_->take();
  return ahead_.has_value();
}

// That was got ahead, or what nobody knew to be needed.
ObjectPiece BucketSource::next_piece(const std::string& key, const std::string& etag, uint64_t offset) {
  if (look_ahead() && ahead_->continues && ahead_->offset_bytes == offset) {
    ObjectPiece piece = std::move(ahead_->piece.value());
    ahead_.reset();
    return piece;
  }
  return get_piece(client_, key, offset, kObjectPieceBytes, etag);
}

std::optional<Job> BucketSource::next() {
  monitor_.check_interrupted();
  if (slicer_) return next_slice();
  Job job;
  job.policy = policy_;
  job.open_object = &open_object_;
  while (job.entries.size() < kJobEntries && job.weight_bytes < kJobBytes && !slicer_ && look_ahead()) {
    Fetched fetched = std::move(*ahead_);
    ahead_.reset();
    if (fetched.continues) continue;   // of an object that was given up, or read in another version
    const bool has_piece = fetched.piece.has_value();
    for (size_t i = 0; i + has_piece < fetched.entries.size(); ++i) job.entries.push_back(std::move(fetched.entries[i]));
    if (has_piece) begin_object(job, std::move(fetched.entries.back()), std::move(*fetched.piece));
  }
  if (!job.entries.empty()) return job;
  if (slicer_) return next_slice();
  fetched_.reset();   // what the jobs may still need stays
  plan_.reset();
  walk_.reset();
  monitor_.note(source_.name + ": " + describe(client_.counts()));
  return std::nullopt;
}

void BucketSource::begin_object(Job& job, JobEntry&& entry, ObjectPiece&& piece) {
  attempts_ = 1;
  if (piece.outcome == Outcome::kGone) return fail(job, std::move(entry), "vanished before it was read");
  if (piece.outcome == Outcome::kRefused) return fail(job, std::move(entry), piece.why);
  if (piece.outcome == Outcome::kGot && piece.bytes.size() == piece.facts.size_bytes && piece.bytes.size() <= kWholeMostBytes)
    return begin_whole(job, std::move(entry), std::move(piece));
  long_entry_ = std::move(entry);
  if (piece.outcome == Outcome::kChanged) {
    if (open_again()) return;
    job.entries.push_back(std::move(*long_entry_));
    long_entry_.reset();
    return;
  }
  put_facts(piece.facts, long_entry_->entry);
  content_ = std::make_unique<ObjectContent>(
      std::move(piece), [this, key = long_entry_->open_name, etag = etag_of(long_entry_->entry.xattrs)](uint64_t offset) {
        return next_piece(key, etag, offset);
      });
  slicer_ = std::make_unique<Slicer>(params_, policy_.chunk_size, *content_);
}

// The worker cuts it.
void BucketSource::begin_whole(Job& job, JobEntry&& entry, ObjectPiece&& piece) {
  put_facts(piece.facts, entry.entry);
  entry.content = piece.bytes.empty() ? JobEntry::Content::kNone : JobEntry::Content::kBytes;
  entry.bytes = std::move(piece.bytes);
  job.weight_bytes += entry.entry.size_bytes + 256;
  job.entries.push_back(std::move(entry));
}

// The object at hand in the version that there is now; false when it is given up, which was told.
bool BucketSource::open_again() {
  slicer_.reset();
  content_.reset();
  std::string why = "changed every time it was read; it is left for the next backup";
  while (attempts_++ < kMostGets) {
    try {
      content_ = ObjectContent::open(client_, long_entry_->open_name);
      put_facts(content_->facts(), long_entry_->entry);
      slicer_ = std::make_unique<Slicer>(params_, policy_.chunk_size, *content_);
      return true;
    } catch (const ObjectChanged&) {
    } catch (const S3Refused& refused) {
      why = refused.code() == ErrorCode::kNotFound ? "vanished while it was read" : refused.what();
      break;
    }
  }
  monitor_.error(long_entry_->path, why);
  long_entry_->failed = true;
  return false;
}

void BucketSource::fail(Job& job, JobEntry&& entry, const std::string& why) {
  monitor_.error(entry.path, why);
  entry.failed = true;
  job.entries.push_back(std::move(entry));
}

Job BucketSource::next_slice() {
  monitor_.current(long_entry_->path);
  Job job;
  job.policy = policy_;
  std::optional<Slice> slice;
  while (slicer_ && !slice) {
    try {
      slice = slicer_->next();
    } catch (const ObjectChanged&) {
      again_ = open_again();
    } catch (const S3Refused& refused) {
      monitor_.error(long_entry_->path, refused.what());
      long_entry_->failed = true;
      slicer_.reset();
    }
  }
  const bool last = !slice || slice->last;
  JobEntry entry;
  if (last) entry = std::move(*long_entry_);
  entry.last_piece = last;
  if (slice) {
    entry.content = JobEntry::Content::kRuns;
    entry.begins_again = std::exchange(again_, false);
    entry.runs = std::move(slice->runs);
    job.bytes = std::move(slice->bytes);
  }
  if (last) {
    slicer_.reset();
    content_.reset();
    long_entry_.reset();
    again_ = false;
  }
  job.entries.push_back(std::move(entry));
  return job;
}

}  // namespace cairn
