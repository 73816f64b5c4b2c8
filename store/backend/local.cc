#include "store/backend/local.h"

#include <dirent.h>

#include <algorithm>

#include "store/backend/local_root.h"
#include "store/backend/local_upload.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr char kRecovered[] = "lost+found";  // made by mkfs in the root of a disk, not by a person
constexpr int kDeepest = 100;                // folders; names have at most 200 bytes, so no file of ours is deeper

class LocalBackend final : public Backend {
 public:
  explicit LocalBackend(const std::string& root) : root_(root) {}

  std::vector<StoredFile> list(std::string_view prefix) override {
    require_valid_prefix(prefix);
    Found found{.prefix = std::string(prefix), .foreign_too = false, .files = {}, .foreign = {}};
    search(folder_of(prefix), found);
    std::sort(found.files.begin(), found.files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return std::move(found.files);
  }

  std::vector<std::string> list_foreign() override {
    Found found{.prefix = "", .foreign_too = true, .files = {}, .foreign = {}};
    search("", found);
    std::sort(found.foreign.begin(), found.foreign.end());
    return std::move(found.foreign);
  }

  uint64_t size(std::string_view name) override {
    struct stat status;
    require_valid_name(name);
    Fd folder = root_.open(folder_of(name), kFolderPathFlags);
    int answer = folder ? ::fstatat(folder.get(), leaf_of(name).c_str(), &status, AT_SYMLINK_NOFOLLOW) : -1;
    if (answer != 0) throw_errno(root_.path(name));
    require_regular(status, root_.path(name));
    return static_cast<uint64_t>(status.st_size);
  }

  Buffer read(std::string_view name, uint64_t offset, uint64_t length) override {
    require_valid_name(name);
    std::string path = root_.path(name);
    Fd file = root_.open_file(name);
    if (!file) throw_errno(path);
    require_range(path, offset, length, static_cast<uint64_t>(stored_status(file.get(), path).st_size));
    Buffer out(static_cast<size_t>(length));
    size_t got = read_stored(file.get(), offset, out.span(), path);
    require_range(path, offset, length, offset + got);  // it may have been cut short meanwhile
    return out;
  }

  std::unique_ptr<Upload> create(std::string_view name) override {
    require_valid_name(name);
    auto upload = std::make_unique<LocalUpload>(root_, name);
    std::call_once(swept_, [&] { upload->sweep(); });
    return upload;
  }

  bool remove(std::string_view name) override {
    require_valid_name(name);
    std::lock_guard lock(mu_);
    std::string folder_name(folder_of(name));
    if (removed_in_ && removed_in_name_ != folder_name) {
      Fd earlier = std::move(removed_in_);
      sync_folder(earlier.get(), root_.path(removed_in_name_));
    }
    Fd folder = root_.open(folder_name, kFolderFlags);
    int answer = folder ? ::unlinkat(folder.get(), leaf_of(name).c_str(), 0) : -1;
    if (answer != 0 && errno != ENOENT) throw_errno(root_.path(name));
    if (answer == 0) {
      removed_in_ = std::move(folder);
      removed_in_name_ = folder_name;
    }
    return answer == 0;
  }

  std::string describe() const override { return root_.path(); }

 private:
  struct Found {
    std::string prefix;
    bool foreign_too;
    std::vector<StoredFile> files;
    std::vector<std::string> foreign;
  };

  void search(std::string_view folder, Found& found) {
    Fd fd = root_.open(folder, kFolderFlags);
    if (!fd && errno != ENOENT) throw_errno(root_.path(folder));
    if (fd) search(std::move(fd), folder.empty() ? "" : std::string(folder) + "/", 0, found);
  }

  // Looks through an open folder whose names start with `before` ("" or "packs/").
  void search(Fd fd, const std::string& before, int depth, Found& found) {
    int number = fd.get();
    std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(number), ::closedir);
    if (!folder) throw_errno(root_.path(before));
    fd.release();
    for (errno = 0; const dirent* entry = ::readdir(folder.get()); errno = 0) {
      std::string leaf = entry->d_name;
      bool skipped = leaf == "." || leaf == ".." || (before.empty() && (leaf == kTemporaryFolder || leaf == kRecovered));
      if (!skipped) look_at(number, before + leaf, leaf, depth, found);
    }
    if (errno != 0) throw_errno(root_.path(before));
  }

  void look_at(int folder, const std::string& name, const std::string& leaf, int depth, Found& found) {
    bool ours = valid_name(name);
    bool wanted = name.starts_with(found.prefix) || found.prefix.starts_with(name + "/");
    if (!wanted || (!ours && !found.foreign_too)) return;
    struct stat status;
    if (::fstatat(folder, leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return;  // removed a moment ago
      throw_errno(root_.path(name));
    }
    if (S_ISDIR(status.st_mode)) {
      Fd below(depth < kDeepest ? ::openat(folder, leaf.c_str(), kFolderFlags | O_NOFOLLOW) : -1);
      if (below) return search(std::move(below), name + "/", depth + 1, found);
      if (ours) throw_errno(root_.path(name));
      found.foreign.push_back(printable(name + "/"));  // somebody's, and not for us to read
    } else if (ours && S_ISREG(status.st_mode)) {
      int64_t mtime_ns = int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
      found.files.push_back({name, static_cast<uint64_t>(status.st_size), mtime_ns});
    } else {
      found.foreign.push_back(printable(name));
    }
  }

  LocalRoot root_;
  std::once_flag swept_;
  std::mutex mu_;
  Fd removed_in_;                // guarded by mu_; the folder of the last removal
  std::string removed_in_name_;  // guarded by mu_
};

}  // namespace

std::unique_ptr<Backend> open_local(const std::string& root) {
  if (root.empty()) throw Error(ErrorCode::kInvalidArgument, "the path of the repository is empty");
  std::string path = root;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return std::make_unique<LocalBackend>(path);
}

}  // namespace cairn
