// What a command works with: the options, the outputs, and the repository once it asks for it.
//
// Threads:  one thread at a time.
// Lifetime: everything given to the constructor must outlive this.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"
#include "cli/output.h"
#include "cli/password.h"
#include "cli/progress.h"
#include "cli/snapshot_path.h"
#include "store/backend/backend.h"
#include "store/notes/snapshot_list.h"
#include "store/repository.h"

namespace cairn {

// The exit codes that aren't an error's (those are in main.cc).
enum ExitCode { kExitDone = 0, kExitFailed = 1, kExitIncomplete = 3 };

class Session {
 public:
  Session(const Options& all_options, const Parser& all_commands, Output& results, Progress& messages)
      : options(all_options), parser(all_commands), out(results), progress(messages) {}

  const Options& options;
  const Parser& parser;
  Output& out;
  Progress& progress;
  bool index_soon = false;   // the command will need the index

  // The place, without looking whether a repository is there.  UsageError when none was given, or one of a kind this version
  // doesn't know.
  Backend& backend();
  Password password(Ask ask);
  // Opens it, once.  Looks for it before it asks for a password.
  Repository& repository();

  // All snapshots that can be opened and aren't forgotten, with what was noted about them; what is wrong is told as warnings, and
  // those that can't be opened are counted in damaged_snapshots().
  const std::vector<Manifest>& snapshots();
  size_t damaged_snapshots() const { return list_ ? list_->damaged.size() : 0; }
  // The snapshot that `name` means (store/repository.h).  kCorrupt when it isn't an id and one that can't be opened may be meant:
  // yesterday's data would be wrong bytes for who asked for the latest.
  const Manifest& choose(const std::string& name, const SnapshotFilter& filter);
  // kNotFound and kInvalidArgument unless `path` is in the snapshot: before anything is written on its behalf.
  void require_path(const Manifest& snapshot, const std::string& path);

 private:
  std::unique_ptr<Backend> backend_;
  std::optional<Repository> repository_;
  std::optional<SnapshotList> list_;
};

// "postgresql" of "postgresql://…", "" when there is no scheme.
std::string_view url_scheme(std::string_view text);

}  // namespace cairn
