#include "store/crypto/sodium.h"

#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cassert>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

namespace cairn {

namespace {

// libsodium wants one call before any other; a static makes it happen once, thread-safe.
void ready() {
  static const bool ok = sodium_init() >= 0;
  if (!ok) throw Error(ErrorCode::kUnsupported, "libsodium: could not be initialised: no usable random source?");
}

Bytes with_domain(std::string_view domain, ByteView message) {
  Encoder out;
  out.string(domain);
  out.raw(message);
  return out.take();
}

// Places for secrets, all of them zeros.  A key of each pack and each small file comes and goes: a guarded page for each took longer
// than to verify a signature, and of locked pages a process may have few.
class SecretPlaces {
 public:
  uint8_t* take() {
    std::lock_guard lock(mu_);
    if (free_.empty()) {
      ready();
      auto* page = static_cast<uint8_t*>(sodium_malloc(kPlaces * Secret::kBytes));
      if (!page) throw std::bad_alloc();
      sodium_memzero(page, kPlaces * Secret::kBytes);
      for (size_t i = kPlaces; i > 0; --i) free_.push_back(page + (i - 1) * Secret::kBytes);
      all_ += kPlaces;
      free_.reserve(all_);   // giving back needs no memory
    }
    uint8_t* place = free_.back();
    free_.pop_back();
    return place;
  }
  void give(uint8_t* place) noexcept {
    sodium_memzero(place, Secret::kBytes);
    std::lock_guard lock(mu_);
    free_.push_back(place);
  }

 private:
  static constexpr size_t kPlaces = 126;   // a page, with the canary that libsodium puts before it
  std::mutex mu_;
  std::vector<uint8_t*> free_;
  size_t all_ = 0;
};

// A secret in a static object began after this, and so ends before.
SecretPlaces& secret_places() {
  static SecretPlaces places;
  return places;
}

}  // namespace

Secret::Secret() : bytes_(secret_places().take()) {}
void Secret::Free::operator()(uint8_t* p) const { secret_places().give(p); }
Secret Secret::random() {
  Secret out;
  randombytes_buf(out.data(), kBytes);
  return out;
}
Secret Secret::from(ByteView bytes) {
  assert(bytes.size() == kBytes);
  Secret out;
  std::memcpy(out.data(), bytes.data(), kBytes);
  return out;
}

void random_fill(std::span<uint8_t> out) {
  ready();
  if (!out.empty()) randombytes_buf(out.data(), out.size());   // nothing may stand at no address
}
uint32_t random_below(uint32_t limit) {
  ready();
  return randombytes_uniform(limit);
}
void wipe(std::span<uint8_t> bytes) { sodium_memzero(bytes.data(), bytes.size()); }

Secret derive_key(const Secret& from, uint64_t number) {
  Secret out;
  crypto_kdf_derive_from_key(out.data(), Secret::kBytes, number, "cairnkey", from.view().data());
  return out;
}

void expand_key(const Secret& seed, std::span<uint8_t> out) {
  randombytes_buf_deterministic(out.data(), out.size(), seed.view().data());
}

std::array<uint8_t, 32> keyed_commitment(const Secret& key, std::string_view domain, ByteView data) {
  std::array<uint8_t, 32> out;
  Bytes message = with_domain(domain, data);
  crypto_generichash(out.data(), out.size(), message.data(), message.size(), key.view().data(), Secret::kBytes);
  return out;
}

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

Secret derive_from_password(std::string_view password, const KdfParams& params) {
  if (params.operations < 1 || params.operations > 16 || params.memory_kib < (8 << 10) || params.memory_kib > (2 << 20))
    throw Error(ErrorCode::kUnsupported, "key slot: Argon2id parameters out of bounds");
  Secret out;
  if (crypto_pwhash(out.data(), Secret::kBytes, password.data(), password.size(), params.salt.data(), params.operations,
                    size_t{params.memory_kib} << 10, crypto_pwhash_ALG_ARGON2ID13) != 0)
    throw std::bad_alloc();
  return out;
}

Bytes seal_shared(const Secret& key, ByteView associated, ByteView plain) {
  Bytes out;
  out.reserve(kSharedNonceBytes + plain.size() + kTagBytes);
  out.resize(kSharedNonceBytes);
  out.insert(out.end(), plain.begin(), plain.end());
  seal_shared_in_place(key, associated, out);
  return out;
}

// Source: libsodium's documentation: the two buffers may be the same one.
void seal_shared_in_place(const Secret& key, ByteView associated, Bytes& buffer) {
  ready();
  const size_t plain_bytes = buffer.size() - kSharedNonceBytes;
  buffer.resize(buffer.size() + kTagBytes);
  uint8_t* plain = buffer.data() + kSharedNonceBytes;
  randombytes_buf(buffer.data(), kSharedNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(plain, nullptr, plain, plain_bytes, associated.data(), associated.size(), nullptr, buffer.data(),
                                             key.view().data());
}

std::optional<Bytes> open_shared(const Secret& key, ByteView associated, ByteView sealed) {
  if (sealed.size() < kSharedNonceBytes + kTagBytes) return std::nullopt;
  Bytes out(sealed.size() - kSharedNonceBytes - kTagBytes);
  ByteView body = sealed.subspan(kSharedNonceBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, body.data(), body.size(), associated.data(),
                                                 associated.size(), sealed.data(), key.view().data()) != 0)
    return std::nullopt;
  return out;
}

BoxKeys make_box_keys() {
  BoxKeys keys{{}, Secret::random()};
  keys.public_key = box_public_key(keys.secret_key);
  return keys;
}

PublicKey box_public_key(const Secret& secret_key) {
  PublicKey out;
  crypto_scalarmult_base(out.data(), secret_key.view().data());
  return out;
}

KeyBox seal_key(const Secret& key, const PublicKey& recipient) {
  KeyBox out;
  if (crypto_box_seal(out.data(), key.view().data(), Secret::kBytes, recipient.data()) != 0)
    throw Error(ErrorCode::kCorrupt, "config: the repository's public key is not a valid point");
  return out;
}

std::optional<Secret> open_key(const KeyBox& box, const Secret& secret_key) {
  Secret out;
  PublicKey public_key = box_public_key(secret_key);
  if (crypto_box_seal_open(out.data(), box.data(), box.size(), public_key.data(), secret_key.view().data()) != 0)
    return std::nullopt;
  return out;
}

namespace {

struct SigningKey {
  explicit SigningKey(const Secret& seed) { crypto_sign_seed_keypair(public_key.data(), secret, seed.view().data()); }
  ~SigningKey() { sodium_memzero(secret, sizeof secret); }
  PublicKey public_key;
  uint8_t secret[crypto_sign_SECRETKEYBYTES];
};

}  // namespace

PublicKey signing_public_key(const Secret& seed) { return SigningKey(seed).public_key; }

Signature sign(const Secret& seed, std::string_view domain, ByteView message) {
  SigningKey key(seed);
  Bytes signed_bytes = with_domain(domain, message);
  Signature out;
  crypto_sign_detached(out.data(), nullptr, signed_bytes.data(), signed_bytes.size(), key.secret);
  return out;
}

bool verify(const PublicKey& key, std::string_view domain, ByteView message, const Signature& signature) {
  ready();
  Bytes signed_bytes = with_domain(domain, message);
  return crypto_sign_verify_detached(signature.data(), signed_bytes.data(), signed_bytes.size(), key.data()) == 0;
}

Suite best_suite() {
  ready();
  return crypto_aead_aes256gcm_is_available() ? Suite::kAes256Gcm : Suite::kXChaCha20Poly1305;
}

void protect_process() {
  rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace cairn
