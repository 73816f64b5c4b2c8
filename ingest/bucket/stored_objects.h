// The files of a component, or beneath a path of it, in tree order: what becomes objects.
//
// Threads:  one thread at a time.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "ingest/monitor.h"
#include "ingest/restore.h"
#include "store/tree/directory.h"

namespace cairn {

struct StoredFileEntry {
  std::string path;   // beneath the component
  Entry entry;
};

class StoredObjects {
 public:
  // `top`: the entry at `path`, which is beneath the component ("": the component itself).  Patterns of `options` see paths beneath `path`.
  // `options` and `monitor` must outlive this.
  StoredObjects(GetObject get, std::string path, Entry top, const RestoreOptions& options, Monitor& monitor);
  // nullopt at the end.  Directories that can't be read are told and counted.
  std::optional<StoredFileEntry> next();
  uint64_t failed() const { return failed_; }
  // Links, devices and fifos, which are no objects.
  uint64_t others() const { return others_; }

 private:
  struct Level {
    DirectoryReader children;
    std::string path;
  };
  void enter(const Entry& directory, const std::string& path);
  std::optional<Entry> next_child();
  bool selected(const std::string& path, bool is_directory) const;
  GetObject get_;
  const std::string top_path_;
  std::optional<Entry> top_;   // a file, until it is given
  const RestoreOptions& options_;
  Monitor& monitor_;
  std::deque<Level> open_;
  uint64_t failed_ = 0, others_ = 0;
};

}  // namespace cairn
