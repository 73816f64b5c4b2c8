#include "store/notes/witness.h"

#include <algorithm>

#include "store/coding.h"
#include "store/crypto/blake3.h"

namespace cairn {

namespace {

constexpr std::string_view kDomain = "cairn witness v1";
constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr size_t kDigitCount = 16;

}  // namespace

Witness witness_of(const RepositoryId& repository, const SnapshotId& snapshot, ByteView manifest_file) {
  Encoder begin;
  begin.u8(static_cast<uint8_t>(kDomain.size()));
  begin.raw(view(kDomain));
  begin.raw(repository.view());
  begin.raw(snapshot.view());
  Blake3 hash;
  hash.update(begin.out());
  hash.update(manifest_file);
  const Blake3Hash whole = hash.finish();
  Witness out;
  std::copy_n(whole.begin(), out.size(), out.begin());
  return out;
}

std::string witness_text(const Witness& witness) {
  std::string out;
  uint32_t bits = 0;
  unsigned count = 0;
  for (uint8_t byte : witness) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 5; count -= 5) {
      if (out.size() % 5 == 4) out += '-';
      out += kDigits[bits >> (count - 5) & 31];
    }
  }
  return out;
}

std::optional<Witness> parse_witness(std::string_view text) {
  Witness out{};
  size_t digits = 0;
  for (char c : text) {
    if (c == '-' || c == ' ') continue;
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const size_t value = kDigits.find(lower);
    if (value == std::string_view::npos || digits == kDigitCount) return std::nullopt;
    for (unsigned bit = 0; bit < 5; ++bit) {
      const size_t at = digits * 5 + bit;
      if (value >> (4 - bit) & 1) out[at / 8] = static_cast<uint8_t>(out[at / 8] | 0x80 >> (at % 8));
    }
    ++digits;
  }
  return digits == kDigitCount ? std::optional(out) : std::nullopt;
}

}  // namespace cairn
