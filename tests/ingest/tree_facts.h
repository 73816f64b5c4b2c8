// Trees of files for tests: written in a line, made old enough to be trusted, and compared with everything a restore must bring back.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "store/crypto/blake3.h"
#include "store/error.h"
#include "store/id.h"

namespace cairn {

namespace fs = std::filesystem;

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
// Makes the directories above, too.
inline void write_file(const std::string& path, const std::string& bytes) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}
inline void set_mtime_ns(const std::string& path, int64_t mtime_ns) {
  constexpr int64_t kSecond = 1'000'000'000;
  int64_t seconds = mtime_ns / kSecond - (mtime_ns % kSecond < 0);
  struct ::timespec times[2] = {{0, UTIME_OMIT}, {seconds, mtime_ns - seconds * kSecond}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), 0) << path;
}

// Bytes that don't compress, the same for the same seed.
inline std::string noise_text(size_t size_bytes, uint64_t seed) {
  std::string bytes(size_bytes, '\0');
  uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
  for (char& byte : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<char>(state >> 32);
  }
  return bytes;
}

// Path beneath the root → all that can be said of it, in words.
using TreeFacts = std::map<std::string, std::string>;

inline std::string xattrs_of(const std::string& path) {
  std::string names(64 << 10, '\0');
  ssize_t size = ::llistxattr(path.c_str(), names.data(), names.size());
  std::vector<std::string> lines;
  for (ssize_t at = 0; at < size; at += static_cast<ssize_t>(std::strlen(names.data() + at)) + 1) {
    std::string value(64 << 10, '\0');
    ssize_t length = ::lgetxattr(path.c_str(), names.data() + at, value.data(), value.size());
    if (length >= 0) lines.push_back(std::string(names.data() + at) + "=" + value.substr(0, static_cast<size_t>(length)));
  }
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) text += " " + printable(line);
  return text;
}

inline void add_facts(const std::string& root, const std::string& path, std::map<std::pair<dev_t, ino_t>, std::string>& first,
                      TreeFacts& facts) {
  std::string full = path.empty() ? root : root + "/" + path;
  struct ::stat now{};
  if (::lstat(full.c_str(), &now) != 0) {
    facts[path] = "not there";
    return;
  }
  char head[160];
  std::snprintf(head, sizeof head, "mode %06o owner %u:%u mtime %lld.%09ld", now.st_mode, now.st_uid, now.st_gid,
                static_cast<long long>(now.st_mtim.tv_sec), now.st_mtim.tv_nsec);
  std::string text = head + xattrs_of(full);
  if (S_ISREG(now.st_mode)) {
    text += " size " + std::to_string(now.st_size) + " content " + ChunkId{blake3(view(read_file(full)))}.hex().substr(0, 16);
    if (now.st_nlink > 1) text += " same file as " + first.try_emplace({now.st_dev, now.st_ino}, path).first->second;
  }
  if (S_ISLNK(now.st_mode)) text += " to " + fs::read_symlink(full).string();
  if (S_ISCHR(now.st_mode) || S_ISBLK(now.st_mode)) text += " device " + std::to_string(now.st_rdev);
  facts[path] = text;
  if (!S_ISDIR(now.st_mode)) return;
  std::vector<std::string> names;
  DIR* directory = ::opendir(full.c_str());
  if (!directory) {
    facts[path] += " (not readable)";
    return;
  }
  while (const struct ::dirent* item = ::readdir(directory)) names.emplace_back(item->d_name);
  ::closedir(directory);
  std::ranges::sort(names);
  for (const std::string& name : names)
    if (name != "." && name != "..") add_facts(root, path.empty() ? name : path + "/" + name, first, facts);
}

inline TreeFacts facts_of(const std::string& root) {
  TreeFacts facts;
  std::map<std::pair<dev_t, ino_t>, std::string> first;
  add_facts(root, "", first, facts);
  return facts;
}

// "" when they are equal, else the first few paths that differ, both ways.
inline std::string differences(const TreeFacts& expected, const TreeFacts& actual) {
  std::string text;
  int count = 0;
  auto differs = [&](const std::string& path, const std::string& a, const std::string& b) {
    if (++count <= 10) text += "\"" + printable(path) + "\"\n  expected " + a + "\n  actual   " + b + "\n";
  };
  for (const auto& [path, fact] : expected) {
    auto found = actual.find(path);
    if (found == actual.end()) differs(path, fact, "nothing");
    else if (found->second != fact) differs(path, fact, found->second);
  }
  for (const auto& [path, fact] : actual)
    if (!expected.contains(path)) differs(path, "nothing", fact);
  return text + (count > 10 ? "… " + std::to_string(count) + " paths in all\n" : "");
}

// Files and directories only, without root's own facts: "a b/ b/c".
inline std::string names_beneath(const std::string& root) {
  std::string text;
  for (const auto& [path, fact] : facts_of(root))
    if (!path.empty()) text += (text.empty() ? "" : " ") + path + (fact.starts_with("mode 04") ? "/" : "");
  return text;
}

// The whole process is somebody without rights until this goes.  Requires: root.
class AsNobody {
 public:
  AsNobody() {
    groups_.resize(static_cast<size_t>(std::max(0, ::getgroups(0, nullptr))));
    EXPECT_GE(::getgroups(static_cast<int>(groups_.size()), groups_.data()), 0);
    EXPECT_EQ(::setgroups(0, nullptr), 0);
    EXPECT_EQ(::setegid(65534), 0);
    EXPECT_EQ(::seteuid(65534), 0);
  }
  AsNobody(const AsNobody&) = delete;
  ~AsNobody() {
    EXPECT_EQ(::seteuid(0), 0);
    EXPECT_EQ(::setegid(0), 0);
    EXPECT_EQ(::setgroups(groups_.size(), groups_.data()), 0);
  }

 private:
  std::vector<::gid_t> groups_;
};

}  // namespace cairn
