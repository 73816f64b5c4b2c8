#include "store/backend/s3/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "store/error.h"

namespace cairn {

namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

void require(bool worked) {
  if (!worked) throw Error(ErrorCode::kUnsupported, "OpenSSL: it refuses to compute SHA-256 or MD5 (is it in FIPS mode?)");
}

Context begin(const EVP_MD* kind) {
  Context out(EVP_MD_CTX_new());
  require(out && EVP_DigestInit_ex(out.get(), kind, nullptr) == 1);
  return out;
}

template <class Sum>
Sum end(const Context& context) {
  Sum out;
  unsigned length = 0;
  require(EVP_DigestFinal_ex(context.get(), out.data(), &length) == 1 && length == out.size());
  return out;
}

}  // namespace

Sha256 sha256(ByteView bytes) {
  Context context = begin(EVP_sha256());
  require(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
  return end<Sha256>(context);
}

Sha256 hmac_sha256(ByteView key, ByteView message) {
  Sha256 out;
  unsigned length = 0;
  require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(), message.size(), out.data(), &length) &&
          length == out.size());
  return out;
}

std::string base64(ByteView bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');   // and a NUL, which is not part of it
  int length = EVP_EncodeBlock(reinterpret_cast<uint8_t*>(out.data()), bytes.data(), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(length));
  return out;
}

struct BodyDigest::State {
  Context sha256 = begin(EVP_sha256()), md5 = begin(EVP_md5());
};

BodyDigest::BodyDigest() : state_(std::make_unique<State>()) {}
BodyDigest::~BodyDigest() = default;
BodyDigest::BodyDigest(BodyDigest&&) noexcept = default;

void BodyDigest::update(ByteView bytes) {
  require(EVP_DigestUpdate(state_->sha256.get(), bytes.data(), bytes.size()) == 1 &&
          EVP_DigestUpdate(state_->md5.get(), bytes.data(), bytes.size()) == 1);
}

std::pair<Sha256, Md5> BodyDigest::finish() { return {end<Sha256>(state_->sha256), end<Md5>(state_->md5)}; }

}  // namespace cairn
