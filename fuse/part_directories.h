// The components with parts of mounted snapshots, as directories (ingest/parts/part_view.h).
//
// Memory:   a few megabytes for each of some components looked at lately.
// Threads:  thread-safe; one thread at a time works on a component.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "fuse/opened_file.h"
#include "fuse/pinned_cache.h"
#include "fuse/reader_pool.h"
#include "ingest/parts/part_view.h"

namespace cairn {

// A component of a snapshot.   Lifetime: both must outlive what is asked about it.
struct PartedComponent {
  const Manifest* snapshot = nullptr;
  const ComponentInfo* component = nullptr;
};

class PartDirectories {
 public:
  // `readers` and `monitor` must outlive this.
  PartDirectories(ReaderPool& readers, Monitor& monitor) : readers_(readers), monitor_(monitor) {}

  // As PartView's of the same names.   Errors: kNotFound, kCorrupt and what else reading meets.
  Entry directory(const PartedComponent& of);
  void list_from(const PartedComponent& of, const std::string& directory, uint64_t place, const VisitPlaced& visit);
  bool find_in(const PartedComponent& of, const std::string& directory, const std::string& name, const VisitPlaced& visit);
  // The entry at a place of a directory; kNotFound when there is none.
  Entry entry_at(const PartedComponent& of, const std::string& directory, uint64_t place);
  std::unique_ptr<OpenedFile> open(const PartedComponent& of, const std::string& directory, uint64_t place);

 private:
  struct View {
    std::mutex mu;
    Content content;              // the stored stream
    std::unique_ptr<PartView> parts;   // guarded by mu
  };
  std::unique_ptr<View> make_view(const PartedComponent& of);
  // Calls work(View&) with its lock held.
  template <class Work>
  auto with_view(const PartedComponent& of, Work work);

  ReaderPool& readers_;
  Monitor& monitor_;
  // Weighed in views: each has readers with caches.
  PinnedCache<const ComponentInfo*, View> views_{4};
};

}  // namespace cairn
