#include "ingest/backup/piece_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "ingest/postgres/archive/archive_source.h"
#include "ingest/postgres/live/live_source.h"
#include "ingest/redis/live/live_source.h"
#include "ingest/tree/metadata.h"
#include "store/host.h"

namespace cairn {

namespace {

constexpr uint64_t kWorkerMostBytes = 1 << 20;    // longer files are read and cut by the reader
constexpr uint64_t kJobBytes = 1 << 20;           // of small files in one job
constexpr size_t kJobEntries = 512;
constexpr size_t kJobDirectories = 64;            // descriptors a job may hold
constexpr uint64_t kToldBytes = 32 << 20;         // of what is read before anything comes of it
constexpr int64_t kRacyNs = 2'000'000'000;        // coarsest time stamps of file systems in use (FAT)

// The same file, untouched since: its times and its inode say so, unless it changed in the same tick as it was read.
bool unmodified(const Entry& now, const Entry& before) {
  return before.type == EntryType::kFile && !before.racy && !before.damaged_source && now.size_bytes == before.size_bytes &&
         now.mtime_ns == before.mtime_ns && now.ctime_ns == before.ctime_ns && now.inode == before.inode;
}

}  // namespace

PieceReader::PieceReader(const std::vector<SourceSpec>& sources, std::vector<PreviousTree> previous, const ChunkerParams& params,
                         ContentSettings settings, const BackupOptions& options, Monitor& monitor)
    : sources_(sources), previous_(std::move(previous)), params_(params), options_(options), monitor_(monitor) {
  settings.compression = options.compression.value_or(settings.compression);
  settings.file_chunks = options.file_chunks.value_or(settings.file_chunks);
  tree_policy_ = tree_policy(settings);
  stream_policy_ = stream_policy(settings);
}
PieceReader::~PieceReader() = default;

std::string PieceReader::display_path(const std::string& relative) const {
  if (relative.empty()) return source_->path;
  return source_->path + (source_->path.ends_with('/') ? "" : "/") + relative;
}

// False when there are no more sources.
bool PieceReader::open_next_source() {
  while (next_source_ < sources_.size()) {
    source_ = &sources_[next_source_];
    tree_ = &previous_[next_source_++];
    scan_start_ns_ = now_ns();
    try {
      if (source_->kind == SourceSpec::Kind::kPath && begin_archive_directory()) return true;
      if (source_->kind == SourceSpec::Kind::kPath) {
        walker_ = std::make_unique<TreeWalker>(source_->path, options_.walk, monitor_);
        walker_done_ = false;
        components_.push_back({source_, ComponentKind::kTree, Completeness::kComplete, {}});
      } else if (source_->kind == SourceSpec::Kind::kBucket) {
        components_.push_back({source_, ComponentKind::kBucket, Completeness::kComplete, {}});
        buckets_.push_back(std::make_unique<BucketSource>(*source_, *tree_, params_, tree_policy_, options_, monitor_));
        bucket_ = buckets_.back().get();
      } else {
        components_.push_back({source_, ComponentKind::kStream,
                               source_->kind == SourceSpec::Kind::kStdin ? Completeness::kUnverified : Completeness::kComplete, {}});
        if (!options_.dry_run) begin_stream(*source_);
        else monitor_.item("would run", source_->description, 0);
        if (options_.dry_run) continue;
      }
      return true;
    } catch (const Error& e) {
      if (source_->kind != SourceSpec::Kind::kPath) throw;  // a command that can't run fails the whole
      monitor_.error(source_->path, e.what());
      walker_.reset();
    }
  }
  return false;
}

void PieceReader::open_stream(const SourceSpec& source) {
  switch (source.kind) {
    case SourceSpec::Kind::kStdin: stream_ = open_stdin(monitor_); break;
    case SourceSpec::Kind::kShell: stream_ = run_shell(source.name, source.script, monitor_); break;
    case SourceSpec::Kind::kCommand: stream_ = run_command(source.name, source.argv, monitor_); break;
    case SourceSpec::Kind::kPostgres: stream_ = open_postgres(source.postgres.value(), monitor_); break;
    case SourceSpec::Kind::kRedis: stream_ = open_redis(source.redis.value(), monitor_); break;
    case SourceSpec::Kind::kPath:
    case SourceSpec::Kind::kBucket: break;
  }
}

void PieceReader::begin_stream(const SourceSpec& source) {
  open_stream(source);
  JobEntry entry;
  entry.entry.name = source.name;
  entry.entry.mode = 0600;
  entry.entry.uid = ::geteuid();
  entry.entry.gid = ::getegid();
  entry.entry.mtime_ns = scan_start_ns_;
  entry.path = source.name;
  entry.change = JobEntry::Change::kNew;
  monitor_.current(source.name);
  opened_ = open([this](std::span<uint8_t> into) { return stream_->read(into); });
  if (!opened_.parts) warn_of_format();
  begin_slices(std::move(entry), stream_policy_);
}

void PieceReader::warn_of_format() {
  if (options_.format == StreamFormat::kAuto || options_.format == StreamFormat::kRaw) return;
  monitor_.warning(source_->name + ": doesn't begin like " + std::string(format_words(options_.format)) +
                   "; saved as it came, without parts");
}

OpenedStream PieceReader::open(ReadBytes read) {
  OpenOptions options{options_.format, source_->name, options_.document_key};
  // A server's kind is known, whatever is said of the other streams.
  if (source_->kind == SourceSpec::Kind::kRedis && options.format != StreamFormat::kRaw) options.format = StreamFormat::kRedis;
  if (source_->kind == SourceSpec::Kind::kPostgres && options.format != StreamFormat::kRaw) options.format = StreamFormat::kPostgres;
  // What sorts reads all of it before anything can be cut.
  auto watched = [this, read = std::move(read), bytes = uint64_t{0}](std::span<uint8_t> into) mutable {
    monitor_.check_interrupted();
    const size_t got = read(into);
    const uint64_t steps = bytes / kToldBytes;
    bytes += got;
    if (slicer_ && slicer_->passed_bytes() == 0 && bytes / kToldBytes > steps)
      monitor_.current(source_->name + ": " + std::to_string(bytes >> 20) + " MiB read, to be sorted");
    return got;
  };
  OpenedStream opened = open_parts(std::move(watched), options);
  unsealed_ = unsealed_ || opened.unsealed;
  return opened;
}

// A dump of pg_dump --format=directory is one stream of its files.  False when it is none, or not as pg_dump leaves it.
bool PieceReader::begin_archive_directory() {
  if (options_.format == StreamFormat::kRaw || options_.dry_run) return false;
  Fd directory(::open(source_->path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  OpenedStream opened;
  try {   // what can't be recognised is a tree, and its walk tells what can't be read
    if (!directory || !is_archive_directory(directory.get())) return false;
    opened.parts = make_archive_directory_source(directory.get(), source_->name);
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInterrupted) throw;
    return false;
  }
  if (!opened.parts) return false;
  JobEntry entry;
  struct ::statx facts;
  stat_open_file(directory.get(), facts);
  capture(facts, entry.entry);
  entry.entry.type = EntryType::kFile;   // of its stored stream
  entry.entry.name = source_->name;
  entry.path = source_->path;
  entry.change = JobEntry::Change::kNew;
  components_.push_back({source_, ComponentKind::kStream, Completeness::kComplete, {}});
  archive_directory_ = std::move(directory);
  opened_ = std::move(opened);
  begin_slices(std::move(entry), stream_policy_);
  return true;
}

// What was opened goes through the slicer, in jobs of its own.
void PieceReader::begin_slices(JobEntry&& entry, const CutPolicy& policy) {
  entry.content = JobEntry::Content::kRuns;
  policy_ = policy;
  if (opened_.parts) slicer_ = std::make_unique<Slicer>(params_, policy.chunk_size, *opened_.parts);
  else slicer_ = std::make_unique<Slicer>(params_, policy.chunk_size, file_ ? static_cast<ByteSource&>(*file_) : *opened_.bytes);
  monitor_.current(entry.path);
  long_entry_ = std::move(entry);
}

std::optional<Job> PieceReader::next() {
  monitor_.check_interrupted();
  if (slicer_) return next_slice();
  if (bucket_) {
    if (std::optional<Job> job = bucket_->next()) {
      job->component = components_.size() - 1;
      return job;
    }
    bucket_ = nullptr;
  }
  if (!walker_ && !open_next_source()) return std::nullopt;
  if (slicer_) return next_slice();
  if (bucket_) return next();
  Job job;
  job.component = components_.size() - 1;
  job.policy = tree_policy_;
  last_directory_fd_ = -1;
  while (job.entries.size() < kJobEntries && job.weight_bytes < kJobBytes && job.directories.size() < kJobDirectories && !slicer_)
    if (!add_step(job)) break;
  if (walker_done_) close_source();
  return job;
}

void PieceReader::close_source() {
  sockets_skipped_ += walker_->sockets_skipped();
  walker_.reset();
}

// Adds the next step of the walk; false at its end.
bool PieceReader::add_step(Job& job) {
  WalkStep step;
  if (!walker_->next(step)) {
    walker_done_ = true;
    return false;
  }
  bool is_root = step.path.empty();
  if (step.kind == WalkStep::Kind::kEntry) {
    add_entry(job, std::move(step));
    return true;
  }
  if (step.kind == WalkStep::Kind::kEnter) tree_->enter(step.entry.name, is_root);
  else tree_->leave();
  last_directory_fd_ = -1;
  JobEntry entry;
  entry.step = step.kind;
  entry.entry = std::move(step.entry);
  if (is_root) entry.entry.name = source_->name;
  job.entries.push_back(std::move(entry));
  return true;
}

// A descriptor of the directory at hand for the worker; one a job and directory.
size_t PieceReader::directory_of(Job& job) {
  int fd = walker_->directory_fd();
  if (fd != last_directory_fd_ || job.directories.empty()) {
    Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (!copy) throw_errno("can't keep a directory open");
    job.directories.push_back(std::move(copy));
    last_directory_fd_ = fd;
  }
  return job.directories.size() - 1;
}

void PieceReader::add_entry(Job& job, WalkStep&& step) {
  bool is_root = step.path.empty();
  JobEntry entry;
  entry.path = display_path(step.path);
  entry.entry = std::move(step.entry);
  const Entry* before = is_root ? tree_->root() : tree_->find(entry.entry.name);
  if (is_root) entry.entry.name = source_->name;
  entry.change = before ? JobEntry::Change::kChanged : JobEntry::Change::kNew;
  Entry& now = entry.entry;
  if (now.type != EntryType::kFile) {
    bool same = before && before->type == now.type && before->ctime_ns == now.ctime_ns && before->target == now.target;
    if (same) entry.change = JobEntry::Change::kUnmodified;
    job.entries.push_back(std::move(entry));
    return;
  }
  now.racy = std::max(now.mtime_ns, now.ctime_ns) > scan_start_ns_ - kRacyNs;
  entry.open_name = walker_->open_name();
  bool keep = before && !options_.force && unmodified(now, *before);
  if (!keep && before && before->type == EntryType::kFile) entry.before = *before;
  // Also one that is kept: it may have been saved without its parts.
  if (is_root && !options_.dry_run && options_.format != StreamFormat::kRaw && begin_file_with_parts(entry)) return;
  if (is_root) warn_of_format();
  if (keep) {
    entry.change = JobEntry::Change::kUnmodified;
    entry.content = JobEntry::Content::kKeep;
    now.content = before->content;
    now.xattrs = before->xattrs;
    now.racy = false;
  } else if (now.size_bytes > kWorkerMostBytes && !options_.dry_run) {
    return begin_long_file(job, std::move(entry));
  } else {
    entry.content = JobEntry::Content::kRead;
    job.weight_bytes += now.size_bytes + 256;
  }
  entry.directory = directory_of(job);
  job.entries.push_back(std::move(entry));
}

// The steps before it are in the job at hand already, so its slices follow in jobs of their own.
void PieceReader::begin_long_file(Job& job, JobEntry&& entry) {
  bool racy = entry.entry.racy;
  try {
    file_ = std::make_unique<FileContent>(walker_->directory_fd(), entry.open_name, entry.entry);
    capture_xattrs(file_->fd(), entry.path, monitor_, entry.entry);
  } catch (const Error& e) {
    file_.reset();
    monitor_.error(entry.path, e.what());
    entry.failed = true;
    job.entries.push_back(std::move(entry));
    return;
  }
  entry.entry.racy = racy || std::max(entry.entry.mtime_ns, entry.entry.ctime_ns) > scan_start_ns_ - kRacyNs;
  begin_slices(std::move(entry), tree_policy_);
}

// A dump as a component of its own.  False for any other file, and for one that can't be read: that is told by who reads it next.
bool PieceReader::begin_file_with_parts(JobEntry& entry) {
  try {
    Entry now = entry.entry;
    auto file = std::make_unique<FileContent>(walker_->directory_fd(), entry.open_name, now);
    if (file->sparse()) return false;
    OpenedStream opened = open([from = file.get()](std::span<uint8_t> into) { return from->read(into); });
    if (!opened.parts) return false;
    capture_xattrs(file->fd(), entry.path, monitor_, now);
    now.racy = true;
    entry.entry = std::move(now);
    file_ = std::move(file);
    opened_ = std::move(opened);
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInterrupted || e.code() == ErrorCode::kInvalidArgument) throw;
    return false;
  }
  begin_slices(std::move(entry), stream_policy_);
  return true;
}

Job PieceReader::next_slice() {
  Job job;
  job.component = components_.size() - 1;
  job.policy = policy_;
  JobEntry entry;
  entry.content = JobEntry::Content::kRuns;
  entry.last_piece = false;
  try {
    Slice slice = slicer_->next();
    job.bytes = std::move(slice.bytes);
    entry.runs = std::move(slice.runs);
    if (slice.last) end_long_content(entry);
  } catch (const Error& e) {  // of a file; what was read of it is not used
    if ((!file_ && !archive_directory_) || opened_.unsealed || e.code() == ErrorCode::kInterrupted || e.code() == ErrorCode::kNoSpace) throw;
    monitor_.error(long_entry_->path, e.what());
    entry = std::move(*long_entry_);
    entry.failed = true;
    entry.last_piece = true;
    job.bytes = Buffer();
    slicer_.reset();
  }
  if (!slicer_) {
    opened_ = {};
    archive_directory_ = Fd();
    file_.reset();
    stream_.reset();
    long_entry_.reset();
  }
  job.entries.push_back(std::move(entry));
  return job;
}

// The last slice carries the entry.
void PieceReader::end_long_content(JobEntry& entry) {
  std::vector<Run> runs = std::move(entry.runs);
  if (stream_) stream_->finish();
  if (stream_ && slicer_->passed_bytes() == 0) monitor_.warning(source_->name + ": nothing came; saved as an empty stream");
  if (opened_.parts) take_parts();
  if (file_) long_entry_->entry.size_bytes = file_->read_bytes();
  if (file_ && file_->changed_meanwhile(long_entry_->entry)) {
    monitor_.error(long_entry_->path, "changed while it was read; saved as it was read");
    long_entry_->entry.damaged_source = true;
    if (components_.back().kind != ComponentKind::kTree) components_.back().completeness = Completeness::kIncomplete;
  }
  entry = std::move(*long_entry_);
  entry.runs = std::move(runs);
  entry.last_piece = true;
  slicer_.reset();
}

// What the stream turned out to hold.  A dump that says it is whole is whole, whoever wrote it.
void PieceReader::take_parts() {
  OpenComponent& component = components_.back();
  component.parts = opened_.parts->parts();
  component.kind = component.parts.kind == ComponentKind::kStream ? component.kind : component.parts.kind;
  for (const std::string& warning : component.parts.warnings) monitor_.warning(source_->name + ": " + warning);
  if (component.parts.kind == ComponentKind::kStream && component.parts.ended) return;   // who knows what it is
  component.completeness = component.parts.ended ? Completeness::kComplete : Completeness::kIncomplete;
  if (component.parts.ended) return;
  // A server sends its RDB with a checksum: what doesn't fit isn't its data.
  if (source_->kind == SourceSpec::Kind::kRedis) throw Error(ErrorCode::kIo, source_->name + ": " + component.parts.problem + "; nothing was recorded");
  ++broken_streams_;
  monitor_.error(source_->name, component.parts.problem + "; saved as far as it goes, and marked incomplete");
}

}  // namespace cairn
