// Turns the sources into jobs, one component after the other, in tree order.  Runs on the reader thread.
//
// Small files are only named in a job: the worker opens and reads them, so that the cost of a file is paid in parallel.  Long files
// and streams are read and cut here, because the cuts of a stream depend on what came before.
//
// Threads:  next() by one thread; the rest after it has returned nullopt.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "ingest/backup.h"
#include "ingest/backup/file_content.h"
#include "ingest/backup/job.h"
#include "ingest/backup/previous_tree.h"
#include "ingest/backup/slicer.h"
#include "ingest/bucket/bucket_source.h"
#include "ingest/parts/open_parts.h"
#include "ingest/stream/stream_source.h"

namespace cairn {

// A component whose source could be opened.
struct OpenComponent {
  const SourceSpec* source = nullptr;
  ComponentKind kind = ComponentKind::kTree;
  Completeness completeness = Completeness::kComplete;
  StreamParts parts;   // once it was read; empty for what has none
};

class PieceReader {
 public:
  // All must outlive this.  previous[i]: the tree of source i in the previous snapshot.  settings: the repository's; those of `options`
  // go before them.
  PieceReader(const std::vector<SourceSpec>& sources, std::vector<PreviousTree> previous, const ChunkerParams& params,
              ContentSettings settings, const BackupOptions& options, Monitor& monitor);
  ~PieceReader();

  // The next job, nullopt after the last.  Throws when a command failed: nothing may be recorded then.
  std::optional<Job> next();

  // Mutable: their parts may be taken away.
  std::vector<OpenComponent>& components() { return components_; }
  // Dumps that break off: told to the monitor as errors, but no trouble of a tree.
  uint64_t broken_streams() const { return broken_streams_; }
  // The key of BackupOptions opened something.
  bool unsealed() const { return unsealed_; }
  uint64_t sockets_skipped() const { return sockets_skipped_; }

 private:
  bool open_next_source();
  void close_source();
  bool add_step(Job& job);
  void add_entry(Job& job, WalkStep&& step);
  void begin_long_file(Job& job, JobEntry&& entry);
  bool begin_file_with_parts(JobEntry& entry);
  bool begin_archive_directory();
  void open_stream(const SourceSpec& source);
  void begin_stream(const SourceSpec& source);
  void begin_slices(JobEntry&& entry, const CutPolicy& policy);
  void take_parts();
  void warn_of_format();
  OpenedStream open(ReadBytes read);
  Job next_slice();
  void end_long_content(JobEntry& entry);
  size_t directory_of(Job& job);
  std::string display_path(const std::string& relative) const;

  const std::vector<SourceSpec>& sources_;
  std::vector<PreviousTree> previous_;
  const ChunkerParams& params_;
  const BackupOptions& options_;
  Monitor& monitor_;
  CutPolicy tree_policy_, stream_policy_;
  size_t next_source_ = 0;
  std::vector<OpenComponent> components_;
  int64_t scan_start_ns_ = 0;
  uint64_t sockets_skipped_ = 0;
  uint64_t broken_streams_ = 0;
  bool unsealed_ = false;

  // The source being read: a walk, a bucket, or a stream.
  const SourceSpec* source_ = nullptr;
  PreviousTree* tree_ = nullptr;
  std::unique_ptr<TreeWalker> walker_;
  bool walker_done_ = false;
  int last_directory_fd_ = -1;              // already in the job at hand, as its last directory
  std::unique_ptr<StreamSource> stream_;
  BucketSource* bucket_ = nullptr;
  std::vector<std::unique_ptr<BucketSource>> buckets_;   // also those that are read: jobs may come back to them

  // The long file or stream being sliced.
  std::unique_ptr<FileContent> file_;
  Fd archive_directory_;
  OpenedStream opened_;                      // of a stream, or of a file or directory with parts
  CutPolicy policy_;
  std::unique_ptr<Slicer> slicer_;
  std::optional<JobEntry> long_entry_;
};

}  // namespace cairn
