// Stored things in readable form, for whoever debugs: files of a repository, chunks, tree objects.
// Shows as much as the keys at hand and the damage allow: what could be read, then why it ends there.
//
// Memory:   the file, or the directory of the pack.   Threads: functions are thread-safe, as far as their arguments are.
#pragma once

#include <string>
#include <vector>

#include "store/repository.h"

namespace cairn {

// "key: value", and what belongs to it.
struct Shown {
  enum class Form { kText, kNumber, kTime };   // kTime: ns since the epoch
  std::string key;
  Form form = Form::kText;
  std::string text;      // may hold any bytes
  int64_t number = 0;
  std::vector<Shown> beneath;

  Shown& add(std::string name, std::string_view value) { return beneath.emplace_back(Shown{std::move(name), Form::kText, std::string(value), 0, {}}); }
  Shown& add(std::string name, uint64_t value) { return beneath.emplace_back(Shown{std::move(name), Form::kNumber, "", static_cast<int64_t>(value), {}}); }
  Shown& add_time(std::string name, int64_t ns) { return beneath.emplace_back(Shown{std::move(name), Form::kTime, "", ns, {}}); }
};

struct Inspection {
  Shown shown;           // what counts is beneath it
  std::string error;     // why there isn't more; "" when all could be read
};

// A file by its name in the repository: config, keys/ID, packs/xx/ID, index/ID, snapshots/ID, leases/ID.N, gc/N, notes/ID.
// No secrets are shown.   Errors: kNotFound, kIo, kInvalidArgument for a name that no file can have; everything else is in the result.
Inspection inspect_file(Backend& backend, const Keyring& keys, const std::string& name);
// Where a chunk is, and whether its bytes are right (with a key that reads).   Errors as above.
Inspection inspect_chunk(Repository& repository, const ChunkId& id);
// A directory, chunk list or catalogue: one stored object of it.   kWrongKey without a key that reads.
Inspection inspect_tree(Repository& repository, const ChunkId& id);

}  // namespace cairn
