// cairn's signatures, key derivation, sealed keys and randomness: libsodium behind a few verbs.  Frames: frame_cipher.h.
// Threads:  functions are thread-safe.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "store/bytes.h"
#include "store/format.h"

namespace cairn {

// 32 secret bytes in locked memory, between guard pages with others of their kind, wiped at the end; prints as <key>.
class Secret {
 public:
  static constexpr size_t kBytes = 32;
  Secret();                                  // zeros
  static Secret random();
  static Secret from(ByteView bytes);        // Requires: bytes.size() == kBytes.
  Secret clone() const { return from(view()); }
  ByteView view() const { return {bytes_.get(), kBytes}; }
  uint8_t* data() { return bytes_.get(); }

 private:
  struct Free {
    void operator()(uint8_t* p) const;
  };
  std::unique_ptr<uint8_t[], Free> bytes_;
};

using PublicKey = std::array<uint8_t, 32>;
using Signature = std::array<uint8_t, kSignatureBytes>;
using KeyBox = std::array<uint8_t, kKeyBoxBytes>;

void random_fill(std::span<uint8_t> out);
uint32_t random_below(uint32_t limit);
template <class AnyId>
AnyId random_id() {
  AnyId id;
  random_fill(id.bytes);
  return id;
}
// Wipes memory that held a secret.
void wipe(std::span<uint8_t> bytes);

// Subkey `number` of the dedup secret: crypto_kdf (BLAKE2b) with the context "cairnkey".
Secret derive_key(const Secret& from, uint64_t number);
// `out` filled with a deterministic ChaCha20 stream from the seed.
void expand_key(const Secret& seed, std::span<uint8_t> out);
// BLAKE2b-256 keyed with `key`.
std::array<uint8_t, 32> keyed_commitment(const Secret& key, std::string_view domain, ByteView data);
bool equal_constant_time(ByteView a, ByteView b);

struct KdfParams {
  uint32_t operations = 3;
  uint32_t memory_kib = 64 << 10;
  std::array<uint8_t, 16> salt{};
};
// Argon2id.  kUnsupported for parameters outside [1, 16] operations and [8 MiB, 2 GiB]: a hostile file must not exhaust us.
Secret derive_from_password(std::string_view password, const KdfParams& params);

// XChaCha20-Poly1305 with a random 24-byte nonce in front: nonce | ciphertext | tag.
Bytes seal_shared(const Secret& key, ByteView associated, ByteView plain);
// The same of what follows the first kSharedNonceBytes of the buffer, where it is.
void seal_shared_in_place(const Secret& key, ByteView associated, Bytes& buffer);
// nullopt when it was not sealed with this key and associated data.
std::optional<Bytes> open_shared(const Secret& key, ByteView associated, ByteView sealed);

struct BoxKeys {
  PublicKey public_key;
  Secret secret_key;
};
BoxKeys make_box_keys();
PublicKey box_public_key(const Secret& secret_key);
KeyBox seal_key(const Secret& key, const PublicKey& recipient);
std::optional<Secret> open_key(const KeyBox& box, const Secret& secret_key);

PublicKey signing_public_key(const Secret& seed);
Signature sign(const Secret& seed, std::string_view domain, ByteView message);
bool verify(const PublicKey& key, std::string_view domain, ByteView message, const Signature& signature);

// The fastest suite on this CPU: AES where it has instructions for it, which also keep it from telling of the key by its timing.
Suite best_suite();

// No core dumps, not traceable: call once at start-up.
void protect_process();

}  // namespace cairn
