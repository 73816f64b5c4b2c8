// The seal of a frame: AES-256-GCM by OpenSSL, or XChaCha20-Poly1305 by libsodium.
//
// AES is OpenSSL's because it is three times as fast as libsodium's and opens packs on any CPU, slowly without instructions for it.
// Threads:  immutable after construction, thread-safe.   Source: NIST SP 800-38D; draft-irtf-cfrg-xchacha-03; store/FORMAT.md.
#pragma once

#include "store/bytes.h"
#include "store/crypto/sodium.h"
#include "store/format.h"

namespace cairn {

// Seals the frames of one pack: nonce = frame number, so a number is used once per key.
class FrameCipher {
 public:
  FrameCipher(Suite suite, const Secret& key) : suite_(suite), key_(key.clone()) {}
  // Writes plain.size() + kTagBytes bytes to `out`.   kUnsupported: OpenSSL here has no AES-256-GCM, or refuses it.
  void seal(uint32_t number, ByteView associated, ByteView plain, uint8_t* out) const;
  // Writes sealed.size() - kTagBytes bytes to `out`, which may be sealed.data(); false when the bytes are not what was sealed, and what was
  // written means nothing.
  bool open(uint32_t number, ByteView associated, ByteView sealed, uint8_t* out) const;

 private:
  Suite suite_;
  Secret key_;
};

}  // namespace cairn
