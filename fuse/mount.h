// A view as a mounted file system.  The only file that knows libfuse.
//
// Always:   read-only, nosuid, nodev, noexec, and with the kernel checking permissions as in the snapshot (default_permissions).
// Threads:  one thread at a time; it starts threads of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "fuse/view.h"
#include "ingest/monitor.h"

namespace cairn {

struct MountOptions {
  bool allow_other = false;      // other users may look, too
  std::string source;            // what mount(8) shows as the device
  unsigned threads = 8;          // that serve at most
};

class Mount {
 public:
  // Mounts.  All must outlive this.  `monitor` is told what can't be read, each thing once a minute at most.
  // Errors: kIo, with what to do.
  Mount(View& view, Monitor& monitor, const std::string& directory, const MountOptions& options);
  // Takes the mount away, if it is still there.
  ~Mount();

  // Serves until somebody unmounts it or stop() says so, which is asked ten times a second.   kIo.
  void serve(const std::function<bool()>& stop);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
