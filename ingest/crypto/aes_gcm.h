// AES-256-GCM as a stream, of one message after another.
//
// Threads:  one thread at a time.   Source: NIST SP 800-38D; OpenSSL's EVP.
#pragma once

#include <array>
#include <memory>

#include "store/bytes.h"
#include "store/crypto/sodium.h"

namespace cairn {

inline constexpr size_t kGcmNonceBytes = 12, kGcmTagBytes = 16;
// No message under one nonce may be longer.
inline constexpr uint64_t kMostGcmBytes = (uint64_t{1} << 36) - 32;

using GcmNonce = std::array<uint8_t, kGcmNonceBytes>;
using GcmTag = std::array<uint8_t, kGcmTagBytes>;

class AesGcm {
 public:
  enum class Direction { kSeal, kOpen };
  AesGcm(Direction direction, const Secret& key, const GcmNonce& nonce);
  ~AesGcm();
  AesGcm(AesGcm&&) noexcept;
  AesGcm& operator=(AesGcm&&) noexcept;

  // Begins another message under the same key, whatever has become of the one before.   Requires: sealing, no message had this nonce.
  void restart(const GcmNonce& nonce);
  // Seals or opens the next bytes; what is opened is authentic only when opened() has said so.   Requires: out.size() == in.size(); they
  // may be the same.   Errors: kUnsupported when the message is longer than kMostGcmBytes.
  void update(ByteView in, std::span<uint8_t> out);
  // After the last byte of a message, once.
  GcmTag sealed();
  bool opened(const GcmTag& tag);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
