#include "store/backend/memory.h"

#include <chrono>

#include "store/error.h"

namespace cairn {

class MemoryUpload final : public Upload {
 public:
  MemoryUpload(MemoryBackend& backend, std::string_view name) : backend_(backend), name_(name) {}
  void append(ByteView bytes) override { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void commit() override { backend_.publish(name_, std::move(bytes_)); }

 private:
  MemoryBackend& backend_;
  std::string name_;
  Bytes bytes_;
};

MemoryBackend::MemoryBackend(std::map<std::string, Bytes> files) {
  for (auto& [name, bytes] : files) files_[name] = File{std::move(bytes), now_ns()};
}

std::vector<StoredFile> MemoryBackend::list(std::string_view prefix) {
  require_valid_prefix(prefix);
  std::lock_guard lock(mu_);
  std::vector<StoredFile> out;
  for (auto at = files_.lower_bound(prefix); at != files_.end() && at->first.starts_with(prefix); ++at) {
    if (valid_name(at->first)) out.push_back({at->first, at->second.bytes.size(), at->second.mtime_ns});
  }
  return out;
}

uint64_t MemoryBackend::size(std::string_view name) {
  require_valid_name(name);
  std::lock_guard lock(mu_);
  return find(name).bytes.size();
}

Buffer MemoryBackend::read(std::string_view name, uint64_t offset, uint64_t length) {
  require_valid_name(name);
  std::lock_guard lock(mu_);
  const Bytes& bytes = find(name).bytes;
  require_range(name, offset, length, bytes.size());
  return Buffer::copy_of(ByteView(bytes).subspan(static_cast<size_t>(offset), static_cast<size_t>(length)));
}

std::unique_ptr<Upload> MemoryBackend::create(std::string_view name) {
  require_valid_name(name);
  return std::make_unique<MemoryUpload>(*this, name);
}

bool MemoryBackend::remove(std::string_view name) {
  require_valid_name(name);
  std::lock_guard lock(mu_);
  auto found = files_.find(name);
  if (found == files_.end()) return false;
  files_.erase(found);
  return true;
}

std::vector<std::string> MemoryBackend::list_foreign() {
  std::lock_guard lock(mu_);
  std::vector<std::string> out;
  for (const auto& [name, file] : files_) {
    if (!valid_name(name)) out.push_back(printable(name));
  }
  return out;
}

std::map<std::string, Bytes> MemoryBackend::snapshot() const {
  std::lock_guard lock(mu_);
  std::map<std::string, Bytes> out;
  for (const auto& [name, file] : files_) out[name] = file.bytes;
  return out;
}

void MemoryBackend::replace(const std::string& name, Bytes bytes) {
  std::lock_guard lock(mu_);
  files_[name] = File{std::move(bytes), now_ns()};
}

void MemoryBackend::set_clock_ns(std::optional<int64_t> now_ns) {
  std::lock_guard lock(mu_);
  clock_ns_ = now_ns;
}

const MemoryBackend::File& MemoryBackend::find(std::string_view name) const {
  auto found = files_.find(name);
  if (found == files_.end()) throw Error(ErrorCode::kNotFound, std::string(name) + ": no such file");
  return found->second;
}

int64_t MemoryBackend::now_ns() const {
  if (clock_ns_) return *clock_ns_;
  auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
}

void MemoryBackend::publish(const std::string& name, Bytes&& bytes) {
  std::lock_guard lock(mu_);
  auto found = files_.find(name);
  if (found == files_.end()) {
    files_[name] = File{std::move(bytes), now_ns()};
  } else if (found->second.bytes != bytes) {
    throw Error(ErrorCode::kIo, name + ": exists with other content");
  }
}

}  // namespace cairn
