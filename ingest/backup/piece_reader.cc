#include "ingest/backup/piece_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "ingest/tree/metadata.h"
#include "store/host.h"

namespace cairn {

namespace {

constexpr uint64_t kWorkerMostBytes = 1 << 20;    // longer files are read and cut by the reader
constexpr uint64_t kJobBytes = 1 << 20;           // of small files in one job
constexpr size_t kJobEntries = 512;
constexpr size_t kJobDirectories = 64;            // descriptors a job may hold
constexpr int64_t kRacyNs = 2'000'000'000;        // coarsest time stamps of file systems in use (FAT)

const CutPolicy kTreePolicy{ChunkSize::kNormal, {3, 1 << 20}};
const CutPolicy kStreamPolicy{ChunkSize::kFine, {1, 512 << 10}};

// A stream has no holes to pass.
class StreamBytes : public ByteSource {
 public:
  explicit StreamBytes(StreamSource& stream) : stream_(stream) {}
  size_t read(std::span<uint8_t> into) override { return stream_.read(into); }

 private:
  StreamSource& stream_;
};

// The same file, untouched since: its times and its inode say so, unless it changed in the same tick as it was read.
bool unmodified(const Entry& now, const Entry& before) {
  return before.type == EntryType::kFile && !before.racy && !before.damaged_source && now.size_bytes == before.size_bytes &&
         now.mtime_ns == before.mtime_ns && now.ctime_ns == before.ctime_ns && now.inode == before.inode;
}

}  // namespace

PieceReader::PieceReader(const std::vector<SourceSpec>& sources, std::vector<PreviousTree> previous, const ChunkerParams& params,
                         const BackupOptions& options, Monitor& monitor)
    : sources_(sources), previous_(std::move(previous)), params_(params), options_(options), monitor_(monitor) {}
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
      if (source_->kind == SourceSpec::Kind::kPath) {
        walker_ = std::make_unique<TreeWalker>(source_->path, options_.walk, monitor_);
        walker_done_ = false;
        components_.push_back({source_, ComponentKind::kTree, Completeness::kComplete});
      } else {
        components_.push_back({source_, ComponentKind::kStream,
                               source_->kind == SourceSpec::Kind::kStdin ? Completeness::kUnverified : Completeness::kComplete});
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

void PieceReader::begin_stream(const SourceSpec& source) {
  switch (source.kind) {
    case SourceSpec::Kind::kStdin: stream_ = open_stdin(monitor_); break;
    case SourceSpec::Kind::kShell: stream_ = run_shell(source.name, source.script, monitor_); break;
    case SourceSpec::Kind::kCommand: stream_ = run_command(source.name, source.argv, monitor_); break;
    case SourceSpec::Kind::kPath: return;
  }
  JobEntry entry;
  entry.entry.name = source.name;
  entry.entry.mode = 0600;
  entry.entry.uid = ::geteuid();
  entry.entry.gid = ::getegid();
  entry.entry.mtime_ns = scan_start_ns_;
  entry.path = source.name;
  entry.change = JobEntry::Change::kNew;
  entry.content = JobEntry::Content::kRuns;
  long_entry_ = std::move(entry);
  content_ = std::make_unique<StreamBytes>(*stream_);
  slicer_ = std::make_unique<Slicer>(params_, kStreamPolicy.chunk_size, *content_);
  monitor_.current(source.name);
}

std::optional<Job> PieceReader::next() {
  monitor_.check_interrupted();
  if (slicer_) return next_slice();
  if (!walker_ && !open_next_source()) return std::nullopt;
  if (slicer_) return next_slice();
  Job job;
  job.component = components_.size() - 1;
  job.policy = kTreePolicy;
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
    auto file = std::make_unique<FileContent>(walker_->directory_fd(), entry.open_name, entry.entry);
    capture_xattrs(file->fd(), entry.path, monitor_, entry.entry);
    file_ = file.get();
    content_ = std::move(file);
  } catch (const Error& e) {
    monitor_.error(entry.path, e.what());
    entry.failed = true;
    job.entries.push_back(std::move(entry));
    return;
  }
  entry.entry.racy = racy || std::max(entry.entry.mtime_ns, entry.entry.ctime_ns) > scan_start_ns_ - kRacyNs;
  entry.content = JobEntry::Content::kRuns;
  monitor_.current(entry.path);
  slicer_ = std::make_unique<Slicer>(params_, kTreePolicy.chunk_size, *content_);
  long_entry_ = std::move(entry);
}

Job PieceReader::next_slice() {
  Job job;
  job.component = components_.size() - 1;
  job.policy = walker_ ? kTreePolicy : kStreamPolicy;
  JobEntry entry;
  entry.content = JobEntry::Content::kRuns;
  entry.last_piece = false;
  try {
    Slice slice = slicer_->next();
    job.bytes = std::move(slice.bytes);
    entry.runs = std::move(slice.runs);
    if (slice.last) end_long_content(entry);
  } catch (const Error& e) {  // of a file; what was read of it is not used
    if (!file_ || e.code() == ErrorCode::kInterrupted) throw;
    monitor_.error(long_entry_->path, e.what());
    entry = std::move(*long_entry_);
    entry.failed = true;
    entry.last_piece = true;
    job.bytes = Buffer();
    slicer_.reset();
  }
  if (!slicer_) {
    content_.reset();
    file_ = nullptr;
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
  if (file_) long_entry_->entry.size_bytes = file_->read_bytes();
  if (file_ && file_->changed_meanwhile(long_entry_->entry)) {
    monitor_.error(long_entry_->path, "changed while it was read; saved as it was read");
    long_entry_->entry.damaged_source = true;
  }
  entry = std::move(*long_entry_);
  entry.runs = std::move(runs);
  entry.last_piece = true;
  slicer_.reset();
}

}  // namespace cairn
