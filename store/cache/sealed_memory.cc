#include "store/cache/sealed_memory.h"

#include "store/coding.h"
#include "store/seen/local_memory.h"

namespace cairn {

namespace {

Bytes memory_associated(const Keyring& keys, std::string_view kind) {
  Encoder out;
  out.raw(view(kind));
  out.raw(keys.repository.view());
  return out.take();
}

}  // namespace

std::optional<Bytes> read_sealed_memory(const std::string& path, const Keyring& keys, std::string_view kind, size_t most_bytes) {
  const std::optional<Bytes> file = read_memory(path, most_bytes);
  return file ? open_shared(keys.cache_key(), memory_associated(keys, kind), *file) : std::nullopt;
}

void write_sealed_memory(const std::string& path, const Keyring& keys, std::string_view kind, Bytes content) {
  seal_shared_in_place(keys.cache_key(), memory_associated(keys, kind), content);
  write_memory(path, content, Durable::kNo);   // after a crash there may be anything, which whoever reads it notices
}

}  // namespace cairn
