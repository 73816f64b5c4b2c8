#include "store/prune/reserve.h"

#include "store/crypto/sodium.h"
#include "store/format.h"

namespace cairn {

namespace {

constexpr size_t kReserveBytes = 256 << 10;

}  // namespace

bool make_reserve(Backend& backend, const RepositoryId& repository) {
  for (const StoredFile& file : backend.list(""))
    if (file.name == kReserveName) return true;
  Encoder out;
  out.raw(Header{kFormatVersion, ObjectType::kReserve, Suite::kXChaCha20Poly1305, repository, {}}.encode());
  Bytes file = out.take();
  const size_t begin = file.size();
  file.resize(kReserveBytes - kTrailerBytes);
  random_fill(std::span(file).subspan(begin));   // a file system that compresses shall keep it as long as it says it is
  append_trailer(file);
  try {
    put(backend, kReserveName, file);
    return true;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kNoSpace) throw;
    return false;
  }
}

}  // namespace cairn
