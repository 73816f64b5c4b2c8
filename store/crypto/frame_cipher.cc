#include "store/crypto/frame_cipher.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kAesNonceBytes = 12;
constexpr size_t kMostPieceBytes = 1 << 30;   // OpenSSL counts in int

void require(int result) {
  if (result != 1) throw Error(ErrorCode::kUnsupported, "AES-256-GCM: OpenSSL on this machine refuses it");
}

// Looking it up is dearer than sealing a small frame.
const EVP_CIPHER* aes() {
  static const std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)> cipher(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr), EVP_CIPHER_free);
  require(cipher ? 1 : 0);
  return cipher.get();
}

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }   // wipes the key
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

enum Direction { kOpen = 0, kSeal = 1 };

Context begin(Direction direction, const Secret& key, const uint8_t* nonce, ByteView associated) {
  Context context(EVP_CIPHER_CTX_new());
  if (!context) throw std::bad_alloc();
  require(EVP_CipherInit_ex2(context.get(), aes(), key.view().data(), nonce, direction, nullptr));
  int made = 0;
  require(EVP_CipherUpdate(context.get(), nullptr, &made, associated.data(), static_cast<int>(associated.size())));
  return context;
}

void update(EVP_CIPHER_CTX* context, ByteView in, uint8_t* out) {
  for (size_t done = 0; done < in.size();) {
    const size_t piece = std::min(in.size() - done, kMostPieceBytes);
    int made = 0;
    require(EVP_CipherUpdate(context, out + done, &made, in.data() + done, static_cast<int>(piece)));
    done += piece;
  }
}

void seal_aes(const Secret& key, const uint8_t* nonce, ByteView associated, ByteView plain, uint8_t* out) {
  Context context = begin(kSeal, key, nonce, associated);
  update(context.get(), plain, out);
  uint8_t none[kTagBytes];
  int made = 0;
  require(EVP_CipherFinal_ex(context.get(), none, &made));
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, out + plain.size()));
}

bool open_aes(const Secret& key, const uint8_t* nonce, ByteView associated, ByteView sealed, uint8_t* out) {
  Context context = begin(kOpen, key, nonce, associated);
  const ByteView body = sealed.first(sealed.size() - kTagBytes);
  update(context.get(), body, out);
  uint8_t tag[kTagBytes], none[kTagBytes];
  std::memcpy(tag, sealed.data() + body.size(), kTagBytes);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag));
  int made = 0;
  return EVP_CipherFinal_ex(context.get(), none, &made) == 1;
}

}  // namespace

void FrameCipher::seal(uint32_t number, ByteView associated, ByteView plain, uint8_t* out) const {
  uint8_t nonce[kSharedNonceBytes] = {};
  static_assert(kAesNonceBytes < kSharedNonceBytes);
  std::memcpy(nonce, &number, sizeof number);
  if (suite_ == Suite::kAes256Gcm) return seal_aes(key_, nonce, associated, plain, out);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out, nullptr, plain.data(), plain.size(), associated.data(), associated.size(), nullptr, nonce,
                                             key_.view().data());
}

bool FrameCipher::open(uint32_t number, ByteView associated, ByteView sealed, uint8_t* out) const {
  if (sealed.size() < kTagBytes) return false;
  uint8_t nonce[kSharedNonceBytes] = {};
  std::memcpy(nonce, &number, sizeof number);
  if (suite_ == Suite::kAes256Gcm) return open_aes(key_, nonce, associated, sealed, out);
  return crypto_aead_xchacha20poly1305_ietf_decrypt(out, nullptr, nullptr, sealed.data(), sealed.size(), associated.data(), associated.size(),
                                                    nonce, key_.view().data()) == 0;
}

}  // namespace cairn
