#include "store/cache/tree_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <set>

namespace cairn {

namespace {

constexpr std::string_view kMagicWord = "cairntc1";
constexpr size_t kFileIdBytes = 32;
constexpr size_t kFrontBytes = 8 + kFileIdBytes;
constexpr uint64_t kMostHeadBytes = 512 << 20;
constexpr size_t kWriteBytes = 1 << 20;
constexpr int64_t kAbandonedSeconds = 24 * 3600;
constexpr std::string_view kUnfinished = "new-";   // how the name of a file begins that isn't whole yet

Bytes associated(ByteView file_id, ByteView what) {
  Encoder out;
  out.raw(view(kMagicWord));
  out.raw(file_id);
  out.raw(what);
  return out.take();
}

std::string trees_folder(const std::string& cache_folder) { return cache_folder + "/trees"; }

bool read_at(int fd, uint64_t offset, std::span<uint8_t> out) {
  while (!out.empty()) {
    ssize_t got = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    out = out.subspan(static_cast<size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
  return true;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    out.push_back(at->path().filename().string());
  std::ranges::sort(out);
  return out;
}

void remove_if_abandoned(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && info.st_mtim.tv_sec < std::time(nullptr) - kAbandonedSeconds) ::unlink(path.c_str());
}

}  // namespace

std::unique_ptr<TreeCache> TreeCache::open(const std::string& path, const Keyring& keys) {
  try {
    return std::make_unique<TreeCache>(path, keys);
  } catch (const Error&) {
    return nullptr;
  }
}

TreeCache::TreeCache(const std::string& path, const Keyring& keys)
    : keys_(keys), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) {
  if (!file_ || !load()) throw Error(ErrorCode::kCorrupt, printable(path) + ": is no cache of this repository, or a damaged one");
}

bool TreeCache::load() {
  struct stat info{};
  if (::fstat(file_.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  const auto size = static_cast<uint64_t>(info.st_size);
  if (size < kFrontBytes + sizeof(uint64_t)) return false;
  Bytes front(kFrontBytes), tail(sizeof(uint64_t));
  if (!read_at(file_.get(), 0, front) || !read_at(file_.get(), size - tail.size(), tail)) return false;
  if (!std::ranges::equal(ByteView(front).first(kMagicWord.size()), view(kMagicWord))) return false;
  file_id_.assign(front.begin() + static_cast<ptrdiff_t>(kMagicWord.size()), front.end());
  const uint64_t head_bytes = Decoder(tail, "tree cache").u64();
  if (head_bytes > kMostHeadBytes || head_bytes > size - kFrontBytes - tail.size()) return false;
  const uint64_t head_at = size - tail.size() - head_bytes;
  Bytes sealed(head_bytes);
  if (!read_at(file_.get(), head_at, sealed)) return false;
  const auto head = open_shared(keys_.cache_key(), associated(file_id_, view("head")), sealed);
  if (!head) return false;
  Decoder in(*head, "tree cache");
  const auto id = SnapshotId::from_bytes(in.raw(32));
  const auto author = ClientId::from_bytes(in.raw(32));
  manifest_ = Manifest::decode_content(in.bytes(), "tree cache");
  manifest_.id = id;
  manifest_.author = author;
  uint64_t offset = kFrontBytes;
  for (uint64_t left = in.count(33); left > 0; --left) {
    const auto object = ChunkId::from_bytes(in.raw(32));
    const auto length = static_cast<uint32_t>(in.varint_up_to(kMostObjectBytes + kSharedNonceBytes + kTagBytes));
    places_.emplace(object, Place{offset, length});
    offset += length;
  }
  in.finish();
  return offset == head_at;
}

Buffer TreeCache::get(const ChunkId& id) const {
  const auto place = places_.find(id);
  if (place == places_.end()) throw Error(ErrorCode::kNotFound, object_name(id) + ": is not in the local cache");
  Bytes sealed(place->second.length);
  if (!read_at(file_.get(), place->second.offset, sealed)) throw Error(ErrorCode::kIo, object_name(id) + ": the local cache can't be read");
  const auto plain = open_shared(keys_.cache_key(), associated(file_id_, id.view()), sealed);
  if (!plain || keys_.chunk_id(*plain) != id) throw Error(ErrorCode::kCorrupt, object_name(id) + ": is damaged in the local cache");
  return Buffer::copy_of(*plain);
}

TreeCaches::TreeCaches(const std::string& cache_folder, const Keyring& keys) {
  const std::string folder = trees_folder(cache_folder);
  for (const std::string& name : names_in(folder))
    if (!name.starts_with(kUnfinished))
      if (auto cache = TreeCache::open(folder + "/" + name, keys)) caches_.push_back(std::move(cache));
  std::ranges::sort(caches_, {}, [](const auto& cache) { return std::pair(cache->manifest().time_ns, cache->manifest().id); });
}

std::vector<Manifest> TreeCaches::manifests() const {
  std::vector<Manifest> out;
  for (const auto& cache : caches_) out.push_back(cache->manifest());
  return out;
}

Buffer TreeCaches::get(const ChunkId& id) const {
  for (size_t i = caches_.size(); i-- > 0;)
    if (caches_[i]->has(id)) return caches_[i]->get(id);
  throw Error(ErrorCode::kNotFound, object_name(id) + ": is not in the local cache");
}

TreeCacheWriter::TreeCacheWriter(const std::string& cache_folder, const Keyring& keys)
    : keys_(keys), folder_(trees_folder(cache_folder)), cache_key_(keys.cache_key()), file_id_(kFileIdBytes) {
  random_fill(file_id_);
  path_ = folder_ + "/" + std::string(kUnfinished) + to_hex(file_id_);
  std::error_code ignored;
  std::filesystem::create_directories(folder_, ignored);
  file_ = Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file_) trouble_ = printable(path_) + ": " + std::string(std::strerror(errno));
  append(view(kMagicWord));
  append(file_id_);
}

TreeCacheWriter::~TreeCacheWriter() {
  if (file_) ::unlink(path_.c_str());
}

void TreeCacheWriter::add(const ChunkId& id, ByteView object) {
  std::lock_guard lock(mu_);
  if (!trouble_.empty() || !added_.insert(id).second) return;
  const Bytes sealed = seal_shared(cache_key_, associated(file_id_, id.view()), object);
  objects_.emplace_back(id, static_cast<uint32_t>(sealed.size()));
  append(sealed);
}

void TreeCacheWriter::append(ByteView bytes) {
  waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
  if (waiting_.size() >= kWriteBytes) flush();
}

void TreeCacheWriter::flush() {
  ByteView left = waiting_;
  while (!left.empty() && trouble_.empty()) {
    const ssize_t written = ::write(file_.get(), left.data(), left.size());
    if (written < 0 && errno != EINTR) trouble_ = printable(path_) + ": " + std::string(std::strerror(errno));
    if (written > 0) left = left.subspan(static_cast<size_t>(written));
  }
  waiting_.clear();
}

void TreeCacheWriter::finish(const Manifest& manifest) {
  std::lock_guard lock(mu_);
  Encoder head;
  head.raw(manifest.id.view());
  head.raw(manifest.author.view());
  head.bytes(manifest.encode_content());
  head.varint(objects_.size());
  for (const auto& [id, length] : objects_) {
    head.raw(id.view());
    head.varint(length);
  }
  const Bytes sealed = seal_shared(cache_key_, associated(file_id_, view("head")), head.out());
  append(sealed);
  Encoder tail;
  tail.u64(sealed.size());
  append(tail.out());
  flush();
  if (!trouble_.empty()) return;
  const std::string place = folder_ + "/" + to_hex(file_id_);
  if (::rename(path_.c_str(), place.c_str()) != 0) {
    trouble_ = printable(place) + ": " + std::string(std::strerror(errno));
    return;
  }
  file_ = Fd();
  remove_superseded();
}

// Newest first; a file is needed as long as it has a component that none before it has.
void TreeCacheWriter::remove_superseded() const {
  struct Found {
    std::string path;
    Manifest manifest;
  };
  std::vector<Found> all;
  for (const std::string& name : names_in(folder_)) {
    const std::string path = folder_ + "/" + name;
    if (name.starts_with(kUnfinished)) {
      remove_if_abandoned(path);
    } else if (auto cache = TreeCache::open(path, keys_)) {
      all.push_back({path, cache->manifest()});
    } else {
      ::unlink(path.c_str());
    }
  }
  std::ranges::sort(all, std::ranges::greater{}, [](const Found& one) {
    return std::tuple(one.manifest.sequence, one.manifest.time_ns, one.manifest.id);
  });
  std::set<std::tuple<ClientId, std::string, std::string>> known;
  for (const Found& one : all) {
    bool needed = false;
    for (const ComponentInfo& component : one.manifest.components)
      needed |= known.insert({one.manifest.author, one.manifest.host, component.name}).second;
    if (!needed) ::unlink(one.path.c_str());
  }
}

}  // namespace cairn
