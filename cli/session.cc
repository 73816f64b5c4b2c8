#include "cli/session.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "cli/interrupt.h"
#include "ingest/restore.h"
#include "store/backend/file_cache.h"
#include "store/backend/local.h"
#include "store/backend/s3/s3.h"
#include "store/error.h"
#include "store/keys/config.h"
#include "store/seen/places.h"

namespace cairn {

namespace {

constexpr size_t kMostToldRollbacks = 20;

}  // namespace

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
  if (!backend_) backend_ = open_backend();
  return *backend_;
}

std::unique_ptr<Backend> Session::open_backend() const {
  const std::string& place = options.repository;
  if (place.empty()) throw UsageError("which repository? give -r PLACE or set CAIRN_REPOSITORY");
  const std::string_view scheme = url_scheme(place);
  if (scheme == "s3") return open_remote();
  if (!scheme.empty())
    throw UsageError("repository " + std::string(scheme) +
                     "://...: not supported by this version, which keeps repositories in directories and in S3 (s3://BUCKET/PREFIX)");
  if (!options.limit_upload.empty() || !options.limit_download.empty())
    throw UsageError("--limit-upload and --limit-download are for repositories in S3; this one is a directory");
  return open_local(place);
}

// A URL or credentials that make no sense are wrong usage.
std::unique_ptr<Backend> Session::open_remote() const {
  try {
    S3Options remote;
    remote.local_folder = options.cache_folder;
    remote.stop = interrupted;
    remote.upload_bytes_per_second = options.upload_bytes_per_second;
    remote.download_bytes_per_second = options.download_bytes_per_second;
    auto bucket = open_s3(options.repository, remote);
    return reads_storage ? std::move(bucket) : with_file_cache(std::move(bucket), options.cache_folder + "/files");
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInvalidArgument) throw UsageError(e.what());
    throw;
  }
}

Session::~Session() {
  if (backend_ && !backend_->usage().empty()) progress.note(backend_->usage());
}

Password Session::password(Ask ask) { return read_password(options, ask, backend().describe(), progress); }

Repository& Session::repository() {
  if (!repository_) {
    Opening opening(backend(), writes || reads_storage ? IndexUse::kNone : index_use);
    opening.index_use = index_use;
    if (!options.accept_rollback) require_known_place(options.cache_folder, location(), opening.config.repository);
    const Password secret = password(Ask::kOnce);
    seen_ = opening.seen;
    repository_.emplace(backend(), secret.unlock(), options.cache_folder, std::move(opening));
    remember_place(repository_->config().repository);
    watch_.emplace(*repository_, options.accept_rollback);
  }
  return *repository_;
}

// Where the repository is, wherever the program was started.
std::string Session::location() {
  const std::string& place = options.repository;
  if (!url_scheme(place).empty()) return backend().describe();
  std::error_code error;
  std::string whole = std::filesystem::absolute(place, error).lexically_normal().string();
  while (whole.size() > 1 && whole.ends_with('/')) whole.pop_back();
  return error ? place : whole;
}

void Session::remember_place(const RepositoryId& id) {
  try {
    cairn::remember_place(options.cache_folder, location(), id);
  } catch (const Error& e) {
    progress.warning("which repository is where can't be remembered: " + std::string(e.what()));
  }
}

void Session::tell(const std::vector<Rollback>& found) {
  if (std::exchange(told_, true)) return;
  for (size_t i = 0; i < std::min(found.size(), kMostToldRollbacks); ++i) progress.warning(found[i].what);
  if (found.size() > kMostToldRollbacks)
    progress.warning("and " + std::to_string(found.size() - kMostToldRollbacks) + " more snapshots are lost or rolled back");
  if (!found.empty())
    progress.warning("this repository was in a newer state when this machine saw it last; if that is right, say so once with --accept-rollback");
}

void Session::tell_trouble() {
  if (!watch_->trouble().empty()) progress.warning("what was seen can't be remembered: " + watch_->trouble());
}

const std::vector<Rollback>& Session::rollbacks() {
  repository();
  const std::vector<Rollback>& found = watch_->rollbacks(*seen_);
  tell(found);
  return found;
}

void Session::require_no_rollback() {
  repository();
  watch_->rollbacks(*seen_);
  watch_->require_no_rollback();
}

void Session::made(const Manifest& manifest) {
  watch_->made(manifest);
  tell_trouble();
}

const std::vector<Manifest>& Session::snapshots() {
  if (!list_) {
    const Repository& opened = repository();
    list_ = list_snapshots(opened.backend(), opened.keys(), *seen_);
    for (const SnapshotList::Problem& problem : list_->problems) progress.warning(problem.what + " (see: cairn check)");
    tell(watch_->rollbacks(*list_));
    tell_trouble();
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
