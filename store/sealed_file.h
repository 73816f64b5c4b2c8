// Small stored files that several writers share a key for: index segments, leases, gc lists; and snapshots, which have a key of
// their own.  All signed, so that nobody who merely holds the storage, or the public key, can make one.
#pragma once

#include "store/keys/keyring.h"

namespace cairn {

// Layout (FORMAT.md, "Sealed file"):
//   header 80 | key box 80 (snapshots only) | codec 1 | plaintext length 4 | sealed length 4 | sealed | certificate 105 |
//   signature 64 | trailer 32.   Associated data: everything before `sealed`.   Signed: the BLAKE3 hash of everything before.
struct SealedFile {
  Bytes content;
  Certificate author;

  // Seals under `shared_key`; compresses when that pays.
  static Bytes encode(ObjectType type, ByteView object_id, const Keyring& keys, const Secret& shared_key, ByteView content);
  static SealedFile decode(ByteView file, ObjectType type, ByteView object_id, const Keyring& keys, const Secret& shared_key,
                           std::string_view name, size_t most_bytes);

  // Seals under a fresh key that only the repository's read key opens.
  static Bytes encode_boxed(ObjectType type, ByteView object_id, const Keyring& keys, Suite suite, ByteView content);
  // kWrongKey without the read key.
  static SealedFile decode_boxed(ByteView file, ObjectType type, ByteView object_id, const Keyring& keys, std::string_view name,
                                 size_t most_bytes);
};

}  // namespace cairn
