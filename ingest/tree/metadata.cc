#include "ingest/tree/metadata.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>

#include "store/error.h"
#include "store/fd.h"

namespace cairn {

namespace {

constexpr int64_t kSecond = 1'000'000'000;         // ns
constexpr size_t kFewNamesBytes = 1 << 10;         // of a list of names: on the stack, enough for nearly every file
constexpr size_t kSmallValueBytes = 4 << 10;       // of one value, likewise; ACLs and capabilities are far smaller
constexpr std::string_view kAccessAcl = "system.posix_acl_access";
constexpr uint32_t kPermissions = 0777, kSetIds = 06000, kSpecialBits = 07000;

// Times beyond what 64 bits of nanoseconds hold (years 1677 to 2262) become the nearest that fits.
int64_t to_ns(const struct ::statx_timestamp& time) {
  int64_t ns = 0;
  if (!__builtin_mul_overflow(time.tv_sec, kSecond, &ns) && !__builtin_add_overflow(ns, time.tv_nsec, &ns)) return ns;
  return time.tv_sec < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}

struct ::timespec to_timespec(int64_t ns) {
  struct ::timespec time{};
  int64_t rest = ns % kSecond;
  time.tv_sec = ns / kSecond - (rest < 0 ? 1 : 0);
  time.tv_nsec = rest < 0 ? rest + kSecond : rest;
  return time;
}

// The finalizer of splitmix64: every bit of the input reaches every bit of the output.
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Where extended attributes are: an open file, or a path whose last element is not followed (`followed` empties that rule for
// the link of an O_PATH descriptor in /proc, which leads to the file itself and no further).
struct Place {
  int fd = -1;
  std::string path = {};
  bool followed = false;

  ssize_t list(char* names, size_t size) const {
    if (fd >= 0) return ::flistxattr(fd, names, size);
    return followed ? ::listxattr(path.c_str(), names, size) : ::llistxattr(path.c_str(), names, size);
  }
  ssize_t get(const char* name, void* value, size_t size) const {
    if (fd >= 0) return ::fgetxattr(fd, name, value, size);
    return followed ? ::getxattr(path.c_str(), name, value, size) : ::lgetxattr(path.c_str(), name, value, size);
  }
  int set(const char* name, ByteView value) const {
    if (fd >= 0) return ::fsetxattr(fd, name, value.data(), value.size(), 0);
    return followed ? ::setxattr(path.c_str(), name, value.data(), value.size(), 0)
                    : ::lsetxattr(path.c_str(), name, value.data(), value.size(), 0);
  }
  int remove(const char* name) const {
    if (fd >= 0) return ::fremovexattr(fd, name);
    return followed ? ::removexattr(path.c_str(), name) : ::lremovexattr(path.c_str(), name);
  }
};

std::string proc_path(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

// Calls see(name) for each name.  False with errno when the names can't be listed; a file system without any is a success.
template <class See>
bool each_name(const Place& place, See see) {
  char few[kFewNamesBytes];
  std::vector<char> many;
  const char* names = few;
  ssize_t size = place.list(few, sizeof few);
  if (size < 0 && errno == ERANGE) {
    many.resize(XATTR_LIST_MAX);  // the kernel never lists more
    names = many.data();
    size = place.list(many.data(), many.size());
  }
  if (size < 0) return errno == ENOTSUP || errno == ENOSYS;
  for (const char *name = names, *end = names + size; name < end; name += std::strlen(name) + 1) see(name);
  return true;
}

// False with errno when it can't be read.
bool read_value(const Place& place, const char* name, Bytes& value) {
  uint8_t small[kSmallValueBytes];
  ssize_t size = place.get(name, small, sizeof small);
  if (size >= 0) {
    value.assign(small, small + size);
    return true;
  }
  if (errno != ERANGE) return false;
  value.resize(XATTR_SIZE_MAX);  // the kernel never keeps more
  size = place.get(name, value.data(), value.size());
  if (size < 0) return false;
  value.resize(static_cast<size_t>(size));
  value.shrink_to_fit();
  return true;
}

void capture_place(const Place& place, const std::string& path, Monitor& monitor, Entry& entry) {
  std::string failed;  // the first one only: one file, one line
  entry.xattrs.clear();
  bool listed = each_name(place, [&](const char* name) {
    Xattr xattr;
    xattr.name = name;
    if (read_value(place, name, xattr.value)) {
      entry.xattrs.push_back(std::move(xattr));
    } else if (errno != ENODATA && failed.empty()) {  // ENODATA: removed since it was listed
      failed = errno_error(errno, "cannot read extended attribute " + printable(name)).what();
    }
  });
  if (!listed) failed = errno_error(errno, "cannot list extended attributes").what();
  if (!failed.empty()) monitor.error(path, failed);
  std::sort(entry.xattrs.begin(), entry.xattrs.end(), [](const Xattr& a, const Xattr& b) { return a.name < b.name; });
}

const Xattr* find_xattr(const Entry& entry, std::string_view name) {
  for (const Xattr& xattr : entry.xattrs)
    if (xattr.name == name) return &xattr;
  return nullptr;
}

[[noreturn]] void fail_entry(const Entry& entry, std::string_view what) {
  int error_number = errno;  // building the message may change it
  throw errno_error(error_number, printable(entry.name) + ": " + std::string(what));
}

bool harmless_xattr(std::string_view name) { return name.starts_with("user.") || name.starts_with("system.posix_acl_"); }

// Of security.*, only capabilities belong to the file; labels belong to this machine's policy, and removing one is refused.
bool removable(std::string_view name, bool privileged) {
  if (name.starts_with("security.")) return privileged && name == "security.capability";
  return privileged || !name.starts_with("trusted.");
}

// Takes away what the file has and the entry doesn't.  Before chmod: that would open an inherited ACL's mask.
void remove_others(const Place& place, const Entry& entry, const ApplyOptions& options) {
  if (!options.look_for_inherited) return;
  std::vector<std::string> others;
  bool listed = each_name(place, [&](const char* name) {
    if (removable(name, options.privileged) && !find_xattr(entry, name)) others.emplace_back(name);
  });
  if (!listed) fail_entry(entry, "cannot list extended attributes");
  for (const std::string& name : others)
    if (place.remove(name.c_str()) != 0 && errno != ENODATA && errno != ENOTSUP && errno != EPERM)
      fail_entry(entry, "cannot remove extended attribute " + printable(name));
}

void set_xattrs(const Place& place, const Entry& entry, const ApplyOptions& options, ApplyReport& report) {
  for (const Xattr& xattr : entry.xattrs) {
    if (xattr.name.find('\0') != std::string::npos)
      throw Error(ErrorCode::kInvalidArgument, printable(entry.name) + ": extended attribute with a NUL in its name");
    bool allowed = options.privileged || harmless_xattr(xattr.name);
    if (allowed && place.set(xattr.name.c_str(), xattr.value) == 0) continue;
    // EACCES: a security module said no.  EINVAL: an ACL naming somebody this user namespace doesn't have.
    if (allowed && errno != EPERM && errno != ENOTSUP && errno != EACCES && errno != EINVAL)
      fail_entry(entry, "cannot set extended attribute " + printable(xattr.name));
    ++report.xattrs;
  }
}

// The group bits of a file with an ACL are its mask, not the group's rights.  Chmod gives the group only what the ACL gives it;
// setting the ACL then puts the mask there.  Where the ACL can't be set nobody gets more than before.
uint32_t without_mask(const Entry& entry) {
  constexpr size_t kHeaderBytes = 4, kItemBytes = 8;
  constexpr uint16_t kOwningGroup = 4;  // ACL_GROUP_OBJ
  const Xattr* acl = find_xattr(entry, kAccessAcl);
  if (!acl) return entry.mode;
  for (size_t at = kHeaderBytes; at + kItemBytes <= acl->value.size(); at += kItemBytes) {
    uint16_t tag_and_rights[2];
    std::memcpy(tag_and_rights, acl->value.data() + at, sizeof tag_and_rights);
    if (tag_and_rights[0] == kOwningGroup) return entry.mode & (~070U | (tag_and_rights[1] & 7U) << 3);
  }
  return entry.mode & ~070U;
}

// Set-id bits are for the owner in the entry: with another owner they would lend out the rights of whoever restores.
template <class Stat>
uint32_t allowed_mode(const Entry& entry, const ApplyOptions& options, ApplyReport& report, Stat stat_file) {
  uint32_t mode = without_mask(entry) & (kPermissions | kSpecialBits);
  uint32_t refused = options.privileged ? 0 : mode & kSpecialBits;
  if ((mode & ~refused & kSetIds) != 0) {
    struct ::stat now{};
    stat_file(now);
    if (now.st_uid != entry.uid) refused |= mode & S_ISUID;
    if (now.st_gid != entry.gid) refused |= mode & S_ISGID;
  }
  if (refused != 0) ++report.modes;
  return mode & ~refused;
}

// chown_to(uid, gid) as chown(2).  Somebody who isn't root may still give a file to another group of theirs.
template <class Chown>
void set_owner(const Entry& entry, const ApplyOptions& options, ApplyReport& report, Chown chown_to) {
  if (!options.owner || chown_to(entry.uid, entry.gid) == 0) return;
  if (errno != EPERM && errno != EINVAL) fail_entry(entry, "cannot set owner");  // EINVAL: unknown to this user namespace
  ++report.owners;
  if (chown_to(static_cast<uid_t>(-1), entry.gid) != 0 && errno != EPERM && errno != EINVAL) fail_entry(entry, "cannot set group");
}

}  // namespace

mode_t file_type(EntryType type) {
  switch (type) {
    case EntryType::kFile: return S_IFREG;
    case EntryType::kDirectory: return S_IFDIR;
    case EntryType::kSymlink: return S_IFLNK;
    case EntryType::kFifo: return S_IFIFO;
    case EntryType::kCharDevice: return S_IFCHR;
    case EntryType::kBlockDevice: return S_IFBLK;
  }
  return 0;
}

bool capture(const struct ::statx& from, Entry& entry) {
  switch (from.stx_mode & S_IFMT) {
    case S_IFREG: entry.type = EntryType::kFile; break;
    case S_IFDIR: entry.type = EntryType::kDirectory; break;
    case S_IFLNK: entry.type = EntryType::kSymlink; break;
    case S_IFIFO: entry.type = EntryType::kFifo; break;
    case S_IFCHR: entry.type = EntryType::kCharDevice; break;
    case S_IFBLK: entry.type = EntryType::kBlockDevice; break;
    default: return false;
  }
  bool device_node = entry.type == EntryType::kCharDevice || entry.type == EntryType::kBlockDevice;
  entry.mode = from.stx_mode & (kPermissions | kSpecialBits);
  entry.uid = from.stx_uid;
  entry.gid = from.stx_gid;
  entry.mtime_ns = to_ns(from.stx_mtime);
  entry.ctime_ns = to_ns(from.stx_ctime);
  entry.inode = from.stx_ino;
  entry.size_bytes = entry.type == EntryType::kFile ? from.stx_size : 0;
  entry.device = device_node ? ::makedev(from.stx_rdev_major, from.stx_rdev_minor) : 0;
  entry.link_group = 0;
  if (from.stx_nlink > 1 && entry.type != EntryType::kDirectory)
    entry.link_group = std::max<uint64_t>(1, mix(from.stx_ino ^ mix(::makedev(from.stx_dev_major, from.stx_dev_minor))));
  return true;
}

void capture_xattrs(int fd, const std::string& path, Monitor& monitor, Entry& entry) {
  capture_place({fd}, path, monitor, entry);
}

void capture_xattrs_at(int directory_fd, const std::string& name, const std::string& path, Monitor& monitor, Entry& entry) {
  capture_place({-1, proc_path(directory_fd) + "/" + name}, path, monitor, entry);
}

void apply(int fd, const Entry& entry, const ApplyOptions& options, ApplyReport& report) {
  remove_others({fd}, entry, options);
  set_owner(entry, options, report, [&](uid_t uid, gid_t gid) { return ::fchown(fd, uid, gid); });
  uint32_t mode = allowed_mode(entry, options, report, [&](struct ::stat& now) {
    if (::fstat(fd, &now) != 0) fail_entry(entry, "cannot examine");
  });
  if (::fchmod(fd, mode) != 0) fail_entry(entry, "cannot set mode");
  set_xattrs({fd}, entry, options, report);
  struct ::timespec times[2] = {{0, UTIME_OMIT}, to_timespec(entry.mtime_ns)};
  if (::futimens(fd, times) != 0) fail_entry(entry, "cannot set times");
}

// Holds on to the one file by an O_PATH descriptor: whoever may write to the directory could put another in its place between
// two calls by name (a hard link to somebody's file, to be given away by our chown).
void apply_at(int directory_fd, const std::string& name, const Entry& entry, const ApplyOptions& options, ApplyReport& report) {
  Fd file(::openat(directory_fd, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (file.get() < 0) fail_entry(entry, "cannot open");
  struct ::stat now{};
  if (::fstat(file.get(), &now) != 0) fail_entry(entry, "cannot examine");
  if ((now.st_mode & S_IFMT) != file_type(entry.type))
    throw Error(ErrorCode::kIo, printable(entry.name) + ": something else was put in its place");

  Place place{-1, proc_path(file.get()), true};
  remove_others(place, entry, options);
  set_owner(entry, options, report, [&](uid_t uid, gid_t gid) { return ::fchownat(file.get(), "", uid, gid, AT_EMPTY_PATH); });
  if (entry.type != EntryType::kSymlink) {  // a symlink has no mode of its own
    uint32_t mode = allowed_mode(entry, options, report, [&](struct ::stat& after) {
      if (::fstat(file.get(), &after) != 0) fail_entry(entry, "cannot examine");
    });
    if (::chmod(place.path.c_str(), mode) != 0) fail_entry(entry, "cannot set mode");
  }
  set_xattrs(place, entry, options, report);
  struct ::timespec times[2] = {{0, UTIME_OMIT}, to_timespec(entry.mtime_ns)};
  int done = ::utimensat(file.get(), "", times, AT_EMPTY_PATH);
  if (done != 0 && errno == EINVAL)  // before Linux 5.8
    done = ::utimensat(directory_fd, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
  if (done != 0) fail_entry(entry, "cannot set times");
}

}  // namespace cairn
