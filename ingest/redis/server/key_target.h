// Where selected keys go: a server by RESTORE or by commands, or an RDB file.
// Threads:  one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "ingest/monitor.h"
#include "ingest/redis/server/redis_restore.h"
#include "ingest/redis/server/selected_keys.h"
#include "store/bytes.h"
#include "store/error.h"

namespace cairn {

class KeyTarget {
 public:
  virtual ~KeyTarget() = default;
  // Whether the key's value need be read at all; what isn't wanted was counted.
  virtual bool wants(const SelectedKey& key) = 0;
  // These come next, all of one database, each through put() or begin() or, when its value can't be read, unreadable().
  virtual void coming(std::span<const SelectedKey>) {}
  virtual void put(const SelectedKey& key, ByteView value) = 0;
  // A long value: begin, then piece() with exactly its bytes, then end(); break_off() when the rest can't be read.
  virtual void begin(const SelectedKey& key) = 0;
  virtual void piece(ByteView bytes) = 0;
  virtual void end() = 0;
  virtual void break_off(const Error& why) = 0;
  virtual void unreadable(const SelectedKey& key, const Error& why) = 0;
};

// Counts what becomes of the keys and tells the monitor: failures one by one as long as they are few, what is left once at the end.
class RestoreTally {
 public:
  // `component`: its name, for people.   All must outlive this.
  RestoreTally(std::string component, RedisRestoreResult& result, Monitor& monitor)
      : component_(std::move(component)), result_(result), monitor_(monitor) {}
  void restored(uint64_t value_bytes);
  void function_restored() { ++result_.functions; }
  void expired() { ++result_.expired; }
  void left(const std::string& part);   // "0/session:42"
  void failed(const std::string& part, const std::string& why);
  // Once, after the last key.
  void finish();

  const RedisRestoreResult& result() const { return result_; }
  Monitor& monitor() const { return monitor_; }
  // For messages: "cache/0/session:42".
  std::string shown(const std::string& part) const { return printable(component_ + "/" + part); }

 private:
  const std::string component_;
  RedisRestoreResult& result_;
  Monitor& monitor_;
  std::string left_;   // the first few
};

}  // namespace cairn
