#include "ingest/copy/snapshot_copy.h"

#include "store/parallel.h"
#include "store/tree/catalogue.h"

namespace cairn {

namespace {

constexpr size_t kSnapshotCacheBytes = 8 << 20;

}  // namespace

SnapshotCopy::SnapshotCopy(Repository& source, Repository& destination, WriteSession& session, KnownIds& known, const CopyOptions& options,
                           Monitor& monitor)
    : source_(source), known_(known), monitor_(monitor), objects_(source.backend(), source.keys(), source.index(), kSnapshotCacheBytes),
      params_(destination.keys().chunker_params(destination.config().sizes)), content_(destination.config().content),
      put_([&session](ByteView object) { return session.put_object(object); }), tree_(put_, known, monitor) {
  const size_t threads = options.threads ? options.threads : processor_count();
  if (options.recut) recutter_.emplace(source, destination.keys(), params_, session, threads, monitor);
  else chunks_.emplace(source, destination.keys(), session, known, threads, monitor);
}

void SnapshotCopy::flush() {
  if (recutter_) recutter_->flush();
  else chunks_->flush();
}

uint64_t SnapshotCopy::read_bytes() const { return recutter_ ? recutter_->read_bytes() : chunks_->read_bytes(); }

void SnapshotCopy::copy(Manifest& manifest) {
  manifest.stats.bytes_new = 0;
  DirectoryReader components(objects_.object_source(), manifest.root);
  while (const Entry* entry = components.next()) {
    ComponentInfo* info = nullptr;
    for (ComponentInfo& each : manifest.components)
      if (each.name == entry->name) info = &each;
    if (!info) throw Error(ErrorCode::kCorrupt, printable(entry->name) + ": the snapshot doesn't say what it is");
    component(Entry(*entry), *info);
    manifest.stats.bytes_new += info->new_bytes;
  }
  DirectoryWriter root(put_);
  for (Entry& entry : tree_.take_components()) root.add(std::move(entry));
  manifest.root = root.finish();
}

void SnapshotCopy::component(const Entry& entry, ComponentInfo& info) {
  const CutPolicy policy = is_tree(info.kind) ? tree_policy(content_) : stream_policy(content_);
  TreeSteps steps(objects_.object_source(), entry, known_, monitor_);
  if (recutter_) recutter_->copy(steps, info, policy, tree_);
  else chunks_->copy(steps, policy.frame, tree_);
  flush();
  info.new_bytes = recutter_ ? recutter_->take_new_bytes() : chunks_->take_new_bytes();
  info.stored_bytes = recutter_ ? recutter_->take_stored_bytes() : chunks_->take_stored_bytes();
  if (!info.catalogue.is_zero()) info.catalogue = catalogue(info.catalogue, entry.size_bytes);
  if (!info.recipe_list.is_zero()) info.recipe_list = recipe(info.recipe_list, info.recipe_bytes);
}

// Extents are places in the stream, which stay what they are however it is cut.
ChunkId SnapshotCopy::catalogue(const ChunkId& id, uint64_t content_bytes) {
  if (auto known = known_.objects.find(id)) return *known;
  CatalogueReader parts(objects_.object_source(), id, content_bytes);
  CatalogueWriter out(put_);
  while (const Part* part = parts.next()) {
    monitor_.check_interrupted();
    out.add(*part);
  }
  const ChunkId copied = out.finish();
  known_.objects.put(id, copied);
  return copied;
}

// Its pieces are stored like tree objects (ingest/parts/store_parts.h).
ChunkId SnapshotCopy::recipe(const ChunkId& list, uint64_t size_bytes) {
  if (auto known = known_.objects.find(list)) return *known;
  Content content;
  content.kind = Content::Kind::kList;
  content.list = list;
  std::vector<ChunkRef> copied;
  ChunkListReader reader(objects_.object_source(), content);
  uint64_t bytes = 0;
  for (auto refs = reader.next(); !refs.empty(); refs = reader.next())
    for (const ChunkRef& ref : refs) {
      monitor_.check_interrupted();
      const Buffer piece = objects_.get(ref.id);
      copied.push_back({put_(piece), piece.size()});
      bytes += piece.size();
    }
  if (bytes != size_bytes) throw Error(ErrorCode::kCorrupt, "what makes a stream's original again is of another length than the snapshot says");
  const ChunkId out = put_(encode_chunk_list_leaf(copied));
  known_.objects.put(list, out);
  return out;
}

}  // namespace cairn
