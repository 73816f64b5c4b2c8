#include "ingest/redis/server/rdb_target.h"

#include <sys/stat.h>

#include "ingest/redis/rdb_source.h"

namespace cairn {

namespace {

// Told before anything is read: `file`, when it may be written.
const std::string& require_free(const std::string& file, bool replace) {
  struct ::stat there{};
  if (::lstat(file.c_str(), &there) != 0) return file;
  if (!S_ISREG(there.st_mode) && !S_ISLNK(there.st_mode)) throw Error(ErrorCode::kInvalidArgument, printable(file) + ": is no plain file");
  if (!replace) throw Error(ErrorCode::kInvalidArgument, printable(file) + ": is there already: --replace overwrites it");
  return file;
}

}  // namespace

RdbTarget::RdbTarget(const std::string& file, bool replace, RdbFlavor flavor, int version, RestoreTally& tally)
    : replace_(replace), tally_(tally), file_(require_free(file, replace)),
      writer_(flavor, version, [this](ByteView bytes) { file_.write(bytes); }) {}

void RdbTarget::put(const SelectedKey& key, ByteView value) {
  writer_.key(key.db, key.name, key.type, key.expires_ms);
  writer_.value(value);
  tally_.restored(value.size());
}

void RdbTarget::begin(const SelectedKey& key) {
  part_ = redis_part_name(key.db, key.name);
  value_bytes_ = key.value.length_bytes;
  writer_.key(key.db, key.name, key.type, key.expires_ms);
}

void RdbTarget::break_off(const Error& why) { throw Error(why.code(), tally_.shown(part_) + ": " + why.what()); }

void RdbTarget::unreadable(const SelectedKey& key, const Error& why) {
  part_ = redis_part_name(key.db, key.name);
  break_off(why);
}

void RdbTarget::finish() {
  writer_.finish();
  file_.publish(replace_);
}

}  // namespace cairn
