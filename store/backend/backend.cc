#include "store/backend/backend.h"

#include <algorithm>
#include <iterator>

#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kLongestName = 200;  // bytes; leaves room for a root path below PATH_MAX and for S3's 1024

bool valid_element(std::string_view element) {
  if (element.empty() || element.front() == '.') return false;
  for (char c : element) {
    bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!allowed) return false;
  }
  return true;
}

}  // namespace

bool valid_name(std::string_view name) {
  if (name.size() > kLongestName || name == "tmp" || name.starts_with("tmp/")) return false;
  for (;;) {
    size_t slash = name.find('/');
    if (!valid_element(name.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

void require_valid_name(std::string_view name) {
  if (!valid_name(name)) throw Error(ErrorCode::kInvalidArgument, printable(name) + ": not a name for a stored file");
}

void require_valid_prefix(std::string_view prefix) {
  if (prefix.empty()) return;
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  require_valid_name(prefix);
}

void require_range(std::string_view file, uint64_t offset, uint64_t length, uint64_t size_bytes) {
  if (offset <= size_bytes && length <= size_bytes - offset) return;
  throw Error(ErrorCode::kCorrupt, std::string(file) + ": wanted " + std::to_string(length) + " bytes at " +
                                       std::to_string(offset) + ", the file has " + std::to_string(size_bytes));
}

std::vector<StoredFile> Backend::list_several(std::span<const std::string> prefixes) {
  std::vector<StoredFile> out;
  for (const std::string& prefix : prefixes) std::ranges::move(list(prefix), std::back_inserter(out));
  std::ranges::sort(out, {}, &StoredFile::name);
  return out;
}

Buffer Backend::read_kept(std::string_view name, uint64_t, uint64_t offset, uint64_t length) { return read(name, offset, length); }

bool Backend::drop_kept(std::string_view) { return false; }

void put(Backend& backend, std::string_view name, ByteView bytes) {
  std::unique_ptr<Upload> upload = backend.create(name);
  upload->append(bytes);
  upload->commit();
}

namespace {

[[noreturn]] void refuse_locks(const Backend& backend) {
  throw Error(ErrorCode::kInvalidArgument, backend.describe() + ": files can be locked in S3 only, in a bucket with Object Lock");
}

}  // namespace

void Backend::lock_created(const RetentionLock&, std::function<bool(std::string_view)> chosen, std::function<void(std::string_view, int64_t)>) {
  if (chosen) refuse_locks(*this);
}

int64_t Backend::lock(std::string_view, const RetentionLock&) { refuse_locks(*this); }

Buffer read_whole(Backend& backend, std::string_view name, uint64_t most_bytes) { return backend.read_whole(name, most_bytes); }

Buffer Backend::read_whole(std::string_view name, uint64_t most_bytes) {
  uint64_t size_bytes = size(name);
  if (size_bytes > most_bytes) {
    throw Error(ErrorCode::kCorrupt, std::string(name) + ": has " + std::to_string(size_bytes) + " bytes, allowed are " +
                                         std::to_string(most_bytes));
  }
  return read(name, 0, size_bytes);
}

}  // namespace cairn
