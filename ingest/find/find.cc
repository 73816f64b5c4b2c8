#include "ingest/find/find.h"

#include <malloc.h>

#include "ingest/find/search.h"
#include "ingest/index_problems.h"

namespace cairn {

namespace {

constexpr size_t kFewOf = 16;   // a share of what is known this small isn't worth writing

}  // namespace

FindResult find(Repository& repository, std::span<const Manifest> snapshots, const std::string& component, const FindCriteria& criteria,
                const FoundTree::Visit& visit, Monitor& monitor) {
  warn_of_index_problems(repository, monitor);
  FoundTree found;
  std::vector<FoundTree::Node> roots;
  FindResult result;
  {
    // Snapshot by snapshot, as their trees stand in the packs; what reading needs is gone before the results are put in order.
    const std::string known_path = repository.cache_folder() + "/names";
    KnownNames known(known_path, repository.keys());
    {
      FindSearch search(repository, criteria, found, known, monitor);
      for (const Manifest& snapshot : snapshots) {
        monitor.phase("searching snapshot " + std::to_string(roots.size() + 1) + " of " + std::to_string(snapshots.size()));
        roots.push_back(search.snapshot(snapshot, component));
      }
      result.failed = search.failed();
    }
    ::malloc_trim(0);   // 40 MB of 80,000 files in 100 snapshots
    if (known.learned() > known.objects() / kFewOf) try {
        known.save(known_path, repository.keys());
      } catch (const Error&) {
        // Then they are read again.
      }
  }
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
