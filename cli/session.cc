#include "cli/session.h"

#include <algorithm>

#include "ingest/restore.h"
#include "store/backend/local.h"
#include "store/error.h"
#include "store/keys/config.h"

namespace cairn {

std::string_view url_scheme(std::string_view text) {
  const size_t end = text.find("://");
  if (end == std::string_view::npos || end == 0) return {};
  const std::string_view scheme = text.substr(0, end);
  const bool fits = std::ranges::all_of(scheme, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '.' || c == '-';
  });
  return fits ? scheme : std::string_view{};
}

Backend& Session::backend() {
  if (backend_) return *backend_;
  const std::string& place = options.repository;
  if (place.empty()) throw UsageError("which repository? give -r PLACE or set CAIRN_REPOSITORY");
  if (const std::string_view scheme = url_scheme(place); !scheme.empty())
    throw UsageError("repository " + std::string(scheme) +
                     "://...: not supported by this version, which keeps repositories in directories");
  backend_ = open_local(place);
  return *backend_;
}

Password Session::password(Ask ask) { return read_password(options, ask, backend().describe(), progress); }

Repository& Session::repository() {
  if (!repository_) {
    read_config(backend());
    const Password secret = password(Ask::kOnce);
    repository_.emplace(backend(), secret.unlock(), options.cache_folder, index_soon);
  }
  return *repository_;
}

const std::vector<Manifest>& Session::snapshots() {
  if (!list_) {
    list_ = list_snapshots(repository().backend(), repository().keys());
    for (const SnapshotList::Problem& problem : list_->problems) progress.warning(problem.what + " (see: cairn check)");
  }
  return list_->snapshots;
}

const Manifest& Session::choose(const std::string& name, const SnapshotFilter& filter) {
  const Manifest& chosen = choose_snapshot(snapshots(), name, filter);
  if (chosen.id.hex().starts_with(name)) return chosen;
  for (const SnapshotId& id : list_->damaged) {
    // What one knows as its predecessor is older.
    const bool older = std::ranges::any_of(list_->snapshots, [&](const Manifest& m) {
      return m.previous == id && m.time_ns <= chosen.time_ns;
    });
    if (!older)
      throw Error(ErrorCode::kCorrupt, "\"" + printable(name) + "\" may mean the snapshot " + id.hex().substr(0, 16) +
                                           ", which can't be opened; choose another one by its id (see: cairn snapshots)");
  }
  return chosen;
}

void Session::require_path(const Manifest& snapshot, const std::string& path) {
  cairn::require_path(repository(), snapshot, path, progress);
}

}  // namespace cairn
