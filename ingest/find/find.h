// Looks for files and parts by name, size, time and kind in many snapshots at once.  A directory that several snapshots share is
// read once: a hundred snapshots cost little more than one.
#pragma once

#include <functional>
#include <span>

#include "ingest/find/criteria.h"
#include "ingest/find/found_tree.h"
#include "ingest/monitor.h"
#include "store/repository.h"

namespace cairn {

struct FindResult {
  uint64_t versions = 0, paths = 0;
  uint64_t failed = 0;   // objects that could not be read (told to monitor.error)
};

// Visits every version of every path that matches, in order of the paths, with the snapshots that have it: numbers in `snapshots`.
// `component`: look in this one only, "" for all.   Errors: the store's when no key to read with is at hand, or no index.
FindResult find(Repository& repository, std::span<const Manifest> snapshots, const std::string& component, const FindCriteria& criteria,
                const FoundTree::Visit& visit, Monitor& monitor);

}  // namespace cairn
