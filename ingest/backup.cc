#include "ingest/backup.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <set>

#include "ingest/backup/before.h"
#include "ingest/backup/new_manifest.h"
#include "ingest/backup/piece_reader.h"
#include "ingest/backup/piece_storer.h"
#include "ingest/backup/tree_builder.h"
#include "ingest/index_problems.h"
#include "ingest/parts/store_parts.h"
#include "ingest/pipeline.h"
#include "store/parallel.h"

namespace cairn {

namespace {

void require_distinct_names(const std::vector<SourceSpec>& sources) {
  std::set<std::string> names;
  for (const SourceSpec& source : sources) {
    if (!valid_entry_name(source.name))
      throw Error(ErrorCode::kInvalidArgument, "\"" + printable(source.name) + "\" can't be the name of a component");
    if (!names.insert(source.name).second)
      throw Error(ErrorCode::kInvalidArgument, "two components would be called \"" + printable(source.name) +
                                                   "\": name one of them, as in OTHER=" + printable(source.description));
  }
  if (sources.empty()) throw Error(ErrorCode::kInvalidArgument, "nothing to back up was named");
}

// For each source its tree in the newest snapshot of this host that has such a component.
std::vector<PreviousTree> previous_trees(Before& before, const std::vector<SourceSpec>& sources, const std::string& host,
                                         Monitor& monitor) {
  const std::vector<Manifest>& snapshots = before.snapshots();
  const GetObject get = before.trees();
  std::vector<PreviousTree> trees;
  for (const SourceSpec& source : sources) {
    PreviousTree tree;
    const bool path = source.kind == SourceSpec::Kind::kPath;
    const ComponentKind kind = path ? ComponentKind::kTree : ComponentKind::kBucket;
    for (size_t i = snapshots.size(); i-- > 0 && (path || source.kind == SourceSpec::Kind::kBucket);) {
      const Manifest& m = snapshots[i];
      const ComponentInfo* component = m.component(source.name);
      if (m.host != host || !component || component->kind != kind) continue;
      try {
        if (auto entry = find_path(get, m.root, source.name)) tree = PreviousTree(get, std::move(*entry));
        if (path) monitor.bytes_total += component->size_bytes;   // a bucket tells its size itself
      } catch (const Error& e) {
        monitor.warning("the previous snapshot can't be read, so every file is: " + std::string(e.what()));
      }
      break;
    }
    trees.push_back(std::move(tree));
  }
  return trees;
}

void describe_components(PieceReader& pieces, const std::vector<std::atomic<uint64_t>>& stored_bytes, const PutObject& put,
                         Manifest& manifest) {
  for (size_t i = 0; i < pieces.components().size(); ++i) {
    OpenComponent& open = pieces.components()[i];
    ComponentInfo info;
    store_parts(std::move(open.parts), put, info);
    info.name = open.source->name;
    info.kind = open.kind;
    info.source = open.source->description;
    info.completeness = open.completeness;
    info.stored_bytes = stored_bytes[i];
    manifest.components.push_back(std::move(info));
  }
  manifest.stats.sockets_skipped = pieces.sockets_skipped();
}

// What would be done, without writing.
BackupResult dry_run(PieceReader& pieces, Manifest manifest, Monitor& monitor) {
  while (auto job = pieces.next())
    for (JobEntry& entry : job->entries) {
      if (entry.step != WalkStep::Kind::kEntry) continue;
      bool kept = entry.change == JobEntry::Change::kUnmodified, fresh = entry.change == JobEntry::Change::kNew;
      ++(kept ? manifest.stats.files_unmodified : fresh ? manifest.stats.files_new : manifest.stats.files_changed);
      manifest.stats.bytes_read += kept ? 0 : entry.entry.size_bytes;
      monitor.item(kept ? "unmodified" : fresh ? "new" : "changed", entry.path, entry.entry.size_bytes);
      ++monitor.files_done;
    }
  if (pieces.components().empty()) throw Error(ErrorCode::kNotFound, "none of the sources could be read: a backup would fail");
  return {std::move(manifest), monitor.errors > 0};
}

// A key that somebody typed was meant for something; one in the environment may be there for other runs.
void tell_of_unused_key(const BackupOptions& options, Monitor& monitor) {
  const char* words = "the key for sealed documents opens none of the sources: it is another one, or they aren't sealed";
  if (options.document_key_must_fit) throw Error(ErrorCode::kWrongKey, words);
  monitor.warning(words);
}

// Runs the workers.  After an interruption what is in packs is made durable, so that the next run needn't upload it again.
void store_pieces(WriteSession& session, const Repository& repository, PieceReader& pieces, const ChunkerParams& params,
                  const BackupOptions& options, Before& before, Monitor& monitor, std::vector<std::atomic<uint64_t>>& stored_bytes,
                  TreeBuilder& tree) {
  size_t threads = options.threads ? options.threads : processor_count();
  std::deque<PieceStorer> workers;  // never moved: they hold large buffers
  for (size_t i = 0; i < threads; ++i) workers.emplace_back(session, repository.keys(), params, before.lists(), monitor, stored_bytes);
  try {
    ordered_parallel_map<Job, Stored>(
        threads, 4 * threads, [&] { return pieces.next(); },
        [&](size_t worker, Job&& job) { return workers[worker].store(std::move(job)); },
        [&](Stored&& stored) { tree.add(std::move(stored)); });
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kInterrupted) throw;
    try {
      for (PieceStorer& worker : workers) worker.flush();
      session.keep_packs();
    } catch (const Error& failure) {
      monitor.warning("what was read so far could not be kept for the next run: " + std::string(failure.what()));
    }
    throw;
  }
  for (PieceStorer& worker : workers) worker.flush();
}

}  // namespace

namespace {

BackupResult backup_once(Repository& repository, const std::vector<SourceSpec>& sources, const BackupOptions& options, Monitor& monitor) {
  require_distinct_names(sources);
  repository.keys().require_may_write();
  auto started = std::chrono::steady_clock::now();
  Manifest manifest = new_manifest(options.host, options.tags);
  std::optional<WriteSession> session;
  if (!options.dry_run) session.emplace(repository);
  monitor.phase("reading");
  warn_of_index_problems(repository, monitor);

  // What is known already: the trees of the previous snapshot, to recognise unchanged files without reading them.
  Before before(repository, session ? &*session : nullptr);
  ChunkerParams params = repository.keys().chunker_params(repository.config().sizes);
  PieceReader pieces(sources, previous_trees(before, sources, manifest.host, monitor), params, repository.config().content, options, monitor);
  if (options.dry_run) return dry_run(pieces, std::move(manifest), monitor);

  // Sources → pieces → [cut · id · claim · compress · seal] → tree, in input order.
  std::vector<std::atomic<uint64_t>> stored_bytes(sources.size());
  PutObject put = [&](ByteView object) { return session->put_object(object); };
  PutObject put_tree = before.remembering(put);
  TreeBuilder tree(put_tree, monitor);
  store_pieces(*session, repository, pieces, params, options, before, monitor, stored_bytes, tree);
  if (options.document_key && !pieces.unsealed()) tell_of_unused_key(options, monitor);
  if (tree.component_count() == 0) throw Error(ErrorCode::kNotFound, "none of the sources could be read: no snapshot was made");

  // Beyond this point nothing is read; everything becomes durable, the snapshot last.
  monitor.phase("saving");
  describe_components(pieces, stored_bytes, put, manifest);
  tree.finish(manifest);
  continue_chain(before.snapshots(), repository.keys().certificate.client(), manifest);
  manifest.stats.duration_ns = static_cast<uint64_t>((std::chrono::steady_clock::now() - started).count());
  bool incomplete = monitor.errors > 0;
  for (ComponentInfo& component : manifest.components)
    if (monitor.errors > pieces.broken_streams() && is_tree(component.kind)) component.completeness = Completeness::kIncomplete;
  session->commit(manifest);
  before.remember(manifest, monitor);
  return {std::move(manifest), incomplete};
}

// Standard input can't be read twice.
bool repeatable(const std::vector<SourceSpec>& sources) {
  return std::ranges::none_of(sources, [](const SourceSpec& source) { return source.kind == SourceSpec::Kind::kStdin; });
}

}  // namespace

BackupResult backup(Repository& repository, const std::vector<SourceSpec>& sources, const BackupOptions& options, Monitor& monitor) {
  constexpr int kMostAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    try {
      return backup_once(repository, sources, options, monitor);
    } catch (const Overtaken&) {
      if (attempt == kMostAttempts || !repeatable(sources)) throw;
    }
    monitor.warning("a prune took away something this backup rests on: it begins again, with what was uploaded");
    monitor.begin_again();
  }
}

}  // namespace cairn
