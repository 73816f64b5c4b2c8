// Metadata of one file, both ways, face to face: capture() reads it from the world, apply() puts it back.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "ingest/monitor.h"
#include "store/tree/entry.h"

struct statx;

namespace cairn {

// The S_IF… bits of a type.
mode_t file_type(EntryType type);

// Type, mode, owner, times, inode, size, device and link group (from device and inode, when nlink > 1) from a statx with
// STATX_BASIC_STATS.  Returns false for a socket or an unknown type.
bool capture(const struct ::statx& from, Entry& entry);

// Extended attributes incl. ACLs (system.posix_acl_*) and capabilities (security.capability), sorted by name.
// What can't be read is told to monitor.error(path, …) once and left out; file systems without xattrs are not an error.
void capture_xattrs(int fd, const std::string& path, Monitor& monitor, Entry& entry);
// The same without opening the file (symlinks, devices, fifos), through /proc/self/fd.
void capture_xattrs_at(int directory_fd, const std::string& name, const std::string& path, Monitor& monitor, Entry& entry);

// What couldn't be set because we aren't root: told once at the end, not once a file.
struct ApplyReport {
  std::atomic<uint64_t> owners{0}, xattrs{0}, modes{0}, devices{0};
};

struct ApplyOptions {
  bool owner = true;              // try to set owner and group
  bool privileged = true;         // set setuid/setgid/sticky bits, device nodes, security.* and trusted.* xattrs (needs root)
  // Look for xattrs to remove.  False for a new file in a directory known to hand none on: saves a call a file.
  bool look_for_inherited = true;
};

// Applies owner, mode, xattrs and ACLs, and times to an open file or directory, in the order that keeps capabilities:
// chown, chmod, xattrs, times.  EPERM on owner, privileged xattr or special mode bits is counted in `report`;
// anything else throws.  An xattr the file system doesn't know (ENOTSUP) is counted too.
// Set-id bits stay off while the owner isn't the entry's.
// The uid and gid in `entry` are what shall be set (names are resolved by the caller).
// Directories: xattrs that aren't in the entry (default ACLs inherited from the parent) are removed; likewise for files.
// Security labels (security.* but capabilities) are never removed: they belong to the machine.
void apply(int fd, const Entry& entry, const ApplyOptions& options, ApplyReport& report);
// The same for what can't be opened (symlink, device, fifo): beneath `directory_fd`, never following a link.
void apply_at(int directory_fd, const std::string& name, const Entry& entry, const ApplyOptions& options, ApplyReport& report);

}  // namespace cairn
