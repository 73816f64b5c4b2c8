#include "fuse/mount.h"

#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdarg>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "fuse/unmount.h"

namespace cairn {

namespace {

constexpr double kForLong = 3600;       // seconds that the kernel may keep what never changes
constexpr double kForNow = 1;
constexpr unsigned kRequestBytes = 1 << 20;
constexpr unsigned kReadAheadKib = 4096;
constexpr size_t kMostTold = 256;
constexpr auto kTellAgain = std::chrono::minutes(1);

// What libfuse says when mounting fails.
std::mutex said_mu;
std::string said;

void note_words(fuse_log_level, const char* format, va_list arguments) {
  char text[512];
  std::vsnprintf(text, sizeof text, format, arguments);
  std::lock_guard lock(said_mu);
  said = text;
  while (said.ends_with('\n')) said.pop_back();
}

// What the handlers work with.
struct Context {
  View& view;
  Monitor& monitor;
  std::mutex mu = {};
  std::map<std::string, std::chrono::steady_clock::time_point> told = {};   // guarded by mu

  void tell(NodeId node, const std::string& what) {
    const std::string path = view.path(node);
    const auto now = std::chrono::steady_clock::now();
    {
      std::lock_guard lock(mu);
      if (told.size() >= kMostTold) told.clear();
      auto [entry, fresh] = told.try_emplace(path + what, now);
      if (!fresh && now - entry->second < kTellAgain) return;
      entry->second = now;
    }
    monitor.error(path, what);
  }
};

Context& context(fuse_req_t request) { return *static_cast<Context*>(fuse_req_userdata(request)); }

// The guard: nothing that is thrown leaves a handler, and every request is answered.  work() replies, as the last thing it does.
template <class Work>
void guarded(fuse_req_t request, NodeId node, Work work) {
  try {
    work(context(request).view);
  } catch (const Gone&) {
    fuse_reply_err(request, ESTALE);
  } catch (const std::bad_alloc&) {
    fuse_reply_err(request, ENOMEM);
  } catch (const std::exception& e) {
    context(request).tell(node, e.what());
    fuse_reply_err(request, EIO);
  }
}

fuse_entry_param entry_param(const Found& found) {
  fuse_entry_param out = {};
  out.ino = found.node;
  out.attr = found.status;
  out.attr_timeout = out.entry_timeout = found.lasting ? kForLong : kForNow;
  return out;
}

void on_init(void*, fuse_conn_info* connection) {
  const unsigned wanted = FUSE_CAP_ASYNC_READ | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_READDIRPLUS |
                          FUSE_CAP_POSIX_ACL | FUSE_CAP_ASYNC_DIO | FUSE_CAP_CACHE_SYMLINKS;
  // Of READDIRPLUS_AUTO: after a find all but the first entries of a directory were asked for again, one by one.
  const unsigned unwanted = FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE |
                            FUSE_CAP_FLOCK_LOCKS | FUSE_CAP_POSIX_LOCKS;
  connection->want = (connection->want & ~unwanted) | (connection->capable & wanted);
  connection->max_read = kRequestBytes;
  connection->max_write = kRequestBytes;   // of which follows how much the kernel asks for
  connection->max_readahead = kReadAheadKib << 10;
  connection->max_background = 32;
  connection->congestion_threshold = 24;
}

void on_lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  guarded(request, parent, [&](View& view) {
    const auto found = view.lookup(parent, name);
    fuse_entry_param entry = found ? entry_param(*found) : fuse_entry_param{};
    if (!found) entry.entry_timeout = parent >> 32 == 0 ? kForNow : kForLong;   // it may be remembered that there is none
    if (fuse_reply_entry(request, &entry) != 0 && found) view.forget(found->node, 1);
  });
}

void on_forget(fuse_req_t request, fuse_ino_t node, uint64_t times) {
  context(request).view.forget(node, times);
  fuse_reply_none(request);
}

void on_forget_multi(fuse_req_t request, size_t count, fuse_forget_data* forgets) {
  for (size_t i = 0; i < count; ++i) context(request).view.forget(forgets[i].ino, forgets[i].nlookup);
  fuse_reply_none(request);
}

void on_getattr(fuse_req_t request, fuse_ino_t node, fuse_file_info*) {
  guarded(request, node, [&](View& view) {
    const Found found = view.status(node);
    fuse_reply_attr(request, &found.status, found.lasting ? kForLong : kForNow);
  });
}

void on_readlink(fuse_req_t request, fuse_ino_t node) {
  guarded(request, node, [&](View& view) { fuse_reply_readlink(request, view.link_target(node).c_str()); });
}

// Files don't change, so the kernel needs to open and close none of them, and may keep what it has read.
void on_open(fuse_req_t request, fuse_ino_t, fuse_file_info*) { fuse_reply_err(request, ENOSYS); }

void on_read(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset, fuse_file_info*) {
  guarded(request, node, [&](View& view) {
    view.read(node, static_cast<uint64_t>(offset), size, [&](ByteView bytes) {
      fuse_reply_buf(request, reinterpret_cast<const char*>(bytes.data()), bytes.size());
    });
  });
}

void read_directory(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset, bool with_nodes) {
  guarded(request, node, [&](View& view) {
    std::vector<char> out(size);
    size_t used = 0;
    std::vector<NodeId> given;
    try {
      view.list(node, static_cast<uint64_t>(offset), with_nodes, [&](const std::string& name, const Found& found, uint64_t next) {
        const fuse_entry_param entry = entry_param(found);
        const auto behind = static_cast<off_t>(next);
        const size_t bytes = with_nodes
                                 ? fuse_add_direntry_plus(request, out.data() + used, size - used, name.c_str(), &entry, behind)
                                 : fuse_add_direntry(request, out.data() + used, size - used, name.c_str(), &found.status, behind);
        if (bytes > size - used) return false;
        used += bytes;
        if (found.node != 0) given.push_back(found.node);
        return true;
      });
    } catch (...) {   // those before it can be shown; the next request meets it again
      if (used == 0) throw;
    }
    if (fuse_reply_buf(request, out.data(), used) != 0)
      for (const NodeId one : given) view.forget(one, 1);
  });
}

void on_readdir(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset, fuse_file_info*) {
  read_directory(request, node, size, offset, false);
}
void on_readdirplus(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset, fuse_file_info*) {
  read_directory(request, node, size, offset, true);
}

void reply_value(fuse_req_t request, ByteView value, size_t room) {
  if (room == 0) fuse_reply_xattr(request, value.size());
  else if (value.size() > room) fuse_reply_err(request, ERANGE);
  else fuse_reply_buf(request, reinterpret_cast<const char*>(value.data()), value.size());
}

void on_getxattr(fuse_req_t request, fuse_ino_t node, const char* name, size_t room) {
  guarded(request, node, [&](View& view) {
    const auto xattrs = view.xattrs(node);
    const auto found = std::ranges::find(xattrs, name, &Xattr::name);
    if (found == xattrs.end()) fuse_reply_err(request, ENODATA);
    else reply_value(request, found->value, room);
  });
}

void on_listxattr(fuse_req_t request, fuse_ino_t node, size_t room) {
  guarded(request, node, [&](View& view) {
    std::string names;
    for (const Xattr& xattr : view.xattrs(node))   // others may not even see the names of root's
      if (!xattr.name.starts_with("trusted.") || fuse_req_ctx(request)->uid == 0) names.append(xattr.name).push_back('\0');
    reply_value(request, cairn::view(names), room);
  });
}

void on_statfs(fuse_req_t request, fuse_ino_t) {
  struct statvfs status = {};
  status.f_bsize = status.f_frsize = 4096;
  status.f_namemax = 255;
  fuse_reply_statfs(request, &status);
}

fuse_lowlevel_ops operations() {
  fuse_lowlevel_ops out = {};
  out.init = on_init;
  out.lookup = on_lookup;
  out.forget = on_forget;
  out.forget_multi = on_forget_multi;
  out.getattr = on_getattr;
  out.readlink = on_readlink;
  out.open = out.opendir = on_open;
  out.read = on_read;
  out.readdir = on_readdir;
  out.readdirplus = on_readdirplus;
  out.getxattr = on_getxattr;
  out.listxattr = on_listxattr;
  out.statfs = on_statfs;
  return out;
}

// What is read in order is asked for in long runs; only root may say so.
void read_far_ahead(const std::string& directory) {
  std::ifstream mounts("/proc/self/mountinfo");
  std::string line, device;
  while (std::getline(mounts, line)) {
    std::istringstream words(line);
    std::string id, parent, numbers, root, place;
    if (words >> id >> parent >> numbers >> root >> place && place == directory) device = numbers;   // the last one is on top
  }
  if (!device.empty()) std::ofstream("/sys/class/bdi/" + device + "/read_ahead_kb") << kReadAheadKib;
}

}  // namespace

struct Mount::State {
  State(View& view, Monitor& monitor, std::string place, unsigned most)
      : context{view, monitor}, directory(std::move(place)), threads(most) {}
  Context context;
  const std::string directory;
  const unsigned threads;
  fuse_lowlevel_ops handlers = operations();
  fuse_session* session = nullptr;
  bool mounted = false;
};

Mount::Mount(View& view, Monitor& monitor, const std::string& directory, const MountOptions& options)
    : state_(std::make_unique<State>(view, monitor, directory, options.threads)) {
  fuse_set_log_func(note_words);
  std::string source;
  for (const char c : options.source) source += c == ',' || c == '\\' ? std::string{'\\', c} : std::string{c};
  const std::string words = "ro,nosuid,nodev,noexec,default_permissions,subtype=cairn,fsname=" + source +
                            ",max_read=" + std::to_string(kRequestBytes) + (options.allow_other ? ",allow_other" : "");
  const char* arguments[] = {"cairn", "-o", words.c_str()};
  fuse_args args = FUSE_ARGS_INIT(3, const_cast<char**>(arguments));
  state_->session = fuse_session_new(&args, &state_->handlers, sizeof state_->handlers, &state_->context);
  fuse_opt_free_args(&args);
  if (state_->session && fuse_session_mount(state_->session, directory.c_str()) == 0) {
    state_->mounted = true;
    return;
  }
  if (state_->session) fuse_session_destroy(state_->session);
  std::lock_guard lock(said_mu);
  throw Error(ErrorCode::kIo, directory + ": can't be mounted" + (said.empty() ? "" : ": " + said) +
                                  " (needed: /dev/fuse, the directory being yours, and for others than root the program fusermount3)");
}

Mount::~Mount() {
  if (state_->mounted) fuse_session_unmount(state_->session);
  fuse_session_destroy(state_->session);
}

void Mount::serve(const std::function<bool()>& stop) {
  // Only to interrupt the waiting of this thread.
  struct ::sigaction action = {};
  action.sa_handler = [](int) {};
  ::sigaction(SIGUSR1, &action, nullptr);
  const pthread_t server = ::pthread_self();
  std::atomic<bool> ended{false};
  std::thread watcher([&] {
    for (int i = 0; !ended; ++i) {
      if (i == 0) read_far_ahead(state_->directory);
      if (stop()) {
        unmount_lazily(state_->directory);
        while (!ended) {
          fuse_session_exit(state_->session);
          ::pthread_kill(server, SIGUSR1);
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  fuse_loop_config* config = fuse_loop_cfg_create();
  fuse_loop_cfg_set_clone_fd(config, 1);
  fuse_loop_cfg_set_max_threads(config, state_->threads);
  fuse_loop_cfg_set_idle_threads(config, state_->threads);
  const int result = fuse_session_loop_mt(state_->session, config);
  fuse_loop_cfg_destroy(config);
  ended = true;
  watcher.join();
  if (result < 0) throw Error(ErrorCode::kIo, state_->directory + ": serving the mount failed: " + std::strerror(-result));
}

}  // namespace cairn
