// The directory container (pg_dump -Fd): toc.dat, a file for each entry's data, lists of large objects and a file for each.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "ingest/postgres/archive/archive_source.h"
#include "ingest/postgres/archive/block.h"
#include "ingest/postgres/archive/source.h"
#include "store/fd.h"

namespace cairn {

namespace {

constexpr const char* kTocName = "toc.dat";
constexpr size_t kMostListBytes = 64 << 20;   // of a list of large objects

struct Suffix {
  std::string_view suffix;
  PackCodec codec;
};
constexpr auto kSuffixes = std::to_array<Suffix>(
    {{"", PackCodec::kNone}, {".gz", PackCodec::kGzip}, {".lz4", PackCodec::kLz4}, {".zst", PackCodec::kZstd}});

// A file of the archive, open.
class OpenFile {
 public:
  OpenFile(int directory_fd, const std::string& name)
      : fd_(::openat(directory_fd, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)),
        in_([this](std::span<uint8_t> into) { return read(into); }) {
    if (!fd_) throw_errno(printable(name));
    struct ::stat status{};
    if (::fstat(fd_.get(), &status) != 0) throw_errno(printable(name));
    if (!S_ISREG(status.st_mode)) throw Error(ErrorCode::kIo, printable(name) + ": no regular file any more");
    file_.name = name;
    file_.mode = status.st_mode & 07777U;
    file_.uid = status.st_uid;
    file_.gid = status.st_gid;
    file_.mtime_ns = mtime_of(status);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  Input& in() { return in_; }
  // Requires: everything was read.
  OriginalFile file() const {
    OriginalFile out = file_;
    out.size_bytes = in_.size_bytes();
    return out;
  }
  // Whether somebody wrote to it since it was opened.  Requires: everything was read.
  bool changed() const {
    struct ::stat status{};
    if (::fstat(fd_.get(), &status) != 0) throw_errno(printable(file_.name));
    return static_cast<uint64_t>(status.st_size) != in_.size_bytes() || mtime_of(status) != file_.mtime_ns;
  }

 private:
  static int64_t mtime_of(const struct ::stat& status) { return status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec; }
  size_t read(std::span<uint8_t> into) {
    for (;;) {
      const ssize_t size = ::read(fd_.get(), into.data(), into.size());
      if (size >= 0) return static_cast<size_t>(size);
      if (errno != EINTR) throw_errno(printable(file_.name) + ": reading");
    }
  }
  Fd fd_;
  OriginalFile file_;
  Input in_;
};

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// The names of a directory's entries; nullopt: some aren't regular files.
std::optional<std::set<std::string>> regular_files(int directory_fd) {
  Fd fd(::openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("archive of pg_dump: its directory");
  std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd.get()));
  if (!directory) throw_errno("archive of pg_dump: its directory");
  fd.release();
  std::set<std::string> out;
  for (;;) {
    errno = 0;
    const ::dirent* entry = ::readdir(directory.get());
    if (!entry && errno != 0) throw_errno("archive of pg_dump: its directory");
    if (!entry) return out;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct ::stat status{};
    if (::fstatat(directory_fd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw_errno(printable(name));
    if (!S_ISREG(status.st_mode)) return std::nullopt;
    out.insert(name);
  }
}

class DirectoryContainer : public Container {
 public:
  DirectoryContainer(ArchiveJob& job, int directory_fd, std::set<std::string> files, std::unique_ptr<OpenFile> toc)
      : job_(job), directory_fd_(directory_fd), files_(std::move(files)), file_(std::move(toc)) {
    files_.erase(kTocName);
  }

  bool step() override {
    switch (state_) {
      case State::kFile: read_file(); return true;
      case State::kNext: next(); return true;
      case State::kObjects: next_object(); return true;
      case State::kFinish: finish(); return true;
      case State::kRest: return next_of_rest();
    }
    return false;
  }

 private:
  enum class State { kFile, kNext, kObjects, kFinish, kRest };

  // The next entry's data.
  void next() {
    const std::vector<TocEntry>& entries = job_.toc.entries;
    while (at_ < entries.size() && (!entries[at_].has_data || entries[at_].file.empty())) ++at_;
    if (at_ == entries.size()) {
      state_ = State::kFinish;
      return;
    }
    const TocEntry& entry = entries[at_];
    const bool objects = Renderer::holds_large_objects(entry);
    const auto found = find(entry.file);
    if (!found || (objects && found->second != PackCodec::kNone)) {
      job_.trouble(data_of(entry) + ": the file " + printable(entry.file) + " is missing");
      ++at_;
      return;
    }
    if (!job_.render.ready(entry)) return;
    ++at_;
    entry_ = &entry;
    open(found->first, found->second);
    if (objects) {
      read_list();
      job_.render.begin_large_objects(entry);
      return;
    }
    job_.render.begin_data(entry);
    block_.emplace(job_, found->second, false, PlainSource::Form::kText, [this](ByteView rows) { job_.render.data(rows); });
    after_ = State::kNext;
  }

  // A file of that name as it may be called when it is compressed.
  std::optional<std::pair<std::string, PackCodec>> find(const std::string& name) const {
    for (const Suffix& one : kSuffixes) {
      std::string full = name + std::string(one.suffix);
      if (files_.contains(full)) return std::pair(std::move(full), one.codec);
    }
    return std::nullopt;
  }

  void open(const std::string& name, PackCodec codec) {
    files_.erase(name);
    codec_ = codec;
    file_ = std::make_unique<OpenFile>(directory_fd_, name);
    state_ = State::kFile;
  }

  // The list of large objects, "4242 blob_4242.dat" a line; it stays open until it was stored.
  void read_list() {
    list_.clear();
    list_at_ = 0;
    Input& in = file_->in();
    while (!in.peek(1).empty() && list_.size() < kMostListBytes) {
      const ByteView have = in.peek(1);
      const size_t size = std::min(have.size(), piece_bytes(codec_));
      list_ += text(have.first(size));
      job_.verbatim(in, size);
    }
    after_ = State::kObjects;
  }

  void next_object() {
    const size_t end = list_.find('\n', list_at_);
    if (end == list_.npos) {
      if (list_at_ < list_.size()) job_.trouble("the list of large objects breaks off");
      job_.render.end_large_objects();
      state_ = State::kNext;
      return;
    }
    const std::string_view line = std::string_view(list_).substr(list_at_, end - list_at_);
    list_at_ = end + 1;
    uint32_t oid = 0;
    const auto [digits, error] = std::from_chars(line.data(), line.data() + line.size(), oid);
    const size_t used = static_cast<size_t>(digits - line.data());
    const bool valid = error == std::errc() && used < line.size() && line[used] == ' ';
    const auto found = valid ? find(std::string(line.substr(used + 1))) : std::nullopt;
    if (!found) {
      job_.trouble("the list of large objects names what isn't there: " + printable(line));
      return;
    }
    open(found->first, found->second);
    job_.render.begin_large_object(oid);
    object_ = true;
    block_.emplace(job_, found->second, false, job_.render.large_object_form(), [this](ByteView bytes) { job_.render.large_object_data(bytes); });
    after_ = State::kObjects;
  }

  void read_file() {
    Input& in = file_->in();
    const ByteView have = in.peek(1);
    const size_t size = std::min(have.size(), piece_bytes(codec_));
    if (size == 0) {
      end_file();
    } else if (block_) {
      block_->payload(have.first(size));
      in.skip(size);
    } else {
      job_.verbatim(in, size);
    }
  }

  void end_file() {
    if (block_) {
      std::string problem = block_->end();
      block_.reset();
      bool whole = codec_ != PackCodec::kGzip || file_->in().size_bytes() > 0;   // gzip of nothing has a head and a tail
      if (object_) {
        job_.render.end_large_object();
      } else {
        whole = job_.render.end_data() && whole;
      }
      object_ = false;
      if (problem.empty() && !whole) problem = "breaks off";
      if (!problem.empty()) job_.trouble(data_of(*entry_) + ": the file " + printable(file_->file().name) + " " + problem);
    }
    if (file_->changed()) job_.trouble(printable(file_->file().name) + " changed while it was read");
    job_.recipe.end_file(file_->file(), file_->in().hash());
    file_.reset();
    state_ = after_;
  }

  void finish() {
    if (!job_.render.finish()) return;
    job_.out.end_text();
    if (const TocEntry* missing = job_.render.missing()) job_.trouble(data_of(*missing) + " is missing");
    state_ = State::kRest;
    after_ = State::kRest;
  }

  bool next_of_rest() {
    if (files_.empty()) {
      job_.out.end();
      return false;
    }
    open(std::string(*files_.begin()), PackCodec::kNone);
    return true;
  }

  ArchiveJob& job_;
  int directory_fd_;
  std::set<std::string> files_;            // not read yet
  State state_ = State::kFile, after_ = State::kNext;
  std::unique_ptr<OpenFile> file_;
  PackCodec codec_ = PackCodec::kNone;     // of its data
  size_t at_ = 0;                          // entry
  const TocEntry* entry_ = nullptr;        // whose data is read
  bool object_ = false;                    // the file is a large object
  std::string list_;                       // of large objects
  size_t list_at_ = 0;
  std::optional<Block> block_;
};

class DirectorySource : public ArchiveReader {
 public:
  DirectorySource(int directory_fd, const std::string& component, std::set<std::string> files, std::unique_ptr<OpenFile> toc_file,
                  Toc toc, Bytes head, const std::string& problem)
      : ArchiveReader(component) {
    auto job = std::make_unique<ArchiveJob>(ArchiveFormat::kDirectory, std::move(toc), std::move(head));
    job->problem = problem;
    cut_ = !problem.empty();
    auto container = std::make_unique<DirectoryContainer>(*job, directory_fd, std::move(files), std::move(toc_file));
    start(ArchiveFormat::kDirectory, std::move(job), std::move(container));
  }

  StreamParts parts() override {
    StreamParts out = ArchiveReader::parts();
    if (!cut_) return out;
    out.parts.clear();   // of an empty database
    for (const char* counted : {"databases", "tables", "rows"}) out.properties.erase(counted);
    return out;
  }

 private:
  bool cut_ = false;   // within its table of contents
};

}  // namespace

bool is_archive_directory(int directory_fd) {
  struct ::stat status{};
  if (::fstatat(directory_fd, kTocName, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw_errno(kTocName);
  }
  if (!S_ISREG(status.st_mode)) return false;
  OpenFile file(directory_fd, kTocName);
  return looks_like_archive(file.in().peek(kArchiveProbeBytes));
}

std::unique_ptr<PartedSource> make_archive_directory_source(int directory_fd, const std::string& component) {
  auto files = regular_files(directory_fd);
  if (!files || !files->contains(kTocName)) return nullptr;
  auto toc_file = std::make_unique<OpenFile>(directory_fd, kTocName);
  Bytes head;
  TocProblem problem;
  auto toc = read_toc(toc_file->in(), ArchiveFormat::kDirectory, UINT64_MAX, head, problem);
  if (!toc && !problem.cut) return nullptr;
  if (!toc) toc.emplace();   // all that is there is passed as it is
  for (const std::string& name : *files) {
    for (const Suffix& one : kSuffixes) {
      if (one.codec != PackCodec::kNone && name.ends_with(one.suffix)) toc->codec = one.codec;
    }
  }
  return std::make_unique<DirectorySource>(directory_fd, component, std::move(*files), std::move(toc_file), std::move(*toc), std::move(head), problem.why);
}

}  // namespace cairn
