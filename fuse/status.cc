#include "fuse/status.h"

#include <unistd.h>

#include "ingest/tree/metadata.h"

namespace cairn {

namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr blksize_t kBlockBytes = 128 << 10;   // what cp and the like read at a time

::timespec time_of(int64_t ns) {
  const int64_t rest = (ns % kNanosecondsPerSecond + kNanosecondsPerSecond) % kNanosecondsPerSecond;
  return {static_cast<time_t>((ns - rest) / kNanosecondsPerSecond), static_cast<long>(rest)};
}

}  // namespace

// FNV-1a, and the finaliser of MurmurHash3 for the upper bits.
uint64_t inode_number(uint64_t directory, std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325 ^ directory;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccd;
  hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53;
  hash ^= hash >> 33;
  return hash > 1 ? hash : hash + 2;
}

struct stat status_of(const Entry& entry, uint64_t inode) {
  struct stat out = {};
  out.st_ino = inode;
  out.st_mode = file_type(entry.type) | (entry.mode & 07777U);
  out.st_uid = entry.uid;
  out.st_gid = entry.gid;
  // How many names a file has isn't kept, but that it has several.  Of directories 1 says that subdirectories aren't counted.
  out.st_nlink = entry.link_group != 0 ? 2 : 1;
  out.st_mtim = out.st_atim = time_of(entry.mtime_ns);
  out.st_ctim = time_of(entry.ctime_ns);
  out.st_blksize = kBlockBytes;
  if (entry.type == EntryType::kCharDevice || entry.type == EntryType::kBlockDevice) out.st_rdev = entry.device;
  if (entry.type == EntryType::kFile) out.st_size = static_cast<off_t>(entry.size_bytes);
  if (entry.type == EntryType::kSymlink) out.st_size = static_cast<off_t>(entry.target.size());
  out.st_blocks = (out.st_size + 511) / 512;
  return out;
}

struct stat status_above(uint64_t inode, int64_t time_ns, size_t target_bytes) {
  Entry entry;
  entry.type = target_bytes > 0 ? EntryType::kSymlink : EntryType::kDirectory;
  entry.mode = target_bytes > 0 ? 0777 : 0555;
  entry.uid = ::geteuid();
  entry.gid = ::getegid();
  entry.mtime_ns = entry.ctime_ns = time_ns;
  struct stat out = status_of(entry, inode);
  if (target_bytes > 0) out.st_size = static_cast<off_t>(target_bytes);
  return out;
}

}  // namespace cairn
