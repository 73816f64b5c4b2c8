// Memory in pages of 2 MiB, where the system gives them to who asks for them.
#pragma once

namespace cairn {

// The first 128 MiB of malloc's memory: what is read and decoded fills new memory, and every page of 4 KiB is a fault of its own
// (bench/DECISIONS.md).  Nothing is used before it is needed; where the process' memory is limited (ulimit -v, -d) all stays as it is.
// Call it after the thresholds of malloc are set, before M_TOP_PAD is, and before there are threads.
void put_heap_in_huge_pages();

}  // namespace cairn
