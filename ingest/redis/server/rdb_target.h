// Keys into a new RDB file, which appears when it is whole.
// Threads:  one thread at a time.
#pragma once

#include <string>

#include "ingest/redis/rdb/rdb_writer.h"
#include "ingest/redis/server/key_target.h"
#include "ingest/restore/new_file.h"

namespace cairn {

class RdbTarget : public KeyTarget {
 public:
  // `file`: its directory must be there.   Errors: kInvalidArgument when it is there and `replace` isn't set, or is no plain file;
  //         the system's.
  RdbTarget(const std::string& file, bool replace, RdbFlavor flavor, int version, RestoreTally& tally);

  void aux(std::string_view name, std::string_view value) { writer_.aux(name, value); }
  void function(std::string_view source) { writer_.function(source); }
  bool wants(const SelectedKey&) override { return true; }   // a server drops what has expired when it loads the file
  // A key that can't be read ends it: a file with a gap would seem whole.
  void put(const SelectedKey& key, ByteView value) override;
  void begin(const SelectedKey& key) override;
  void piece(ByteView bytes) override { writer_.value(bytes); }
  void end() override { tally_.restored(value_bytes_); }
  void break_off(const Error& why) override;
  void unreadable(const SelectedKey& key, const Error& why) override;
  // The end of the file, durably, under its name.
  void finish();

 private:
  const bool replace_;
  RestoreTally& tally_;
  NewFile file_;
  RdbWriter writer_;
  std::string part_;                     // that is being written
  uint64_t value_bytes_ = 0;
};

}  // namespace cairn
