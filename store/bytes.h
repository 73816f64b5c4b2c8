// Runs of bytes: a view for "borrowed during this call", a vector for small things, a Buffer for chunks and frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn {

using ByteView = std::span<const uint8_t>;
using Bytes = std::vector<uint8_t>;

inline ByteView view(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }
inline std::string_view text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Bytes that are not zeroed when allocated: a vector would clear every chunk before it is overwritten.
// Threads: one thread at a time.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t size_bytes)
      : data_(std::make_unique_for_overwrite<uint8_t[]>(size_bytes)), size_(size_bytes), capacity_(size_bytes) {}
  static Buffer copy_of(ByteView bytes) {
    Buffer out(bytes.size());
    if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
  }
  Buffer(Buffer&& other) noexcept
      : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)), capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  uint8_t* data() { return data_.get(); }
  const uint8_t* data() const { return data_.get(); }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  // Requires: size_bytes ≤ capacity().
  void set_size(size_t size_bytes) { size_ = size_bytes; }
  ByteView view() const { return {data_.get(), size_}; }
  std::span<uint8_t> span() { return {data_.get(), size_}; }
  operator ByteView() const { return view(); }

 private:
  std::unique_ptr<uint8_t[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace cairn
