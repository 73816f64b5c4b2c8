// The constants of everything stored; store/FORMAT.md has the same numbers in tables.  A released number never changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "store/coding.h"
#include "store/id.h"

namespace cairn {

constexpr uint16_t kFormatVersion = 1;

enum class ObjectType : uint8_t {
  kConfig = 1,
  kKeySlot = 2,
  kDataPack = 3,  // frames of file and stream content
  kTreePack = 4,  // frames of directories, chunk lists and catalogues
  kSegment = 5,
  kSnapshot = 6,
  kLease = 7,
  kGcList = 8,
  kNote = 9,      // what owners noted about snapshots
  kReserve = 10,
};

enum class Suite : uint8_t {
  kAes256Gcm = 1,           // chosen where the CPU has instructions for it
  kXChaCha20Poly1305 = 2,   // everywhere, and wherever a key is shared by several writers
};

enum class Codec : uint8_t {
  kRaw = 0,
  kZstd = 1,
  kZstdDelta = 2,  // zstd with the base chunks, concatenated, as a prefix
};

constexpr std::string_view kMagic{"cairn\0\r\n", 8};
constexpr size_t kHeaderBytes = 80;      // magic 8 | version 2 | type 1 | suite 1 | zero 4 | repository id 32 | object id 32
constexpr size_t kTrailerBytes = 32;     // plain BLAKE3 of every byte before it: bit rot, without a key
constexpr size_t kKeyBoxBytes = 80;      // crypto_box_seal of a 32-byte key
constexpr size_t kTagBytes = 16;         // both suites
constexpr size_t kSharedNonceBytes = 24;  // XChaCha20-Poly1305
constexpr size_t kSignatureBytes = 64;   // Ed25519

constexpr size_t kMostFrameBytes = 16 << 20;       // plaintext of one frame
constexpr size_t kMostDirectoryBytes = 32 << 20;   // plaintext of a pack directory
constexpr size_t kMostSegmentBytes = 256 << 20;
constexpr size_t kMostManifestBytes = 16 << 20;
constexpr size_t kMostSmallFileBytes = 1 << 20;    // config, key slot, lease
constexpr size_t kMostGcListBytes = 256 << 20;
constexpr size_t kMostNoteBytes = 16 << 20;
constexpr size_t kMostBases = 1024;                // base chunks of one delta frame: 1 MiB of the finest is about 70
constexpr int kMostDeltaDepth = 8;                 // bases of bases

// The 80 bytes every stored file begins with; they are also the first part of the associated data of whatever the file seals.
struct Header {
  uint16_t version = kFormatVersion;
  ObjectType type = ObjectType::kConfig;
  Suite suite = Suite::kXChaCha20Poly1305;
  RepositoryId repository;
  std::array<uint8_t, 32> object_id{};

  Bytes encode() const;
  // Checks magic, version and type.  kUnsupported for a newer version, kCorrupt for anything else that is wrong.
  static Header decode(ByteView file, ObjectType expected_type, std::string_view name);
  // Also checks repository and object id.
  static Header decode(ByteView file, ObjectType expected_type, std::string_view name, const RepositoryId& repository,
                       ByteView object_id);
};

// Appends the trailer to a complete small file.
void append_trailer(Bytes& file);
// Throws kCorrupt naming `name` unless the last 32 bytes are the hash of those before; returns the bytes before.
ByteView check_trailer(ByteView file, std::string_view name);

// Names of files in a backend.
std::string pack_name(const PackId& id);          // packs/xx/ID
std::string segment_name(const SegmentId& id);    // index/ID
std::string snapshot_name(const SnapshotId& id);  // snapshots/ID
std::string slot_name(const SlotId& id);          // keys/ID
std::string lease_name(const LeaseId& id, uint32_t number);  // leases/ID.N
constexpr std::string_view kConfigName = "config";
// The id in the last element of a name, nullopt when it isn't one.
template <class AnyId>
std::optional<AnyId> id_in_name(std::string_view name) {
  return AnyId::parse(name.substr(name.rfind('/') + 1));
}

}  // namespace cairn
