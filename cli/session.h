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
#include "store/seen/watch.h"

namespace cairn {

// The exit codes that aren't an error's (those are in main.cc).
enum ExitCode { kExitDone = 0, kExitFailed = 1, kExitIncomplete = 3 };

class Session {
 public:
  Session(const Options& all_options, const Parser& all_commands, Output& results, Progress& messages)
      : options(all_options), parser(all_commands), out(results), progress(messages) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();   // with -v tells what was asked of distant storage

  const Options& options;
  const Parser& parser;
  Output& out;
  Progress& progress;
  IndexUse index_use = IndexUse::kNone;   // what the command will need of the index
  bool writes = false;       // it will look for packs itself, once it has a lease
  bool reads_storage = false;   // the command is about what is stored: no copies kept on this machine in its place

  // The place, without looking whether a repository is there.  UsageError when none was given, or one of a kind this version
  // doesn't know.
  Backend& backend();
  // The place anew, whatever backend() is.   UsageError.
  std::unique_ptr<Backend> open_backend() const;
  // In place of what backend() would open.   Requires: backend() wasn't called.
  void use_backend(std::unique_ptr<Backend> backend) { backend_ = std::move(backend); }
  Password password(Ask ask);
  // Opens it, once.  Looks for it, and whether it is the one that was at this place before, before it asks for a password.
  // kCorrupt when it is another, unless --accept-rollback is given.
  Repository& repository();
  // Notes down that the repository is at this place; where that can't be written there is a warning.
  void remember_place(const RepositoryId& id);

  // What this machine saw and the storage doesn't show any more; told as warnings, once.
  const std::vector<Rollback>& rollbacks();
  // For commands that write, before they do.  kCorrupt when there are any.
  void require_no_rollback();
  // A snapshot that was just made: it is remembered.
  void made(const Manifest& manifest);

  // All snapshots that could be opened and weren't forgotten when the repository was opened, with what was noted about them; what is wrong is told as warnings, and
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
  std::unique_ptr<Backend> open_remote() const;
  std::string location();
  void tell(const std::vector<Rollback>& found);
  void tell_trouble();

  std::optional<FolderListing> seen_;   // when the repository was opened
  std::optional<SnapshotList> list_;
  std::optional<Watch> watch_;
  bool told_ = false;
};

// "postgresql" of "postgresql://…", "" when there is no scheme.
std::string_view url_scheme(std::string_view text);

}  // namespace cairn
