#include "ingest/backup/before.h"

#include "store/notes/snapshot_list.h"

namespace cairn {

namespace {

constexpr size_t kBeforeTreeCacheBytes = 8 << 20;
constexpr size_t kListCacheBytes = 4 << 20;  // of frames with chunk lists of unchanged files, for each worker

}  // namespace

Before::Before(Repository& repository, const WriteSession* session) : repository_(repository) {
  const Keyring& keys = repository.keys();
  const bool dry_run = session == nullptr;
  if (keys.may_read()) {
    snapshots_ = dry_run ? repository.snapshots() : list_snapshots(repository.backend(), keys, session->seen()).snapshots;
    reader_ = std::make_unique<ChunkReader>(repository.backend(), keys, repository.index(), kBeforeTreeCacheBytes);
    return;
  }
  caches_ = std::make_unique<TreeCaches>(repository.cache_folder(), keys);
  snapshots_ = caches_->manifests();
  if (!dry_run) new_cache_ = std::make_unique<TreeCacheWriter>(repository.cache_folder(), keys);
}

GetObject Before::trees() {
  if (reader_) return reader_->object_source();
  return [this](const ChunkId& id) { return caches_->get(id); };
}

GetObject Before::lists() {
  if (reader_) {
    list_readers_.emplace_back(repository_.backend(), repository_.keys(), repository_.index(), kListCacheBytes);
    return list_readers_.back().object_source();
  }
  // Nobody stores the list of a file anew that is kept as it was, so it goes from one cache to the next here.
  return [this](const ChunkId& id) {
    Buffer object = caches_->get(id);
    new_cache_->add(id, object);
    return object;
  };
}

PutObject Before::remembering(const PutObject& put) {
  if (!new_cache_) return put;
  return [this, &put](ByteView object) {
    const ChunkId id = put(object);
    new_cache_->add(id, object);
    return id;
  };
}

void Before::remember(const Manifest& manifest, Monitor& monitor) {
  if (!new_cache_) return;
  new_cache_->finish(manifest);
  if (!new_cache_->trouble().empty())
    monitor.warning("the next backup will read every file again, because the cache could not be written: " + new_cache_->trouble());
}

}  // namespace cairn
