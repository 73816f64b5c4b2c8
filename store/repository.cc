#include "store/repository.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>

#include "store/gc/gc_list.h"
#include "store/host.h"
#include "store/prune/reserve.h"
#include "store/notes/snapshot_list.h"
#include "store/seen/local_memory.h"
#include "store/tree/directory.h"

namespace cairn {

RepositoryId Repository::init(Backend& backend, const Unlock& unlock, const InitOptions& options) {
  if (!options.sizes.valid())
    throw Error(ErrorCode::kInvalidArgument, "chunk sizes: three powers of two, each larger than the one before, from 1K to 4M");
  auto present = backend.list("");
  for (const StoredFile& file : present)
    if (file.name == kConfigName)
      throw Error(ErrorCode::kInvalidArgument, backend.describe() + ": there is a repository already; it was left as it is");
  // Slots without a config are what an interrupted init left behind; they are in nobody's way (see open_slots).
  bool empty = std::ranges::all_of(present, [](const StoredFile& file) { return id_in_name<SlotId>(file.name) && file.name.starts_with("keys/"); });
  if (!empty || !backend.list_foreign().empty())
    throw Error(ErrorCode::kInvalidArgument, backend.describe() + ": is not empty; choose a new place for the repository");
  auto id = random_id<RepositoryId>();
  Keyring keys = make_keyring(id, now_ns());
  Config config;
  config.repository = id;
  config.suite = options.suite;
  config.box_public = keys.box_public;
  config.maintenance_public = keys.maintenance_public;
  config.sizes = options.sizes;
  config.content = options.content;
  config.created_ns = now_ns();
  // The config comes last: a place without one is no repository, whatever a crash left there.
  const KeyCard card = make_card(keys, keys.certificate.client(), Role::kOwner, "", config.created_ns);
  add_slot(backend, keys, unlock, options.kdf, &card);
  put(backend, kConfigName, config.encode(*keys.maintenance_seed));
  make_reserve(backend, id);
  return id;
}

namespace {

// Only one that is there: nothing is made for who may not even know the password.
std::future<std::unique_ptr<IndexDatabase>> open_early(const std::string& folder, IndexUse use) {
  std::error_code ignored;
  if (use == IndexUse::kNone || !std::filesystem::exists(folder, ignored)) return {};
  return std::async(std::launch::async, [folder, use] {
    auto database = std::make_unique<IndexDatabase>(folder);
    if (use == IndexUse::kMost) Index::expect_all(*database);
    return database;
  });
}

// Where there is no repository, that is said, whatever else is in its place.
FolderListing list_repository(Backend& backend, std::vector<std::string> prefixes) try {
  return FolderListing(backend, std::move(prefixes));
} catch (const Error&) {
  read_config(backend);
  throw;
}

}  // namespace

Opening::Opening(Backend& backend, IndexUse use)
    : seen(list_repository(backend, use != IndexUse::kNone
                                        ? std::vector<std::string>{"config", "gc/", "index/", "keys/", "notes/", "packs/", "snapshots/"}
                                        : std::vector<std::string>{"config", "gc/", "keys/", "notes/", "snapshots/"})),
      config(read_config(backend)), index_use(use) {}

Repository::Repository(Backend& backend, const Unlock& unlock, const std::string& cache_root, IndexUse index_use)
    : Repository(backend, unlock, cache_root, Opening(backend, index_use)) {}

Repository::Repository(Backend& backend, const Unlock& unlock, const std::string& cache_root, Opening opening)
    : backend_(backend), config_(std::move(opening.config)), opening_generation_(newest_generation(opening.seen)),
      cache_folder_(cache_root + "/" + config_.repository.hex()),
      opening_(open_early(cache_folder_ + "/index", opening.index_use)),
      keys_(open_slots(backend, config_.repository, unlock, opening.seen, &slot_)) {
  if (opening.seen.covers("packs/")) packs_seen_ = std::move(opening.seen);
  if (keys_.box_public != config_.box_public || keys_.maintenance_public != config_.maintenance_public)
    throw Error(ErrorCode::kCorrupt, "config: its keys are not those the key slot knows: it was exchanged");
}
Repository::~Repository() = default;

namespace {

FolderListing list_packs(Backend& backend) { return FolderListing(backend, {"index/", "packs/"}); }

}  // namespace

// Requires: it isn't open.
Index& Repository::open_index(const FolderListing& seen) {
  mark_as_cache(cache_folder_);
  auto database = opening_.valid() ? opening_.get() : std::make_unique<IndexDatabase>(cache_folder_ + "/index");
  index_ = std::make_unique<Index>(backend_, keys_, std::move(database), seen);
  packs_seen_.reset();
  return *index_;
}
Index& Repository::writable_index() { return index_ ? *index_ : open_index(list_packs(backend_)); }
Index& Repository::fresh_index() { return fresh_index(list_packs(backend_)); }
Index& Repository::fresh_index(const FolderListing& seen) {
  if (!index_) return open_index(seen);
  index_->refresh(seen);
  return *index_;
}
const Index& Repository::shared_index() {
  if (index_) return *index_;
  const FolderListing seen = list_packs(backend_);
  open_index(seen);
  index_.reset();   // closed before it is opened the other way
  auto shared = std::make_unique<IndexDatabase>(cache_folder_ + "/index", IndexDatabase::Access::kShared);
  index_ = std::make_unique<Index>(backend_, keys_, std::move(shared), seen);
  return *index_;
}
const Index& Repository::index() {
  if (index_) return *index_;
  return packs_seen_ ? open_index(*packs_seen_) : writable_index();
}

std::vector<Manifest> Repository::snapshots(std::vector<std::string>* problems) const {
  keys_.require_may_read();
  SnapshotList list = list_snapshots(backend_, keys_);
  if (problems)
    for (SnapshotList::Problem& problem : list.problems) problems->push_back(std::move(problem.what));
  return std::move(list.snapshots);
}

bool SnapshotFilter::matches(const Manifest& m) const {
  bool tags_match = std::ranges::all_of(tags, [&](const std::string& tag) { return std::ranges::find(m.tags, tag) != m.tags.end(); });
  return tags_match && (host.empty() || m.host == host) && (component.empty() || m.component(component));
}

namespace {

// "@2026-11-20T03:00[:00][Z]" or "@2026-11-20": the last ns it covers.
int64_t parse_time(std::string_view name) {
  std::string text(name.substr(1));
  bool utc = text.ends_with('Z');
  if (utc) text.pop_back();
  std::tm tm{};
  for (auto [format, seconds] : {std::pair{"%Y-%m-%dT%H:%M:%S", 1}, {"%Y-%m-%dT%H:%M", 60}, {"%Y-%m-%d", 86400}}) {
    tm = {};
    const char* end = ::strptime(text.c_str(), format, &tm);
    if (!end || *end != '\0') continue;
    tm.tm_isdst = -1;
    int64_t begin = utc ? ::timegm(&tm) : ::mktime(&tm);
    return (begin + seconds) * 1'000'000'000 - 1;
  }
  throw Error(ErrorCode::kInvalidArgument, "snapshot \"" + printable(name) + "\": write a time like @2026-11-20T03:00");
}

const Manifest& nth_newest(const std::vector<const Manifest*>& candidates, std::string_view name) {
  size_t back = 0;
  if (name != "latest") {
    std::string_view digits = name.substr(7);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), back);
    if (error != std::errc{} || end != digits.data() + digits.size())
      throw Error(ErrorCode::kInvalidArgument, "snapshot \"" + printable(name) + "\": write latest, or latest~2 for the third newest");
  }
  if (back >= candidates.size())
    throw Error(ErrorCode::kNotFound, "snapshot \"" + printable(name) + "\": there are only " + std::to_string(candidates.size()) +
                                          " snapshots to choose from (see: cairn snapshots)");
  return *candidates[candidates.size() - 1 - back];
}

}  // namespace

const Manifest& choose_snapshot(const std::vector<Manifest>& snapshots, std::string_view name, const SnapshotFilter& filter) {
  std::vector<const Manifest*> candidates;
  for (const Manifest& m : snapshots)
    if (filter.matches(m)) candidates.push_back(&m);
  if (candidates.empty())
    throw Error(ErrorCode::kNotFound, snapshots.empty() ? "there are no snapshots yet (make one with: cairn backup)"
                                                        : "no snapshot fits the host, tags and component asked for (see: cairn snapshots)");
  const bool by_age = name == "latest" || name.starts_with("latest~") || name.starts_with('@');
  if (by_age && std::erase_if(candidates, [](const Manifest* m) { return m->late; }) > 0 && candidates.empty())
    throw Error(ErrorCode::kNotFound, "every snapshot that fits came too late for a prune: it may lack data (run: cairn check)");
  if (by_age && !name.starts_with('@')) return nth_newest(candidates, name);
  if (by_age) {
    int64_t limit = parse_time(name);
    std::erase_if(candidates, [&](const Manifest* m) { return m->time_ns > limit; });
    if (candidates.empty()) throw Error(ErrorCode::kNotFound, "snapshot \"" + printable(name) + "\": none is that old");
    return *candidates.back();
  }
  if (name.size() < 4) throw Error(ErrorCode::kInvalidArgument, "snapshot \"" + printable(name) + "\": give at least 4 digits of its id");
  std::vector<const Manifest*> fitting;
  for (const Manifest* m : candidates)
    if (m->id.hex().starts_with(name)) fitting.push_back(m);
  if (fitting.empty()) throw Error(ErrorCode::kNotFound, "snapshot \"" + printable(name) + "\": not found (see: cairn snapshots)");
  if (fitting.size() > 1)
    throw Error(ErrorCode::kInvalidArgument, "snapshot \"" + printable(name) + "\": means " + std::to_string(fitting.size()) +
                                                 " of them, e.g. " + fitting[0]->id.hex().substr(0, 16) + " and " +
                                                 fitting[1]->id.hex().substr(0, 16) + ": give more digits");
  return *fitting[0];
}

std::optional<Entry> find_path(const GetObject& get, const ChunkId& root, std::string_view path) {
  std::optional<Entry> at;
  std::string walked;
  while (!path.empty()) {
    size_t slash = path.find('/');
    std::string_view name = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    if (name.empty() || name == ".") continue;
    if (at && at->type != EntryType::kDirectory)
      throw Error(ErrorCode::kInvalidArgument, printable(walked) + ": is not a directory");
    at = DirectoryReader::find(get, at ? at->directory : root, name);
    walked += (walked.empty() ? "" : "/") + std::string(name);
    if (!at) throw Error(ErrorCode::kNotFound, printable(walked) + ": is not in the snapshot");
  }
  return at;
}

}  // namespace cairn
