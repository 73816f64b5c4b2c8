#include "ingest/crypto/aes_gcm.h"

#include <openssl/evp.h>

#include <algorithm>
#include <new>

#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kMostPieceBytes = 1 << 20;   // OpenSSL counts in int

void require(int result) {
  if (result != 1) throw Error(ErrorCode::kUnsupported, "AES-256-GCM: OpenSSL on this machine refuses it");
}

}  // namespace

struct AesGcm::State {
  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }   // wipes the key
  };
  std::unique_ptr<EVP_CIPHER_CTX, Free> context{EVP_CIPHER_CTX_new()};
  uint64_t bytes = 0;
};

AesGcm::AesGcm(Direction direction, const Secret& key, const GcmNonce& nonce) : state_(std::make_unique<State>()) {
  if (!state_->context) throw std::bad_alloc();
  static_assert(kGcmNonceBytes == 12, "what OpenSSL takes unless it is told otherwise");
  const int seals = direction == Direction::kSeal ? 1 : 0;
  require(EVP_CipherInit_ex(state_->context.get(), EVP_aes_256_gcm(), nullptr, key.view().data(), nonce.data(), seals));
}

AesGcm::~AesGcm() = default;
AesGcm::AesGcm(AesGcm&&) noexcept = default;
AesGcm& AesGcm::operator=(AesGcm&&) noexcept = default;

void AesGcm::restart(const GcmNonce& nonce) {
  require(EVP_CipherInit_ex(state_->context.get(), nullptr, nullptr, nullptr, nonce.data(), -1));
  state_->bytes = 0;
}

void AesGcm::update(ByteView in, std::span<uint8_t> out) {
  if (in.size() > kMostGcmBytes - state_->bytes)
    throw Error(ErrorCode::kUnsupported, "AES-256-GCM: a document of more than 64 GiB can't be sealed");
  state_->bytes += in.size();
  while (!in.empty()) {
    const size_t piece = std::min(in.size(), kMostPieceBytes);
    int made = 0;
    require(EVP_CipherUpdate(state_->context.get(), out.data(), &made, in.data(), static_cast<int>(piece)));
    if (made != static_cast<int>(piece)) require(0);
    in = in.subspan(piece);
    out = out.subspan(piece);
  }
}

GcmTag AesGcm::sealed() {
  GcmTag tag;
  int made = 0;
  uint8_t none[kGcmTagBytes];
  require(EVP_CipherFinal_ex(state_->context.get(), none, &made));
  require(EVP_CIPHER_CTX_ctrl(state_->context.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes, tag.data()));
  return tag;
}

bool AesGcm::opened(const GcmTag& tag) {
  GcmTag copy = tag;
  int made = 0;
  uint8_t none[kGcmTagBytes];
  require(EVP_CIPHER_CTX_ctrl(state_->context.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes, copy.data()));
  return EVP_CipherFinal_ex(state_->context.get(), none, &made) == 1;
}

}  // namespace cairn
