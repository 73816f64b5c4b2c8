#include "ingest/find/find.h"

#include <malloc.h>

#include "ingest/find/search.h"
#include "ingest/index_problems.h"

namespace cairn {

namespace {

constexpr size_t kFewOf = 16;   // a share of what is known this small isn't worth writing

void save(const KnownNames& known, const std::string& path, const Keyring& keys) {
  if (known.learned() <= known.objects() / kFewOf) return;
  try {
    known.save(path, keys);
  } catch (const Error&) {
    // Then they are read again.
  }
}

// Snapshot by snapshot, as their trees stand in the packs.  The root of each; counts what can't be read.
std::vector<FoundTree::Node> search_all(Repository& repository, std::span<const Manifest> snapshots, const std::string& component,
                                        const FindCriteria& criteria, FoundTree& found, uint64_t& failed, Monitor& monitor) {
  const std::string known_path = repository.cache_folder() + "/names";
  KnownNames known(known_path, repository.keys());
  std::vector<FoundTree::Node> roots;
  {
    FindSearch search(repository, criteria, found, known, monitor);
    for (const Manifest& snapshot : snapshots) {
      monitor.phase("searching snapshot " + std::to_string(roots.size() + 1) + " of " + std::to_string(snapshots.size()));
      roots.push_back(search.snapshot(snapshot, component));
    }
    failed = search.failed();
  }
  ::malloc_trim(0);   // saving makes the peak otherwise
  save(known, known_path, repository.keys());
  return roots;
}

}  // namespace

FindResult find(Repository& repository, std::span<const Manifest> snapshots, const std::string& component, const FindCriteria& criteria,
                const FoundTree::Visit& visit, Monitor& monitor) {
  warn_of_index_problems(repository, monitor);
  FoundTree found;
  FindResult result;
  const std::vector<FoundTree::Node> roots = search_all(repository, snapshots, component, criteria, found, result.failed, monitor);
  ::malloc_trim(0);
  std::string last;
  found.visit(roots, [&](const std::string& path, const FoundVersion& version, const SnapshotSet& in) {
    monitor.check_interrupted();
    ++result.versions;
    result.paths += path == last ? 0 : 1;   // an empty path is none
    last = path;
    visit(path, version, in);
  });
  return result;
}

}  // namespace cairn
