// The directory of a local repository, and the system calls its reading and its writing side share.
// Folders are opened element by element with O_NOFOLLOW: whoever can write there can't lead cairn out of the repository.
//
// Errors:   reading: kNotFound, kIo; writing: kIo, kNoSpace.  Messages start with the path.
// Threads:  thread-safe.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "store/fd.h"

namespace cairn {

constexpr char kTemporaryFolder[] = "tmp";  // below the root; uploads live there until they are whole
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr int kFolderPathFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;  // enough to open what is inside

class LocalRoot {
 public:
  explicit LocalRoot(std::string path) : path_(std::move(path)) {}

  // For messages: of the root, and of what is called `name` below it.
  std::string path() const;
  std::string path(std::string_view name) const;

  // The folder called `folder` ("": the root itself).  Holds nothing, and errno says why, if it can't be opened.
  Fd open(std::string_view folder, int flags);
  // A file, for reading; refuses links anywhere below the root.  Holds nothing, with errno, on failure.
  Fd open_file(std::string_view name);
  // A folder for writing, throwing; what is missing is made (0700), the root with its parents too, and is durable on return.
  Fd make(std::string_view folder);

 private:
  int root();  // -1, with errno, if it can't be opened
  Fd walk(int root, std::string_view folder, int flags, bool make_missing);

  const std::string path_;  // as it was given
  std::mutex making_mu_;    // held while folders are made: nobody uses a new one before its parent is fsync'ed
  std::mutex mu_;
  Fd root_;                 // guarded by mu_; stays open once it is
};

// "packs/00" and "ab" of "packs/00/ab".
std::string_view folder_of(std::string_view name);
std::string leaf_of(std::string_view name);

// fsync.  Never repeated: after a failure the kernel forgets, and a second call would say that all is well.
void sync_folder(int fd, const std::string& path);

// Opens a file for reading; refuses links and doesn't wait for the other end of a fifo.  Holds nothing, with errno, on failure.
Fd open_stored(int folder, const std::string& leaf);
// kIo unless it is a regular file.
struct stat stored_status(int fd, const std::string& path);
void require_regular(const struct stat& status, const std::string& path);
// Bytes read at `offset`; fewer than asked for only at the end of the file.
size_t read_stored(int fd, uint64_t offset, std::span<uint8_t> out, const std::string& path);

// Like throw_errno, but a folder or temporary that vanished is kIo: nobody asked whether a file is there.
[[noreturn]] void throw_write_errno(const std::string& path);

}  // namespace cairn
