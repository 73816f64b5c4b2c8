// The inside of a TreeSink: open directories, files under way, and the steps its methods share.  Included by its sources only.
#pragma once

#include <sys/stat.h>

#include <cerrno>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ingest/tree/beneath.h"
#include "ingest/tree/sink.h"
#include "ingest/tree/temporary.h"
#include "store/error.h"
#include "store/fd.h"

namespace cairn {

inline constexpr size_t kMostDirectories = 64;  // kept open: consecutive files share their directory; a thread needs one or two
inline constexpr size_t kMostTemporaries = 64;  // kept open, of the large files under way
inline constexpr int kMostTries = 16;           // at a name that is always taken: somebody is playing with us

// Throws "path: what: why", from errno.
[[noreturn]] inline void fail(std::string_view path, std::string_view what) {
  int error_number = errno;  // building the message may change it
  throw errno_error(error_number, printable(path) + ": " + std::string(what));
}

[[noreturn]] inline void refuse(std::string_view path, std::string_view what, ErrorCode code = ErrorCode::kInvalidArgument) {
  throw Error(code, printable(path) + ": " + std::string(what));
}

// A name in an open directory.
struct Spot {
  FdCache::Pin directory;
  std::string name;
  int fd() const { return directory.fd(); }
};

// A large file under way.  Its inode tells whether the name still leads to it: whoever may write to the directory could put a
// hard link to somebody's file there.
struct Begun {
  std::string directory;
  dev_t device = 0;
  ino_t inode = 0;
  uint64_t size_bytes = 0;
};

// What is at `spot`, itself if it is a symlink; nullopt when nothing is.
std::optional<struct ::stat> examine(const Spot& spot, const std::string& path);

struct TreeSink::State {
  State(Fd target, Overwrite rule, const ApplyOptions& apply_options, Monitor& watcher, bool force_portable)
      : beneath(std::move(target), force_portable), overwrite(rule), options(apply_options), monitor(watcher) {}

  Beneath beneath;
  const Overwrite overwrite;
  const ApplyOptions options;
  Monitor& monitor;
  ApplyReport report;
  RandomNames names;
  FdCache directories{kMostDirectories};
  FdCache temporaries{kMostTemporaries};

  std::mutex mu;
  std::unordered_map<std::string, Begun> begun;  // guarded by mu; by temporary name
  std::set<std::string> untouched;               // guarded by mu; directories that were there, for kNever

  // nullopt: see errno.
  std::optional<FdCache::Pin> try_directory(std::string_view directory);
  // `path` is what for.
  FdCache::Pin open_directory(std::string_view directory, std::string_view path);
  Spot locate(const std::string& path);
  // A new empty file beside `spot`; its name in *name.
  Fd create(const Spot& spot, const std::string& path, std::string* name);
  ApplyOptions options_for(const Spot& spot, int fd, const Entry& entry);
  // Gives the temporary name its own name.
  void publish(const Spot& spot, Temporary& temporary, const std::string& path);
  // Creates something without content under a temporary name by make(directory_fd, name), as mkfifoat(2); false: not allowed to.
  template <class Make>
  bool place(const std::string& path, const Entry& entry, Make make);
  void take_directory(const Spot& spot, const std::string& path, const struct ::stat& now);
  Begun find_begun(const std::string& path, const std::string& temporary);
  FdCache::Pin open_temporary(const std::string& path, const std::string& temporary, const Begun& file);
};

template <class Make>
bool TreeSink::State::place(const std::string& path, const Entry& entry, Make make) {
  Spot spot = locate(path);
  for (int i = 0; i < kMostTries; ++i) {
    std::string name = names.next();
    if (make(spot.fd(), name.c_str()) != 0) {
      if (errno == EEXIST) continue;
      if (errno == EPERM) return false;
      break;
    }
    Temporary temporary(spot.fd(), name);
    ApplyOptions chosen = options;
    chosen.look_for_inherited = entry.type != EntryType::kSymlink;  // symlinks have no ACLs
    apply_at(spot.fd(), name, entry, chosen, report);
    publish(spot, temporary, path);
    return true;
  }
  fail(path, "cannot create it");
}

}  // namespace cairn
