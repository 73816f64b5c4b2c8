// cairn mount: all snapshots as a file system.
#include <malloc.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "cli/command.h"
#include "cli/daemon.h"
#include "cli/interrupt.h"
#include "fuse/deadline_backend.h"
#include "fuse/mount.h"
#include "fuse/unmount.h"
#include "fuse/view.h"
#include "store/error.h"

namespace cairn {

namespace {

// The directory as the kernel calls it.  A mount that a killed process left there is taken away first.
std::string prepare(const std::string& given, Monitor& monitor) {
  if (is_dead_mount(given)) {
    monitor.warning(given + ": takes away the mount that a killed process left there");
    if (!unmount_lazily(given)) throw Error(ErrorCode::kIo, given + ": the old mount can't be taken away (try: umount -l " + given + ")");
  }
  std::error_code error;
  const std::string path = std::filesystem::canonical(given, error).string();
  if (error) throw errno_error(error.value(), given);
  if (!std::filesystem::is_directory(path, error))
    throw Error(ErrorCode::kInvalidArgument, given + ": is not a directory; a mount needs one");
  return path;
}

// It lives long and has many threads: memory that each of them kept for itself would add up to more than the caches.
void share_freed_memory() {
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

class MountCommand : public Command {
 public:
  CommandHelp help() const override {
    return {"mount", "[OPTIONS] DIR", "show all snapshots as a read-only file system",
            "In DIR there are by-id/, by-time/DATE/TIME, hosts/HOST/, tags/TAG/ and latest, and beneath each snapshot its\n"
            "components; a dump with parts is a directory of its original and its parts, as for ls and cat.  New snapshots\n"
            "appear by themselves.  The mount goes on in the background until: umount DIR (fusermount3 -u DIR for others than\n"
            "root).  What can't be read is an input/output error there, and named in the system's log, with --foreground on\n"
            "standard error.\n\n"
            "Examples:\n  cairn mount /mnt/backups\n  ls /mnt/backups/latest/media\n"
            "  diff -r /mnt/backups/latest/etc /etc\n  umount /mnt/backups"};
  }
  void declare(Arguments& to) override {
    to.flag("--allow-other", options_.allow_other, "other users may look too, at what its permissions let them");
    to.flag("-f,--foreground", foreground_, "stay in the foreground; Ctrl-C unmounts");
    to.number("--timeout", 1, 3600, timeout_s_, "seconds after which a storage that doesn't answer is an error (20)");
    to.positionals(1, 1, arguments_, "write where to mount: cairn mount DIR");
  }
  IndexUse index_use() const override { return IndexUse::kNone; }   // nobody waits for it before the mount is there

  int run(Session& session) override {
    const std::string directory = prepare(arguments_.at(0), session.progress);
    Background background;
    if (!foreground_)
      if (auto code = background.start()) return *code;
    share_freed_memory();
    watch_over_mount(directory);   // while there are no threads and no secrets
    auto deadline = std::make_unique<DeadlineBackend>([&session] { return session.open_backend(); }, std::chrono::seconds(timeout_s_));
    DeadlineBackend& storage = *deadline;
    session.use_backend(std::move(deadline));
    Repository& repository = session.repository();
    session.rollbacks();
    SystemLog log;
    Monitor& monitor = foreground_ ? static_cast<Monitor&>(session.progress) : log;
    options_.source = session.backend().describe();
    {
      View view(repository, monitor);
      Mount mount(view, monitor, directory, options_);
      background.ready();
      const std::jthread opener([&] {
        try {
          view.warm_up();
        } catch (const std::exception& e) {   // whoever reads tries again
          monitor.warning(e.what());
        }
      });
      mount.serve(interrupted);
      if (storage.running() > 0) ::_exit(kExitDone);   // a call that hangs can't be waited for
    }
    return kExitDone;
  }

 private:
  MountOptions options_;
  bool foreground_ = false;
  int timeout_s_ = 20;
  std::vector<std::string> arguments_;
};

}  // namespace

std::unique_ptr<Command> make_mount() { return std::make_unique<MountCommand>(); }

}  // namespace cairn
