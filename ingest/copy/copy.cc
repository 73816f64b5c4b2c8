#include "ingest/copy/copy.h"

#include <algorithm>
#include <map>
#include <set>

#include "ingest/copy/known_copies.h"
#include "ingest/copy/snapshot_copy.h"
#include "ingest/index_problems.h"
#include "store/gc/write_protocol.h"

namespace cairn {

namespace {

constexpr size_t kSizeCacheBytes = 8 << 20;

void require_keys(const Repository& source, const Repository& destination) {
  if (source.config().repository == destination.config().repository)
    throw Error(ErrorCode::kInvalidArgument, source.backend().describe() + ": is the repository to copy into, too");
  if (!source.keys().may_read()) throw Error(ErrorCode::kWrongKey, "this key may only write: to copy from a repository takes a reader's or an owner's");
  if (!destination.keys().may_write()) throw Error(ErrorCode::kWrongKey, "this key may only read: to copy into a repository takes an owner's");
  if (!destination.keys().may_read())
    throw Error(ErrorCode::kWrongKey, "this key may only write: to see what was copied already takes an owner's");
}

// Copies many snapshots, remembering from one to the next.
class Copier {
 public:
  Copier(Repository& source, Repository& destination, const CopyOptions& options, Monitor& monitor)
      : source_(source), destination_(destination), options_(options), monitor_(monitor), there_(destination.snapshots()) {
    for (Manifest& m : source.snapshots()) originals_.emplace(m.id, std::move(m));
  }

  const std::vector<Manifest>& there() const { return there_; }
  CopyResult result;

  // nullopt when the source hasn't all of it.
  std::optional<Manifest> copy(const Manifest& original) {
    constexpr int kMostReads = 3;
    for (int attempt = 1;; ++attempt) {
      try {
        return copy_once(original);
      } catch (const Overtaken&) {
        if (attempt == kMostReads) throw;
      }
      monitor_.warning("a prune took away something this copy rests on: it begins again, with what was stored");
    }
  }

 private:
  std::optional<Manifest> copy_once(const Manifest& original) {
    WriteSession session(destination_);
    learn(original, session);
    SnapshotCopy work(source_, destination_, session, known_, options_, monitor_);
    Manifest copy = next_manifest(original);
    try {
      work.copy(copy);
    } catch (const Error& e) {
      result.bytes_read += work.read_bytes();
      if (e.code() == ErrorCode::kInterrupted) keep(work, session);
      if (e.code() != ErrorCode::kCorrupt && e.code() != ErrorCode::kNotFound && e.code() != ErrorCode::kUnsupported) throw;
      monitor_.error("snapshot " + original.id.hex().substr(0, 16), std::string(e.what()) + "; it was not copied");
      return std::nullopt;
    }
    result.bytes_read += work.read_bytes();
    session.commit(copy);
    result.bytes_new += copy.stats.bytes_new;
    result.bytes_stored += session.stored_bytes();
    there_.push_back(copy);
    return copy;
  }

  // Made durable, so that the next run needn't upload it again.
  void keep(SnapshotCopy& work, WriteSession& session) try {
    work.flush();
    session.keep_packs();
  } catch (const Error& failure) {
    monitor_.warning("what was copied so far could not be kept for the next run: " + std::string(failure.what()));
  }

  // What was copied before says most about the next one: for each component the newest copy that has it.  Every session learns anew,
  // because it must have looked itself at what its snapshot rests on.
  void learn(const Manifest& original, const WriteSession& session) {
    known_.clear();
    std::set<const Manifest*> like_it;
    for (const ComponentInfo& component : original.components) {
      const Manifest* newest = nullptr;
      for (const Manifest& m : there_)
        if (m.host == original.host && m.component(component.name) && originals_.contains(m.origin) && (!newest || m.time_ns > newest->time_ns))
          newest = &m;
      if (newest) like_it.insert(newest);
    }
    ChunkReader before(source_.backend(), source_.keys(), source_.index(), kSizeCacheBytes);
    ChunkReader after = session.make_reader(kSizeCacheBytes);
    for (const Manifest* m : like_it)
      KnownCopies(before, after, session, options_.recut, known_, monitor_).learn(originals_.at(m->origin), *m);
  }

  // Everything of the original; the author's own line of snapshots goes on with it, but names none before it.
  Manifest next_manifest(const Manifest& original) const {
    Manifest copy = original;
    copy.origin = original.id;
    copy.original_author = destination_.keys().role == Role::kOwner ? original.credited_author() : ClientId{};
    copy.previous = {};
    copy.sequence = 1;
    const ClientId author = destination_.keys().certificate.client();
    for (const Manifest& m : there_)
      if (m.author == author && m.host == copy.host) copy.sequence = std::max(copy.sequence, m.sequence + 1);
    return copy;
  }

  Repository& source_;
  Repository& destination_;
  const CopyOptions& options_;
  Monitor& monitor_;
  std::vector<Manifest> there_;              // in the destination
  std::map<SnapshotId, Manifest> originals_; // in the source
  KnownIds known_;
};

}  // namespace

bool is_copied(const std::vector<Manifest>& in_destination, const Manifest& snapshot) {
  return std::ranges::any_of(in_destination, [&](const Manifest& m) {
    return m.origin == snapshot.id || (!snapshot.origin.is_zero() && m.id == snapshot.origin);
  });
}

CopyResult copy_snapshots(Repository& source, Repository& destination, const std::vector<Manifest>& wanted, const CopyOptions& options,
                          const SnapshotCopied& copied, Monitor& monitor) {
  require_keys(source, destination);
  monitor.phase("copying");
  warn_of_index_problems(source, monitor);
  Copier copier(source, destination, options, monitor);
  std::vector<const Manifest*> missing;
  for (const Manifest& m : wanted) {
    if (is_copied(copier.there(), m)) ++copier.result.skipped;
    else missing.push_back(&m);
  }
  for (const Manifest* m : missing) {
    monitor.bytes_total += m->size_bytes();
    monitor.files_total += m->file_count();
  }
  for (const Manifest* original : missing) {
    if (is_copied(copier.there(), *original)) {   // asked for twice
      ++copier.result.skipped;
      continue;
    }
    if (auto copy = copier.copy(*original)) {
      ++copier.result.copied;
      copied(*original, *copy);
    } else {
      ++copier.result.failed;
    }
  }
  return copier.result;
}

}  // namespace cairn
