// A backend in memory: for tests, which look at its files, change them and set its clock.
//
// Threads:  thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <optional>

#include "store/backend/backend.h"

namespace cairn {

class MemoryBackend final : public Backend {
 public:
  MemoryBackend() = default;
  // Starts with these files: a copy of another backend's snapshot().
  explicit MemoryBackend(std::map<std::string, Bytes> files);

  std::vector<StoredFile> list(std::string_view prefix) override;
  uint64_t size(std::string_view name) override;
  Buffer read(std::string_view name, uint64_t offset, uint64_t length) override;
  std::unique_ptr<Upload> create(std::string_view name) override;
  bool remove(std::string_view name) override;
  std::vector<std::string> list_foreign() override;
  std::string describe() const override { return "memory"; }

  // A copy of every file.
  std::map<std::string, Bytes> snapshot() const;
  // Puts a file there or changes it, as no cairn would: any name, any content.
  void replace(const std::string& name, Bytes bytes);
  // mtimes from now on; nullopt: the system's clock.
  void set_clock_ns(std::optional<int64_t> now_ns);

 private:
  friend class MemoryUpload;
  struct File {
    Bytes bytes;
    int64_t mtime_ns = 0;
  };
  const File& find(std::string_view name) const;          // requires mu_; kNotFound
  int64_t now_ns() const;                                 // requires mu_
  void publish(const std::string& name, Bytes&& bytes);

  mutable std::mutex mu_;
  std::map<std::string, File, std::less<>> files_;  // guarded by mu_
  std::optional<int64_t> clock_ns_;                 // guarded by mu_
};

}  // namespace cairn
