// Walks a directory tree depth first, names in byte order, and says what is there.  Reads no file content.
//
// Threads:  one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "ingest/monitor.h"
#include "ingest/tree/filter.h"
#include "store/tree/entry.h"

namespace cairn {

struct WalkOptions {
  Filter filter;                    // excludes, CACHEDIR.TAG, size limit (ingest/tree/filter.h)
  bool one_file_system = false;     // don't descend into mount points (the mount point itself stays, empty; it isn't opened)
};

struct WalkStep {
  enum class Kind { kEnter, kLeave, kEntry };
  Kind kind = Kind::kEntry;
  // kEnter: the directory (with its xattrs); kEntry: everything else.  Names in directories arrive sorted by bytes, directories
  // among the rest.  Regular files come without xattrs and content: whoever opens them captures both.  Symlinks come with their
  // target.  link_group is set for files with more than one link.
  // The root's entry has the name of the last element of the source path ("" for "/").
  Entry entry;
  std::string path;     // relative to the source root, "" for the root itself; for messages
  uint64_t allocated_bytes = 0;  // st_blocks · 512: less than entry.size_bytes means that there are holes
};

class TreeWalker {
 public:
  // Throws Error when the root can't be examined at all (kNotFound when it isn't there).  A root that is a symlink is followed
  // (people write `cairn backup /srv/current`); a root may also be a single file.  `monitor` must outlive this.
  TreeWalker(const std::string& root, const WalkOptions& options, Monitor& monitor);
  ~TreeWalker();

  // Fills `step`, false at the end.  What can't be examined or listed is told to monitor.error and left out; paths in messages
  // begin with the root as it was given.  Sockets are skipped and counted.  Directories nested deeper than 4,096 are an error and
  // stay empty; so does, with a warning, one that is mounted inside itself.  The filter never applies to the root itself.
  bool next(WalkStep& step);

  // A descriptor of the directory that holds the entry of the last step (for kEnter and kLeave: the directory itself, opened).
  // Ask again after every step: in a tree nested deeper than 128 directories it is closed and opened anew meanwhile; elsewhere it
  // stays valid until the step after the matching kLeave.  -1 for a directory that couldn't be opened or isn't entered.
  int directory_fd() const;
  // The name to open beneath directory_fd() for the last kEntry (differs from entry.name only for a root that is a file).
  const std::string& open_name() const;

  uint64_t sockets_skipped() const;
  uint64_t excluded() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
