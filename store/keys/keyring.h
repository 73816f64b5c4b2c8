// What an opened key slot gives: the keys a role may use.
//
// Roles differ only in what is present.  owner: everything.  writer: no read key (can't open a data frame or a manifest).
// reader: no dedup secret and no signing key that others accept.
// Threads:  immutable after opening, thread-safe.
#pragma once

#include <optional>

#include "chunker/chunker.h"
#include "store/crypto/blake3.h"
#include "store/crypto/sodium.h"

namespace cairn {

enum class Role : uint8_t { kOwner = 1, kReader = 2, kWriter = 3 };
std::string_view role_name(Role role);

// The maintenance key's word that a signing key belongs to this repository; travels with everything that is signed.
// Layout: signer 32 | role 1 | created 8 (ns since the epoch) | signature 64
struct Certificate {
  static constexpr size_t kBytes = 32 + 1 + 8 + kSignatureBytes;
  PublicKey signer{};
  Role role = Role::kOwner;
  int64_t created_ns = 0;
  Signature signature{};

  Bytes encode() const;
  static Certificate decode(ByteView bytes, std::string_view name);
  bool valid(const RepositoryId& repository, const PublicKey& maintenance) const;
  // valid(), and of a role that may add to the repository.
  bool may_write(const RepositoryId& repository, const PublicKey& maintenance) const {
    return role != Role::kReader && valid(repository, maintenance);
  }
  ClientId client() const { return ClientId::from_bytes(signer); }
};
Certificate make_certificate(const RepositoryId& repository, const Secret& maintenance_seed, const PublicKey& signer, Role role,
                             int64_t created_ns);

struct Keyring {
  Role role = Role::kOwner;
  RepositoryId repository;
  PublicKey box_public{};          // packs and snapshots are sealed to it
  PublicKey maintenance_public{};  // signs certificates, the config and gc lists

  // From the dedup secret (writer, owner) or given one by one (reader).
  Blake3Key id_key{};
  Secret directory_key, index_key, lease_key, gc_key;

  std::optional<Secret> dedup_secret;       // owner, writer
  std::optional<Secret> read_secret;        // owner, reader: opens key boxes
  std::optional<Secret> maintenance_seed;   // owner
  std::optional<Secret> signing_seed;       // owner, writer
  Certificate certificate;                  // for signing_seed

  bool may_read() const { return read_secret.has_value(); }
  bool may_write() const { return dedup_secret.has_value() && signing_seed.has_value(); }
  ChunkId chunk_id(ByteView plain) const { return ChunkId{blake3_keyed(id_key, plain)}; }
  // Requires: dedup_secret.
  ChunkerParams chunker_params(ChunkerSizes sizes) const;
  Secret cache_key() const;

  // kWrongKey, saying what this key may do, unless it may.
  void require_may_read() const;
  void require_may_write() const;

  // The keys of a new holder: exactly what FORMAT.md's table gives `role`, with a signing key and certificate of its own.
  // kWrongKey unless this is an owner's.
  Keyring for_role(Role role, int64_t now_ns) const;

  // Fills the subkeys from the dedup secret.  Requires: dedup_secret.
  void derive();

  // The content of a key slot; decode throws kCorrupt.
  Bytes encode() const;
  static Keyring decode(ByteView bytes, const RepositoryId& repository, std::string_view name);
};

// All keys of a new repository, for its first owner.
Keyring make_keyring(const RepositoryId& repository, int64_t now_ns);

}  // namespace cairn
