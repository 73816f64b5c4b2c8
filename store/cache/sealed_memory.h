// A file in this machine's cache folder that only who has the repository's keys can make or read: sealed under K_cache, with its kind and the
// repository's id as associated data.
//
// Threads:  thread-safe; of two writers at once the last wins.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/keys/keyring.h"

namespace cairn {

// What write_sealed_memory() was given, without the room; nullopt when there is none, it is larger than `most_bytes`, damaged, or of another kind or
// repository.
std::optional<Bytes> read_sealed_memory(const std::string& path, const Keyring& keys, std::string_view kind, size_t most_bytes);
// Seals `content` where it is.   Requires: it begins with kSharedNonceBytes of room.   kIo, kNoSpace.
void write_sealed_memory(const std::string& path, const Keyring& keys, std::string_view kind, Bytes content);

}  // namespace cairn
