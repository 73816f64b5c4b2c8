// The digests that S3 asks for: SHA-256 in signatures and of what is sent, MD5 in ETags.  Not cairn's own security, which is
// libsodium's (store/crypto/sodium.h); OpenSSL's use the instructions of the CPU and are several times faster.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "store/bytes.h"

namespace cairn {

using Sha256 = std::array<uint8_t, 32>;
using Md5 = std::array<uint8_t, 16>;

Sha256 sha256(ByteView bytes);
Sha256 hmac_sha256(ByteView key, ByteView message);
std::string base64(ByteView bytes);

// Both of a body that comes in pieces.   Threads: one thread at a time.
class BodyDigest {
 public:
  BodyDigest();
  ~BodyDigest();
  BodyDigest(BodyDigest&&) noexcept;
  void update(ByteView bytes);
  // Afterwards only destruction is allowed.
  std::pair<Sha256, Md5> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
