// A tree with everything in it that a backup must bring back, the same for the same seed.
#pragma once

#include <fcntl.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "store/fd.h"
#include "tests/ingest/tree_facts.h"

namespace cairn {

class RandomTree {
 public:
  // `privileged`: with owners, devices, set-id bits and capabilities.
  RandomTree(std::string root, uint64_t seed, bool privileged) : root_(std::move(root)), state_(seed * 2 + 1), privileged_(privileged) {}

  void make(size_t entries) {
    directories_ = {root_};
    for (size_t i = 0; i < entries; ++i) add(i);
    for (size_t i = 0; i < std::size(kSizes); ++i) file(root_ + "/size " + std::to_string(kSizes[i]), kSizes[i], static_cast<uint32_t>(i % 4));
    sparse_files();
    awkward_names();
    decorate_files();
    // Times of directories last, from the inside out: making something in them changes them.
    std::ranges::sort(directories_, std::greater<>());
    for (const std::string& path : directories_) decorate(path, true);
  }
  const std::vector<std::string>& files() const { return files_; }

 private:
  static constexpr uint64_t kSizes[] = {0, 1, 511, 512, 513, (64 << 10) - 1, 64 << 10, (64 << 10) + 1,
                                        (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5'000'000};

  uint64_t next() {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return state_ >> 33;
  }
  uint64_t below(uint64_t limit) { return next() % limit; }

  std::string fresh_name(size_t number) {
    std::string name = "n" + std::to_string(number);
    switch (below(6)) {
      case 0: return name + "\xff\xfe\x80";
      case 1: return "-" + name;
      case 2: return " " + name + "\n ";
      case 3: return name + std::string(255 - name.size(), 'x');
      default: return name;
    }
  }
  void add(size_t number) {
    std::string path = directories_[below(directories_.size())] + "/" + fresh_name(number);
    switch (below(privileged_ ? 12 : 11)) {
      case 0:
      case 1:
        ASSERT_EQ(::mkdir(path.c_str(), 0755), 0);
        if (path.size() < 2000) directories_.push_back(path);
        else others_.push_back(path);
        return;
      case 2: return link(path);
      case 3: return symlink_to(path);
      case 4:
        ASSERT_EQ(::mkfifo(path.c_str(), 0640), 0);
        others_.push_back(path);
        return;
      case 11:
        ASSERT_EQ(::mknod(path.c_str(), (below(2) ? S_IFCHR : S_IFBLK) | 0600, makedev(static_cast<unsigned>(below(300)), static_cast<unsigned>(below(70000)))), 0);
        others_.push_back(path);
        return;
      default: return file(path, below(3) ? below(3000) : below(200'000), static_cast<uint32_t>(below(4)));
    }
  }
  void link(const std::string& path) {
    if (files_.empty()) return file(path, 10, 0);
    ASSERT_EQ(::link(files_[below(files_.size())].c_str(), path.c_str()), 0);
  }
  void symlink_to(const std::string& path) {
    static const std::string kTargets[] = {"n0", "../..", "/nowhere/at all", "dangling\xff\n", std::string(1000, 't')};
    ASSERT_EQ(::symlink(kTargets[below(std::size(kTargets))].c_str(), path.c_str()), 0);
    others_.push_back(path);
  }
  // kind 0: noise_text; 1: text; 2: zeros; 3: the bytes of an earlier file behind some of its own.
  void file(const std::string& path, uint64_t size_bytes, uint32_t kind) {
    std::string bytes = noise_text(size_bytes, next());
    if (kind == 1)
      for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = "the quick brown fox "[(i + i / 997) % 20];
    if (kind == 2) bytes.assign(bytes.size(), '\0');
    if (kind == 3 && !files_.empty()) bytes = noise_text(below(40), next()) + read_file(files_[below(files_.size())]);
    write_file(path, bytes);
    files_.push_back(path);
  }
  void sparse_files() {
    auto sparse = [&](const std::string& name, uint64_t size_bytes, const std::vector<uint64_t>& data_at) {
      std::string path = root_ + "/" + name;
      Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
      ASSERT_EQ(::ftruncate(fd.get(), static_cast<off_t>(size_bytes)), 0);
      std::string bytes = noise_text(100'000, next());
      for (uint64_t at : data_at)
        ASSERT_EQ(::pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(at)), static_cast<ssize_t>(bytes.size()));
      files_.push_back(path);
    };
    sparse("hole at the beginning", 3'000'000, {2'900'000});
    sparse("hole in the middle", 4'000'000, {0, 3'900'000});
    sparse("hole at the end", 2'000'001, {4096});
    sparse("holes", 9'000'000, {1'000'000, 3'000'000, 5'000'003});
    sparse("small, with a hole", 300'000, {131'072});
    sparse("nothing but a hole", 50'000'000, {});
    sparse("short hole", 300, {});
  }
  void awkward_names() {
    std::string inner = root_ + "/\x01\x02\xc3\x28";
    ASSERT_EQ(::mkdir(inner.c_str(), 0700), 0);
    directories_.push_back(inner);
    for (const std::string& name : {std::string("-rf"), std::string(" "), std::string("new\nline"), std::string("\xff"), std::string("..."),
                                    std::string("\\"), std::string("*"), std::string("a:b"), std::string(255, '\xfe')})
      file(inner + "/" + name, 20, 0);
    ASSERT_EQ(::mkdir((root_ + "/empty").c_str(), 0755), 0);
    directories_.push_back(root_ + "/empty");
  }
  void decorate_files() {
    for (const auto* paths : {&files_, &others_})
      for (const std::string& path : *paths) decorate(path, false);
  }
  void decorate(const std::string& path, bool is_directory) {
    struct ::stat now{};
    ASSERT_EQ(::lstat(path.c_str(), &now), 0);
    bool link = S_ISLNK(now.st_mode), file = S_ISREG(now.st_mode);
    // Order: owner clears set-id bits and capabilities.
    if (privileged_ && below(3) == 0) {
      ASSERT_EQ(::lchown(path.c_str(), static_cast<uid_t>(below(70000)), static_cast<gid_t>(below(70000))), 0);
    }
    if (!link) {
      mode_t most = privileged_ ? (file || is_directory ? 07777 : 0777) : 0777;
      mode_t mode = static_cast<mode_t>(next()) & most;
      ASSERT_EQ(::chmod(path.c_str(), privileged_ ? mode : mode | (is_directory ? 0700 : 0600)), 0) << path;
    }
    if ((file || is_directory) && below(3) == 0) {
      ASSERT_EQ(::setxattr(path.c_str(), "user.empty", "", 0, 0), 0);
      ASSERT_EQ(::setxattr(path.c_str(), "user.bytes", "\0\xff\n", 3, 0), 0);
      acl(path, "system.posix_acl_access");
      if (is_directory) acl(path, "system.posix_acl_default");
    }
    if (privileged_ && file && below(4) == 0) {
      const std::string capability("\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);  // cap_net_raw+ep
      ASSERT_EQ(::setxattr(path.c_str(), "security.capability", capability.data(), capability.size(), 0), 0);
      ASSERT_EQ(::setxattr(path.c_str(), "trusted.t", "v", 1, 0), 0);
    }
    int64_t year_ns = int64_t{365} * 86'400 * 1'000'000'000;
    int64_t mtime_ns = static_cast<int64_t>(below(50)) * year_ns + static_cast<int64_t>(next() % 1'000'000'000);
    if (below(5) == 0) mtime_ns = -mtime_ns / 2 - 1;
    set_mtime_ns(path, mtime_ns);
  }
  // u::rwx,u:4711:r--,g::r-x,m::rwx,o::---
  static void acl(const std::string& path, const char* name) {
    std::string value("\x02\0\0\0", 4);
    auto entry = [&](uint8_t tag, uint8_t rights, uint32_t id) {
      value += {static_cast<char>(tag), 0, static_cast<char>(rights), 0};
      for (int shift = 0; shift < 32; shift += 8) value += static_cast<char>(id >> shift);
    };
    entry(0x01, 7, UINT32_MAX);
    entry(0x02, 4, 4711);
    entry(0x04, 5, UINT32_MAX);
    entry(0x10, 7, UINT32_MAX);
    entry(0x20, 0, UINT32_MAX);
    ASSERT_EQ(::setxattr(path.c_str(), name, value.data(), value.size(), 0), 0) << path;
  }

  std::string root_;
  uint64_t state_;
  bool privileged_;
  std::vector<std::string> directories_, files_, others_;
};

}  // namespace cairn
