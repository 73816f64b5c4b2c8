// The waist of cairn: named files that never change.  A backend knows nothing of what they hold.
//
// Five verbs: list, size, read, create, remove.  Memory, local directory, S3, fault injection and recording plug in here,
// so every test runs on the real repository code.  The others have a meaning without being overridden: they are for backends that
// are far away.
//
// Names:    relative, '/'-separated, at most 200 bytes, each element of [a-z0-9._-] and not starting with '.', the first one not
//           `tmp` (uploads on their way live there); anything else throws kInvalidArgument going in, and is left out of
//           listings coming out (list_foreign reports those).
// Errors:   kNotFound, kIo, kNoSpace; messages start with the name or the path of the file.
// Threads:  every method is thread-safe.  An Upload is used by one thread at a time.
// Lifetime: a Backend must outlive its Uploads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/bytes.h"

namespace cairn {

struct StoredFile {
  std::string name;      // whole name, as for read()
  uint64_t size_bytes = 0;
  int64_t mtime_ns = 0;  // by the storage's clock, since the epoch
};

// How long files can't be removed or replaced by anybody (S3: Object Lock).
struct RetentionLock {
  enum class Mode { kCompliance, kGovernance };   // kGovernance: who has a special right may
  Mode mode = Mode::kCompliance;
  int64_t seconds = 0;                            // from when a file is written or locked, by the storage's clock
};

// A file on its way in.  Nothing is visible under its name until commit() returns; destroying it without commit() leaves nothing.
class Upload {
 public:
  virtual ~Upload() = default;
  virtual void append(ByteView bytes) = 0;
  // Makes the file durable and visible under its name, in that order.  Afterwards only destruction is allowed.
  // A name that exists with equal bytes is a success, with other bytes kIo ("exists with other content"); it is never replaced.
  virtual void commit() = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;

  // All files whose name starts with `prefix` (a folder with its '/', or "" for everything), sorted by name.
  // A folder that doesn't exist is empty.
  virtual std::vector<StoredFile> list(std::string_view prefix) = 0;

  // What list() tells of each prefix, all of it sorted by name: one prefix after the other as they are given, or all in one look; then
  // what comes or goes during the call may be seen or not, whatever happened before or after it.
  // Requires: no prefix begins with another one.
  virtual std::vector<StoredFile> list_several(std::span<const std::string> prefixes);

  virtual uint64_t size(std::string_view name) = 0;

  // Exactly `length` bytes from `offset`, or an error (kCorrupt when the file is shorter).
  virtual Buffer read(std::string_view name, uint64_t offset, uint64_t length) = 0;

  // read() of a file of `file_bytes` that is wanted again in other runs: of a distant backend it may come from a copy on this machine.
  virtual Buffer read_kept(std::string_view name, uint64_t file_bytes, uint64_t offset, uint64_t length);
  // That copy turned out to be damaged.  False when there is none: then what read_kept() gave is the storage's.
  virtual bool drop_kept(std::string_view name);

  virtual std::unique_ptr<Upload> create(std::string_view name) = 0;

  // False if there was no such file; that is not an error.
  virtual bool remove(std::string_view name) = 0;

  // Files under the root whose names no cairn wrote, as paths for people.  Temporary files of uploads are not among them.
  virtual std::vector<std::string> list_foreign() = 0;

  // Where this is, for messages: a path or a URL without secrets.
  virtual std::string describe() const = 0;

  // The whole file.  kCorrupt if it is larger than `most_bytes`.
  virtual Buffer read_whole(std::string_view name, uint64_t most_bytes);

  // How many commit() at once are worth while; 1: the thread that filled a file does it.
  virtual int uploads_at_once() const { return 1; }

  // From now on files for whose name `chosen` says true are locked from their first moment; `locked` is told of each and when its lock
  // ends, in seconds since the epoch.  Both are called by several threads at once; a null `chosen` ends it.
  // kInvalidArgument where files can't be locked, which may show only when one is written.
  virtual void lock_created(const RetentionLock& lock, std::function<bool(std::string_view name)> chosen,
                            std::function<void(std::string_view name, int64_t end_s)> locked);
  // Locks a file that is there; a lock that ends later stays.  Returns the end, in seconds since the epoch.
  // kWrongKey when these credentials may not lock, kNotFound, kInvalidArgument as above.
  virtual int64_t lock(std::string_view name, const RetentionLock& lock);
  // Of the files removed so far, those that the storage still keeps, hidden: where a bucket keeps versions.
  virtual uint64_t removed_but_kept() const { return 0; }

  // What was asked of the storage so far, as a sentence for people; "" when nobody counts.
  virtual std::string usage() const { return ""; }
};

// create + append + commit.
void put(Backend& backend, std::string_view name, ByteView bytes);

// backend.read_whole().
Buffer read_whole(Backend& backend, std::string_view name, uint64_t most_bytes);

bool valid_name(std::string_view name);
// Throws kInvalidArgument unless valid_name(name).
void require_valid_name(std::string_view name);

// For backends.  A prefix to list: "", a valid name, or one with a '/' behind it; else kInvalidArgument.
void require_valid_prefix(std::string_view prefix);
// For backends.  kCorrupt, with all the numbers, unless [offset, offset + length) lies in a file of `size_bytes`; `file` is its name.
void require_range(std::string_view file, uint64_t offset, uint64_t length, uint64_t size_bytes);

}  // namespace cairn
