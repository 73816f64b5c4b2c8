#include "ingest/redis/server/key_target.h"

namespace cairn {

namespace {

constexpr uint64_t kMostTold = 20;   // failures, one by one
constexpr uint64_t kMostNamed = 3;   // of the keys that are left

std::string keys(uint64_t count) { return std::to_string(count) + (count == 1 ? " key" : " keys"); }

}  // namespace

void RestoreTally::restored(uint64_t value_bytes) {
  ++result_.keys;
  result_.bytes += value_bytes;
  ++monitor_.files_done;
  monitor_.bytes_done += value_bytes;
}

void RestoreTally::left(const std::string& part) {
  if (++result_.left <= kMostNamed) left_ += (left_.empty() ? "" : ", ") + printable(part);
}

void RestoreTally::failed(const std::string& part, const std::string& why) {
  if (++result_.failed <= kMostTold) monitor_.error(component_ + "/" + part, why);
}

void RestoreTally::finish() {
  if (result_.failed > kMostTold) monitor_.error(component_, keys(result_.failed - kMostTold) + " more could not be restored");
  if (result_.left > 0)
    monitor_.warning(keys(result_.left) + (result_.left == 1 ? " was" : " were") + " there already and " +
                     (result_.left == 1 ? "is" : "are") + " left as found: " + left_ + (result_.left > kMostNamed ? " …" : "") +
                     ": --replace restores them");
}

}  // namespace cairn
