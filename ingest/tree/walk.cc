#include "ingest/tree/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "ingest/tree/directory_stack.h"
#include "ingest/tree/metadata.h"
#include "ingest/tree/name_stack.h"
#include "store/error.h"
#include "store/fd.h"

namespace cairn {

namespace {

// What the tree's readers accept.  Ends loops that a broken file system makes.
constexpr size_t kMaxDepth = 4096;

constexpr char kCacheTag[] = "CACHEDIR.TAG";
constexpr std::string_view kCacheSignature = "Signature: 8a477f597d28d172789f06886806bc55";

bool has_cache_signature(int directory_fd) {
  struct ::statx found{};
  if (!examine(directory_fd, kCacheTag, found) || !S_ISREG(found.stx_mode)) return false;
  const Fd tag = open_unread(directory_fd, kCacheTag, 0);
  char begin[kCacheSignature.size()];
  return tag && ::pread(tag.get(), begin, sizeof begin, 0) == static_cast<ssize_t>(sizeof begin) &&
         std::string_view(begin, sizeof begin) == kCacheSignature;
}

std::string real_path(const std::string& path) {
  std::string out(PATH_MAX, '\0');
  if (::realpath(path.c_str(), out.data()) == nullptr) throw_errno(printable(path));
  out.resize(std::strlen(out.c_str()));
  return out;
}

std::string last_element(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

struct TreeWalker::State {
  State(const std::string& root, const WalkOptions& walk_options, Monitor& walk_monitor);

  bool next(WalkStep& step);
  bool visit(const NameStack::Name& name, WalkStep& step);
  bool enter(int parent_fd, const std::string& name, const struct ::statx& seen, WalkStep& step);
  bool open_directory(int parent_fd, const char* name, struct ::statx& found, OpenDirectory& directory);
  void list(OpenDirectory& directory);
  bool fill(int parent_fd, const char* name, const struct ::statx& found, WalkStep& step);
  bool read_target(int parent_fd, const char* name, std::string& target);
  void begin(WalkStep& step, WalkStep::Kind kind, std::string_view name) const;
  void leave(WalkStep& step) const;
  bool still_there();
  bool left_out(bool is_directory);
  std::string_view relative() const { return std::string_view(path).substr(std::min(root_size, path.size())); }
  void report(const char* what, int error_number) { monitor.error(path, errno_error(error_number, what).what()); }

  WalkOptions options;
  Monitor& monitor;

  Fd root_parent;         // the directory that holds the root
  std::string root_name;  // what to open beneath it
  std::string shown_name;  // the root's name as the caller wrote it
  size_t root_size = 0;    // where the relative part of `path` begins
  struct ::statx root_found{};
  uint64_t root_device = 0;

  DirectoryStack inside;  // the directories we are in
  NameStack names;        // what is in them
  std::string path;           // of the entry at hand, with the root as the caller wrote it
  std::string open_name;
  bool started = false, leaving = false;
  uint64_t sockets = 0, excluded = 0;
};

TreeWalker::State::State(const std::string& root, const WalkOptions& walk_options, Monitor& walk_monitor)
    : options(walk_options), monitor(walk_monitor) {
  const std::string real = real_path(root);
  path = root;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  root_size = path == "/" ? 1 : path.size() + 1;
  shown_name = last_element(path);
  if (shown_name == "." || shown_name == "..") shown_name = last_element(real);
  options.filter.exclude = options.filter.exclude.relative_to({path.starts_with('/') ? path : real, real});

  const std::string parent = real.substr(0, std::max<size_t>(1, real.rfind('/')));
  root_name = real == "/" ? "." : last_element(real);
  root_parent = Fd(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root_parent || !examine(root_parent.get(), root_name.c_str(), root_found)) throw_errno(printable(path));
  Entry trial;
  if (!capture(root_found, trial)) throw Error(ErrorCode::kUnsupported, printable(path) + ": sockets can't be saved");
}

bool TreeWalker::State::next(WalkStep& step) {
  monitor.check_interrupted();
  if (std::exchange(leaving, false)) {
    names.pop(inside.top().names);
    inside.pop();
  }
  if (!std::exchange(started, true)) {
    open_name = root_name;
    if (S_ISDIR(root_found.stx_mode)) return enter(root_parent.get(), shown_name, root_found, step);
    begin(step, WalkStep::Kind::kEntry, shown_name);
    return fill(root_parent.get(), root_name.c_str(), root_found, step);
  }
  while (!inside.empty()) {
    OpenDirectory& directory = inside.top();
    if (directory.next == directory.names.end || !still_there()) {
      leave(step);
      leaving = true;
      return true;
    }
    if (visit(names.at(directory.next++), step)) return true;
  }
  return false;
}

// The directory around was closed if we were far inside of it.
bool TreeWalker::State::still_there() {
  if (inside.top().fd || inside.reopen(path)) return true;
  path.resize(inside.top().path_size);
  monitor.error(path, "was moved or replaced while it was being read, the rest of it is left out");
  return false;
}

// True when there is a step to deliver.
bool TreeWalker::State::visit(const NameStack::Name& name, WalkStep& step) {
  path.resize(inside.top().path_size);
  if (!path.ends_with('/')) path += '/';
  path += name.text;
  // Before looking at it, where possible: an excluded path may be one that can't be examined (a FUSE mount of somebody else).
  if (name.type != DT_UNKNOWN && left_out(name.type == DT_DIR)) return false;

  const int parent_fd = inside.top().fd.get();
  struct ::statx found{};
  if (!examine(parent_fd, name.text, found)) {
    report(errno == ENOENT ? "vanished while it was being read" : "can't be examined", errno);
    return false;
  }
  const bool is_directory = S_ISDIR(found.stx_mode);
  if ((name.type == DT_UNKNOWN || is_directory != (name.type == DT_DIR)) && left_out(is_directory)) return false;
  if (is_directory) return enter(parent_fd, name.text, found, step);
  const uint64_t limit = options.filter.exclude_larger_than_bytes;
  if (limit > 0 && S_ISREG(found.stx_mode) && found.stx_size > limit) {
    ++excluded;
    return false;
  }
  begin(step, WalkStep::Kind::kEntry, name.text);
  open_name = name.text;
  return fill(parent_fd, name.text, found, step);
}

bool TreeWalker::State::left_out(bool is_directory) {
  if (!options.filter.exclude.matches(relative(), is_directory)) return false;
  ++excluded;
  return true;
}

// Everything but directories.
bool TreeWalker::State::fill(int parent_fd, const char* name, const struct ::statx& found, WalkStep& step) {
  if (!capture(found, step.entry)) {
    ++sockets;
    return false;
  }
  step.allocated_bytes = found.stx_blocks * 512;
  if (step.entry.type == EntryType::kFile) return true;
  if (step.entry.type == EntryType::kSymlink && !read_target(parent_fd, name, step.entry.target)) {
    report("its target can't be read", errno);
    return false;
  }
  capture_xattrs_at(parent_fd, name, path, monitor, step.entry);
  return true;
}

bool TreeWalker::State::read_target(int parent_fd, const char* name, std::string& target) {
  for (size_t room = 256;; room *= 4) {
    target.resize(room);
    const ssize_t size = ::readlinkat(parent_fd, name, target.data(), room);
    if (size < 0) return false;
    if (static_cast<size_t>(size) == room) continue;  // perhaps cut off
    target.resize(static_cast<size_t>(size));
    return true;
  }
}

void TreeWalker::State::begin(WalkStep& step, WalkStep::Kind kind, std::string_view name) const {
  // The strings' memory stays, all else begins anew.
  Entry fresh;
  fresh.name = std::move(step.entry.name);
  fresh.target = std::move(step.entry.target);
  fresh.target.clear();
  fresh.name = name;
  step.entry = std::move(fresh);
  step.kind = kind;
  step.path = relative();
  step.allocated_bytes = 0;
}

void TreeWalker::State::leave(WalkStep& step) const {
  const std::string_view shown = std::string_view(path).substr(0, inside.top().path_size);
  const std::string_view inner = shown.substr(std::min(root_size, shown.size()));
  begin(step, WalkStep::Kind::kLeave, inside.depth() == 1 ? std::string_view(shown_name) : inner.substr(inner.rfind('/') + 1));
  step.path = inner;
  step.entry.type = EntryType::kDirectory;
}

bool TreeWalker::State::enter(int parent_fd, const std::string& name, const struct ::statx& seen, WalkStep& step) {
  const bool is_root = inside.empty();
  const char* opened_as = is_root ? root_name.c_str() : name.c_str();
  OpenDirectory directory;
  directory.path_size = path.size();
  directory.names = names.top();
  struct ::statx found = seen;
  if (is_root) root_device = device_of(seen);
  if (!open_directory(parent_fd, opened_as, found, directory)) return false;
  if (is_root) root_device = device_of(found);

  begin(step, WalkStep::Kind::kEnter, name);
  capture(found, step.entry);
  step.allocated_bytes = found.stx_blocks * 512;
  if (directory.fd) {
    capture_xattrs(directory.fd.get(), path, monitor, step.entry);
  } else {
    capture_xattrs_at(parent_fd, opened_as, path, monitor, step.entry);
  }
  if (directory.fd && !(options.one_file_system && device_of(found) != root_device)) {
    if (inside.holds(found)) {
      monitor.warning(printable(path) + ": is one of the directories that hold it (a bind mount?), not entered again");
    } else {
      list(directory);
    }
  }
  directory.device = device_of(found);
  directory.inode = found.stx_ino;
  directory.next = directory.names.begin;
  inside.push(std::move(directory));
  return true;
}

// Opens the directory and looks at it again through the descriptor: from now on it can't be swapped for another.
// False when there is nothing to deliver; directory.fd stays empty when there is a directory that isn't to be entered.
bool TreeWalker::State::open_directory(int parent_fd, const char* name, struct ::statx& found, OpenDirectory& directory) {
  // Not even opened: that could mount it, or hang.
  if (options.one_file_system && device_of(found) != root_device) return true;
  if (inside.depth() >= kMaxDepth) {
    monitor.error(path, "nested deeper than 4096 directories, what is in it is left out");
    return true;
  }
  directory.fd = open_unread(parent_fd, name, O_DIRECTORY);
  if (!directory.fd) {
    const bool gone = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
    report(gone ? "vanished or was replaced while it was being read" : "can't be read", errno);
    return !gone;
  }
  if (examine(directory.fd.get(), "", found)) return true;
  report("can't be examined", errno);
  return false;
}

void TreeWalker::State::list(OpenDirectory& directory) {
  int error_number = 0;
  directory.names = names.push(directory.fd.get(), monitor, &error_number);
  if (error_number != 0) report("can't be listed completely", error_number);
  if (options.filter.exclude_caches && names.contains(directory.names, kCacheTag) && has_cache_signature(directory.fd.get())) {
    excluded += names.keep_only(directory.names, kCacheTag);
  }
}

TreeWalker::TreeWalker(const std::string& root, const WalkOptions& options, Monitor& monitor)
    : state_(std::make_unique<State>(root, options, monitor)) {}

TreeWalker::~TreeWalker() = default;

bool TreeWalker::next(WalkStep& step) { return state_->next(step); }

int TreeWalker::directory_fd() const {
  return state_->inside.empty() ? state_->root_parent.get() : state_->inside.top().fd.get();
}

const std::string& TreeWalker::open_name() const { return state_->open_name; }
uint64_t TreeWalker::sockets_skipped() const { return state_->sockets; }
uint64_t TreeWalker::excluded() const { return state_->excluded; }

}  // namespace cairn
