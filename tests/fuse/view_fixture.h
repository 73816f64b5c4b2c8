// A view of a repository in memory, and ways to walk through it.
#pragma once

#include "fuse/view.h"
#include "tests/ingest/parts_fixture.h"

namespace cairn {

class ViewTest : public PartsTest {
 protected:
  View& view() {
    if (!view_) {
      ViewOptions options;
      options.look_every_ns = 0;
      options.block_cache_bytes = 4 << 20;
      view_ = std::make_unique<View>(repository(), seen_, options);
    }
    return *view_;
  }
  ~ViewTest() override { view_.reset(); }

  // The node at a path; links are followed.
  std::optional<Found> find(const std::string& path, NodeId from = View::kRoot) {
    Found here{from, view().status(from).status, true};
    std::string rest = path;
    while (!rest.empty()) {
      const std::string name = rest.substr(0, rest.find('/'));
      rest.erase(0, name.size() + 1);
      auto next = view().lookup(here.node, name);
      if (!next) return std::nullopt;
      if (S_ISLNK(next->status.st_mode) && !rest.empty()) {
        std::string target = view().link_target(next->node);
        while (target.starts_with("../")) target.erase(0, 3);   // they all lead to by-id/
        next = find(target);
      }
      here = *next;
    }
    return here;
  }
  // Names in a directory, those of directories with '/'; asked for `step` at a time.
  std::string names(const std::string& path, size_t step = 1000) {
    std::string out;
    Found directory = find(path).value();
    if (S_ISLNK(directory.status.st_mode)) directory = find(view().link_target(directory.node)).value();
    const NodeId node = directory.node;
    uint64_t offset = 0;
    std::vector<std::pair<std::string, Found>> given;
    for (bool more = true; more;) {
      more = false;
      size_t taken = 0;
      view().list(node, offset, true, [&](const std::string& name, const Found& found, uint64_t next) {
        more = taken == step;
        if (more) return false;
        ++taken;
        offset = next;
        if (name != "." && name != "..") out += name + (S_ISDIR(found.status.st_mode) ? "/" : "") + "\n";
        if (found.node != 0) given.emplace_back(name, found);
        return true;
      });
    }
    for (const auto& [name, found] : given) {
      const Found looked = view().lookup(node, name).value(), status = view().status(found.node);
      EXPECT_EQ(looked.node, found.node) << name;
      for (const Found& other : {looked, status}) {
        EXPECT_EQ(other.status.st_ino, found.status.st_ino) << name;
        EXPECT_EQ(other.status.st_size, found.status.st_size) << name;
        EXPECT_EQ(other.status.st_mode, found.status.st_mode) << name;
      }
    }
    return out;
  }
  std::string bytes_at(NodeId node, uint64_t offset, size_t size) {
    std::string out;
    view().read(node, offset, size, [&](ByteView bytes) { out = text(bytes); });
    return out;
  }
  // All of a file, `step` bytes at a time.
  std::string whole(const std::string& path, size_t step = 128 << 10) {
    const Found file = find(path).value();
    std::string out;
    for (std::string some; !(some = bytes_at(file.node, out.size(), step)).empty();) out += some;
    EXPECT_EQ(out.size(), static_cast<size_t>(file.status.st_size)) << path;
    return out;
  }

  BackupNotes seen_;
  std::unique_ptr<View> view_;
};

}  // namespace cairn
