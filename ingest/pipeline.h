// The only place in ingest that starts threads: read, work in parallel, deliver in input order.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

namespace cairn {

// Runs next() on one reader thread, work(worker, job) on `threads` workers (worker in [0, threads)), deliver() on the calling
// thread, in input order.  next() returns nullopt at the end.
// Requires: threads ≥ 1, window ≥ 1.   Memory: at most `window` jobs and results, plus the one being delivered.
// Errors: the first exception stops the rest and is rethrown here after every thread has been joined.
template <class Job, class Result, class Next, class Work, class Deliver>
void ordered_parallel_map(size_t threads, size_t window, Next next, Work work, Deliver deliver);

}  // namespace cairn

#include "ingest/pipeline_impl.h"
