// What makes a sealed document again from what was in it.   FORMAT.md, "Sealed documents".
//
//   recipe   varint version = 1, nonce 12, key 32, varint bytes of the sealed file, 32 bytes BLAKE3 of it
#pragma once

#include "ingest/crypto/aes_gcm.h"
#include "store/crypto/blake3.h"

namespace cairn {

struct SealedRecipe {
  GcmNonce nonce{};
  Secret key;
  uint64_t sealed_bytes = 0;
  Blake3Hash hash{};

  uint64_t plain_bytes() const { return sealed_bytes - kGcmNonceBytes - kGcmTagBytes; }
  Bytes encode() const;
  // kCorrupt; kUnsupported for a newer version.
  static SealedRecipe decode(ByteView recipe);
};

}  // namespace cairn
