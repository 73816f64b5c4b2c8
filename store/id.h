// Names of stored things: 32 bytes each, and types that don't mix (a PackId is not a ChunkId).
#pragma once

#include <array>
#include <compare>
#include <cstring>
#include <functional>
#include <optional>
#include <string>

#include "store/bytes.h"

namespace cairn {

std::string to_hex(ByteView bytes);
// nullopt unless `hex` is an even number of lower-case hexadecimal digits.
std::optional<Bytes> from_hex(std::string_view hex);

template <class Tag>
struct Id {
  static constexpr size_t kBytes = 32;
  std::array<uint8_t, kBytes> bytes{};

  auto operator<=>(const Id&) const = default;
  ByteView view() const { return bytes; }
  std::string hex() const { return to_hex(bytes); }
  bool is_zero() const { return *this == Id{}; }
  // Requires: raw.size() == kBytes.
  static Id from_bytes(ByteView raw) {
    Id id;
    std::memcpy(id.bytes.data(), raw.data(), kBytes);
    return id;
  }
  static std::optional<Id> parse(std::string_view hex) {
    auto raw = from_hex(hex);
    if (!raw || raw->size() != kBytes) return std::nullopt;
    return from_bytes(*raw);
  }
};

using ChunkId = Id<struct ChunkTag>;        // keyed BLAKE3-256 of the plaintext
using PackId = Id<struct PackTag>;          // random
using SegmentId = Id<struct SegmentTag>;    // random
using SnapshotId = Id<struct SnapshotTag>;  // random
using LeaseId = Id<struct LeaseTag>;        // random
using SlotId = Id<struct SlotTag>;          // random
using NoteId = Id<struct NoteTag>;          // random
using RepositoryId = Id<struct RepositoryTag>;  // random
using ClientId = Id<struct ClientTag>;      // an Ed25519 public key

// Ids are uniformly distributed, so any eight of their bytes are a hash.
struct IdHash {
  template <class Tag>
  size_t operator()(const Id<Tag>& id) const {
    size_t value;
    std::memcpy(&value, id.bytes.data(), sizeof value);
    return value;
  }
};

}  // namespace cairn
