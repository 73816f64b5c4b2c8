// A file that appears under its name when it is whole, and not before.
//
// Threads:  one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "ingest/tree/temporary.h"
#include "store/bytes.h"
#include "store/fd.h"

namespace cairn {

class NewFile {
 public:
  // Its directory must be there.  0600, beside its place under a random name; what isn't published is removed again.
  // Errors: kNotFound (no such directory), kIo, kNoSpace; also from the others, all naming the path.
  explicit NewFile(std::string path);
  const std::string& path() const { return path_; }
  void write(ByteView bytes);
  // Durable, then visible.   kInvalidArgument when something is there and `replace` is false.
  void publish(bool replace);

 private:
  void flush();
  [[noreturn]] void fail(const std::string& what) const;
  std::string path_, name_;
  Fd directory_, file_;
  RandomNames names_;
  std::unique_ptr<Temporary> temporary_;
  Bytes waiting_;
};

}  // namespace cairn
