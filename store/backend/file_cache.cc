#include "store/backend/file_cache.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "store/backend/kept_pieces.h"
#include "store/crypto/blake3.h"
#include "store/error.h"
#include "store/format.h"

namespace cairn {

namespace {

constexpr uint64_t kMostKeptBytes = 64 << 20;
constexpr uint64_t kMostFileBytes = 1 << 20;
constexpr uint64_t kMostPackBytes = 128 << 20;   // longer ones there are none
constexpr size_t kTypeOffset = 10;               // in a header

// Named at random: never anything else under that name.
bool unique(std::string_view name) { return name.starts_with("snapshots/") || name.starts_with("notes/"); }
// Never replaced either, but after a repository was made anew or an older state was put back the name may be used again.
bool reusable(std::string_view name) { return name == kConfigName || name.starts_with("gc/"); }

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
  FileCache(std::unique_ptr<Backend> inner, const std::string& folder)
      : inner_(std::move(inner)), place_(to_hex(ByteView(blake3(view(inner_->describe()))).first(8))), files_(folder, kMostKeptBytes), pieces_(folder + "/packs", kMostTreeBytes) {}

  std::vector<StoredFile> list(std::string_view prefix) override { return listed(inner_->list(prefix)); }
  std::vector<StoredFile> list_several(std::span<const std::string> prefixes) override { return listed(inner_->list_several(prefixes)); }
  uint64_t size(std::string_view name) override { return inner_->size(name); }
  Buffer read(std::string_view name, uint64_t offset, uint64_t length) override { return inner_->read(name, offset, length); }
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
    if (const std::string here = leaf(name); !here.empty()) files_.remove(here);
    return inner_->remove(name);
  }

  Buffer read_whole(std::string_view name, uint64_t most_bytes) override {
    require_valid_name(name);
    const std::string here = leaf(name);
    if (here.empty()) return inner_->read_whole(name, most_bytes);
    if (auto kept = files_.load(here, std::min(most_bytes, kMostFileBytes))) return std::move(*kept);
    Buffer out = inner_->read_whole(name, most_bytes);
    keep(here, name, out);
    return out;
  }

  Buffer read_kept(std::string_view name, uint64_t file_bytes, uint64_t offset, uint64_t length) override {
    return pieces_.read(*inner_, name, file_bytes, offset, length);
  }
  bool drop_kept(std::string_view name) override { return pieces_.drop(name, kMostPackBytes); }

  std::unique_ptr<Upload> create(std::string_view name) override;

  // Only what isn't damaged.
  void keep(const std::string& here, std::string_view name, ByteView bytes) {
    if (bytes.size() <= kMostFileBytes && whole(bytes, name)) files_.save(here, bytes);
  }
  void keep_new(std::string_view name, ByteView bytes) { keep(leaf(name), name, bytes); }
  KeptPieces& pieces() { return pieces_; }

 private:
  std::vector<StoredFile> listed(std::vector<StoredFile> files) {
    std::lock_guard lock(mu_);
    for (const StoredFile& file : files)
      if (reusable(file.name)) versions_[file.name] = place_ + "." + std::to_string(file.size_bytes) + "." + std::to_string(file.mtime_ns);
    return files;
  }

  // The name of its copy, "" when there may be none.
  std::string leaf(std::string_view name) const {
    std::string out(name);
    std::ranges::replace(out, '/', '.');
    if (unique(name)) return out;
    if (!reusable(name)) return "";
    std::lock_guard lock(mu_);
    const auto version = versions_.find(name);
    return version == versions_.end() ? "" : out + "." + version->second;
  }

  const std::unique_ptr<Backend> inner_;
  const std::string place_;   // of several repositories that share the folder
  KeptFiles files_;
  KeptPieces pieces_;
  mutable std::mutex mu_;
  std::map<std::string, std::string, std::less<>> versions_;   // guarded by mu_; of reusable names that were listed
};

// What is written is kept too: whole when it is a manifest or a note, once it is stored; a pack with directories in pieces on its way,
// for nothing asks for a pack that doesn't come to be.
class KeptUpload final : public Upload {
 public:
  KeptUpload(FileCache& cache, std::string_view name, std::unique_ptr<Upload> inner)
      : cache_(cache), name_(name), inner_(std::move(inner)), kept_(unique(name) ? Kind::kFile : Kind::kUnknown) {}

  void append(ByteView bytes) override {
    inner_->append(bytes);
    if (kept_ == Kind::kNothing) return;
    while (!bytes.empty()) {
      const size_t room = KeptPieces::kPieceBytes - (kept_ == Kind::kFile ? 0 : held_.size());
      const ByteView part = kept_ == Kind::kFile ? bytes : bytes.first(std::min(room, bytes.size()));
      held_.insert(held_.end(), part.begin(), part.end());
      bytes = bytes.subspan(part.size());
      if (kept_ == Kind::kUnknown && held_.size() > kTypeOffset)
        kept_ = held_[kTypeOffset] == static_cast<uint8_t>(ObjectType::kTreePack) ? Kind::kPieces : Kind::kNothing;
      if (kept_ == Kind::kNothing || (kept_ == Kind::kFile && held_.size() > kMostFileBytes)) return stop();
      if (kept_ == Kind::kPieces && held_.size() == KeptPieces::kPieceBytes) save_piece();
    }
  }

  void commit() override {
    inner_->commit();
    if (kept_ == Kind::kPieces && !held_.empty()) save_piece();
    if (kept_ == Kind::kFile) cache_.keep_new(name_, held_);
  }

 private:
  enum class Kind { kUnknown, kNothing, kFile, kPieces };
  void stop() {
    kept_ = Kind::kNothing;
    held_ = {};
  }
  void save_piece() {
    cache_.pieces().save(name_, pieces_++, held_);
    held_.clear();
  }
  FileCache& cache_;
  const std::string name_;
  const std::unique_ptr<Upload> inner_;
  Kind kept_;
  Bytes held_;
  uint64_t pieces_ = 0;   // saved
};

std::unique_ptr<Upload> FileCache::create(std::string_view name) {
  auto upload = inner_->create(name);
  if (!unique(name) && !name.starts_with("packs/")) return upload;
  return std::make_unique<KeptUpload>(*this, name, std::move(upload));
}

}  // namespace

std::unique_ptr<Backend> with_file_cache(std::unique_ptr<Backend> inner, std::string folder) {
  return std::make_unique<FileCache>(std::move(inner), folder);
}

}  // namespace cairn
