// The place a restore writes to.  Stays beneath its target whatever a snapshot says and whoever swaps a link in meanwhile.
//
// Rules (reliability first): every path is opened beneath the target's descriptor with openat2(RESOLVE_BENEATH |
// RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS), or element by element with O_NOFOLLOW where the kernel has no openat2; no string
// prefix tests.  A file is written under a random name (O_EXCL, 0600), gets its metadata, and is renamed: a crash leaves the old
// file or the new one.  Directories are 0700 until finish_directory.
//
// Paths:    relative to the target, elements separated by '/', each a valid entry name; else kInvalidArgument.
// Threads:  all methods may be called at once, for different paths.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "ingest/monitor.h"
#include "ingest/tree/metadata.h"
#include "store/tree/entry.h"

namespace cairn {

enum class Overwrite {
  kAlways,   // replace what is there
  kChanged,  // replace unless size and mtime are equal
  kNever,    // leave what is there
};

// A run of a file's content at its place.
struct Piece {
  uint64_t offset_bytes = 0;
  ByteView bytes;
};

class TreeSink {
 public:
  // Creates `target` (and its parents) when it isn't there.  `monitor` must outlive this.
  // force_portable: use the path without openat2 (for tests).
  TreeSink(const std::string& target, Overwrite overwrite, const ApplyOptions& apply, Monitor& monitor,
           bool force_portable = false);
  ~TreeSink();

  // Makes a directory, or takes the one that is there; "" is the target itself, here and in finish_directory.  A symlink (also to
  // a directory) or file in its place is an error for kNever, and replaced by a directory else.  Parents must exist.
  void make_directory(const std::string& path);

  // By the overwrite rule: shall this entry be written?  A directory standing in the way of a file is an error, never removed.
  // True where the directory to hold it isn't there yet, as in a dry run.
  bool wanted(const std::string& path, const Entry& entry);

  // Small files: one open, all at once.  Holes are what the pieces leave out of entry.size_bytes.
  void write_file(const std::string& path, const Entry& entry, std::span<const Piece> pieces);

  // Large files, piece by piece from several threads: begin, any number of writes, then finish or abandon.
  // The returned name is the temporary one beside `path`.
  std::string begin_file(const std::string& path, const Entry& entry);
  void write_piece(const std::string& path, const std::string& temporary, const Piece& piece);
  // A finish that throws has abandoned the file.  What is still under way is abandoned by the destructor.
  void finish_file(const std::string& path, const std::string& temporary, const Entry& entry);
  void abandon_file(const std::string& path, const std::string& temporary) noexcept;

  // After all files.  Replace what is there by the overwrite rule (caller asked wanted()).
  void make_symlink(const std::string& path, const Entry& entry);
  void make_special(const std::string& path, const Entry& entry);     // fifo, devices; what lack of rights forbids is counted
  // A further name of a file restored before; both paths beneath the target.
  void make_hard_link(const std::string& path, const std::string& existing);

  // Owner, mode, xattrs and times of a directory; after everything beneath it.  For kNever a directory that
  // was there before make_directory stays as it is.
  void finish_directory(const std::string& path, const Entry& entry);

  // For --verify: opens a restored file for reading, beneath the target.  Returns a descriptor the caller closes.
  int open_for_reading(const std::string& path);

  // Tells monitor.warning once what couldn't be set for lack of rights.
  void report_unset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
