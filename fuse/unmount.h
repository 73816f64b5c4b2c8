// Taking mounts away, also those whose process is gone.
//
// Threads:  functions are thread-safe.
#pragma once

#include <string>

namespace cairn {

// True when a mount whose process is gone is at this path ("Transport endpoint is not connected").
bool is_dead_mount(const std::string& path);

// Takes the mount away from the path, at once; whoever still uses it keeps what he has open.  False when that isn't allowed, or there is none.
bool unmount_lazily(const std::string& path);

// Waits in a process of its own until the calling process has ended, however that came about, and then takes the mount away if it stayed
// behind.   Requires: no other threads.   kIo.
void watch_over_mount(const std::string& path);

}  // namespace cairn
