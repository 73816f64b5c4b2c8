// The steps of a restore, in order: directories and files, then links and devices, then the metadata of directories.
// The trees are walked twice instead of being kept in memory.
//
// Threads:  one thread at a time; it starts workers of its own through ordered_parallel_map.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <unordered_set>

#include "ingest/restore.h"
#include "ingest/restore/plan.h"
#include "store/read/chunk_reader.h"

namespace cairn {

class Restorer {
 public:
  Restorer(Repository& repository, const Manifest& snapshot, const RestoreOptions& options, Monitor& monitor);
  ~Restorer();

  // `entry`: what is restored, as `path` beneath the target.
  void restore_content(const Entry& entry, const std::string& path);   // pass 1: directories, files
  void finish_content();                                               // writes the last window
  void restore_rest(const Entry& entry, const std::string& path);      // pass 2: links, devices, metadata of directories
  void verify(const Entry& entry, const std::string& path);            // pass 3: reads back

  // The same for what is made from a stream: its content is whatever `produce` writes, in order, every time it is called.
  using Produce = std::function<void(const std::function<void(ByteView)>& write)>;
  // By --include and --exclude; what is beneath a directory that could not be made isn't either.
  bool selected(const std::string& path, bool is_directory) const;
  void make_directory(const std::string& path);
  void restore_streamed(const Entry& entry, const std::string& path, const Produce& produce);
  void finish_directory(const Entry& entry, const std::string& path);
  void verify_streamed(const Entry& entry, const std::string& path, const Produce& produce);
  // Told and counted once; the rest goes on.
  void fail(const std::string& path, const std::string& why);

  void report() { if (sink_) sink_->report_unset(); }
  RestoreResult take_result() { return result_; }

 private:
  using Visit = std::function<void(const Entry& child, const std::string& path)>;
  void for_each_child(const Entry& directory, const std::string& path, const Visit& visit);
  Entry with_local_owner(const Entry& entry);
  void plan_file(const Entry& entry, const std::string& path);
  std::unique_ptr<RestoreWindow> write_window();
  void write_frame(size_t worker, const FrameJob& job);
  void begin_next_window();
  void write_file_pieces(PlannedFile& file, std::span<const Piece> pieces);
  void write_in_pieces(PlannedFile& file, std::span<const Piece> pieces);
  void finish_in_pieces(PlannedFile& file);
  void fail(PlannedFile& file, const std::string& why);
  bool verify_file(const Entry& entry, const std::string& path);
  const Repository& repository_;
  const Index& index_;
  const Manifest& snapshot_;
  const RestoreOptions& options_;
  Monitor& monitor_;
  size_t threads_;
  std::unique_ptr<TreeSink> sink_;           // none in a dry run
  ChunkReader trees_;
  std::vector<std::unique_ptr<ChunkReader>> readers_;  // one a worker
  std::unique_ptr<RestoreWindow> window_;
  std::string root_;                         // the path that patterns are relative to
  std::map<ChunkId, std::string> linked_;    // a file with several names (link_key) → the first path restored
  std::map<uint32_t, uint32_t> users_, groups_;  // numbers in the snapshot → here
  std::mutex mu_;
  std::unordered_set<std::string> given_up_; // guarded by mu_ likewise; told as failed, or left alone as asked: nothing to verify
  std::unordered_set<std::string> unmade_;   // directories something is in the way of: nothing beneath them can be restored
  RestoreResult result_;                     // guarded by mu_ while workers run
};

}  // namespace cairn
