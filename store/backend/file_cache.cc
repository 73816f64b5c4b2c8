#include "store/backend/file_cache.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>

#include "store/crypto/sodium.h"
#include "store/error.h"
#include "store/format.h"
#include "store/id.h"

namespace cairn {

namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostKeptBytes = 64 << 20;
constexpr uint64_t kMostFileBytes = 1 << 20;

bool kept(std::string_view name) { return name.starts_with("snapshots/") || name.starts_with("notes/"); }

bool whole(ByteView bytes, std::string_view name) {
  try {
    check_trailer(bytes, name);
    return true;
  } catch (const Error&) {
    return false;
  }
}

class FileCache final : public Backend {
 public:
  FileCache(std::unique_ptr<Backend> inner, std::string folder) : inner_(std::move(inner)), folder_(std::move(folder)) {}

  std::vector<StoredFile> list(std::string_view prefix) override { return inner_->list(prefix); }
  uint64_t size(std::string_view name) override { return inner_->size(name); }
  Buffer read(std::string_view name, uint64_t offset, uint64_t length) override { return inner_->read(name, offset, length); }
  std::unique_ptr<Upload> create(std::string_view name) override { return inner_->create(name); }
  std::vector<std::string> list_foreign() override { return inner_->list_foreign(); }
  std::string describe() const override { return inner_->describe(); }
  int uploads_at_once() const override { return inner_->uploads_at_once(); }
  std::string usage() const override { return inner_->usage(); }
  uint64_t removed_but_kept() const override { return inner_->removed_but_kept(); }
  int64_t lock(std::string_view name, const RetentionLock& lock) override { return inner_->lock(name, lock); }
  void lock_created(const RetentionLock& lock, std::function<bool(std::string_view)> chosen,
                    std::function<void(std::string_view, int64_t)> locked) override {
    inner_->lock_created(lock, std::move(chosen), std::move(locked));
  }

  bool remove(std::string_view name) override {
    std::error_code ignored;
    if (kept(name)) fs::remove(path(name), ignored);
    return inner_->remove(name);
  }

  Buffer read_whole(std::string_view name, uint64_t most_bytes) override {
    if (!kept(name)) return inner_->read_whole(name, most_bytes);
    require_valid_name(name);
    if (auto here = load(name); here && here->size() <= most_bytes) return std::move(*here);
    Buffer out = inner_->read_whole(name, most_bytes);
    if (out.size() <= kMostFileBytes && whole(out, name)) save(name, out);
    return out;
  }

 private:
  std::string path(std::string_view name) const {
    std::string leaf(name);
    std::ranges::replace(leaf, '/', '.');
    return folder_ + "/" + leaf;
  }

  std::optional<Buffer> load(std::string_view name) const {
    std::error_code error;
    const uint64_t size_bytes = fs::file_size(path(name), error);
    if (error || size_bytes > kMostFileBytes) return std::nullopt;
    Buffer out(static_cast<size_t>(size_bytes));
    std::ifstream file(path(name), std::ios::binary);
    if (!file.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size())) || !whole(out, name)) return std::nullopt;
    return out;
  }

  // Whole or not at all: another process may read it meanwhile.
  void save(std::string_view name, ByteView bytes) {
    std::error_code ignored;
    fs::create_directories(folder_, ignored);
    if (!swept_.exchange(true)) sweep();
    std::array<uint8_t, 8> random;
    random_fill(random);
    const std::string temporary = folder_ + "/" + to_hex(random) + ".new";
    std::ofstream file(temporary, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (file) fs::rename(temporary, path(name), ignored);
    else fs::remove(temporary, ignored);
  }

  // The oldest files, until what is left is half of what may be.
  void sweep() const {
    struct Kept {
      fs::file_time_type time;
      uint64_t bytes;
      fs::path path;
    };
    std::vector<Kept> files;
    uint64_t bytes = 0;
    std::error_code error;
    for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
      std::error_code gone;   // another process sweeps too
      files.push_back({at->last_write_time(gone), at->file_size(gone), at->path()});
      if (gone) files.pop_back();
      else bytes += files.back().bytes;
    }
    if (bytes <= kMostKeptBytes) return;
    std::ranges::sort(files, {}, &Kept::time);
    for (const Kept& file : files) {
      if (bytes <= kMostKeptBytes / 2) break;
      if (fs::remove(file.path, error)) bytes -= file.bytes;
    }
  }

  const std::unique_ptr<Backend> inner_;
  const std::string folder_;
  std::atomic<bool> swept_{false};
};

}  // namespace

std::unique_ptr<Backend> with_file_cache(std::unique_ptr<Backend> inner, std::string folder) {
  return std::make_unique<FileCache>(std::move(inner), std::move(folder));
}

}  // namespace cairn
