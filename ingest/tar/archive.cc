#include "ingest/tar/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <exception>

#include "ingest/tar/acl.h"
#include "ingest/tree/metadata.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr int64_t kNsPerSecond = 1'000'000'000;

std::string words(::archive* from) {
  const char* text = ::archive_error_string(from);
  return text ? printable(text) : "unknown trouble";
}

// libarchive writes and reads a pax time as sign, seconds, point, nanoseconds: what stands behind the point counts away from zero.
// (Times less than a second before 1970 can't be told that way; they come out as after it.)
void set_mtime(::archive_entry* to, int64_t ns) {
  ::archive_entry_set_mtime(to, ns / kNsPerSecond, static_cast<long>(std::abs(ns % kNsPerSecond)));
}

int64_t mtime_ns(::archive_entry* from) {
  constexpr int64_t kMostSeconds = INT64_MAX / kNsPerSecond - 1;
  const int64_t seconds = std::clamp<int64_t>(::archive_entry_mtime(from), -kMostSeconds, kMostSeconds);
  const int64_t ns = ::archive_entry_mtime_nsec(from);
  return seconds * kNsPerSecond + (seconds < 0 ? -ns : ns);
}

std::string text_of(const char* text) { return text ? text : ""; }

}  // namespace

struct TarWriter::State {
  explicit State(std::function<void(ByteView)> to) : write(std::move(to)), archive(::archive_write_new()), entry(::archive_entry_new()) {}
  ~State() {
    if (!finished) ::archive_write_fail(archive);   // closing would write an end, as if this were whole
    ::archive_entry_free(entry);
    ::archive_write_free(archive);
  }
  // Exceptions don't pass through C.
  static la_ssize_t pass(::archive* out, void* self, const void* bytes, size_t size) {
    auto& state = *static_cast<State*>(self);
    try {
      state.write({static_cast<const uint8_t*>(bytes), size});
      return static_cast<la_ssize_t>(size);
    } catch (...) {
      state.thrown = std::current_exception();
      ::archive_set_error(out, EIO, "can't be written");
      return -1;
    }
  }
  void require(int64_t result, const char* what) {
    if (thrown) std::rethrow_exception(thrown);
    if (result < ARCHIVE_WARN) throw Error(ErrorCode::kIo, std::string(what) + ": " + words(archive));
  }

  std::function<void(ByteView)> write;
  ::archive* archive;
  ::archive_entry* entry;
  std::exception_ptr thrown;
  bool finished = false;
};

TarWriter::TarWriter(TarFilter filter, std::function<void(ByteView)> write) : state_(std::make_unique<State>(std::move(write))) {
  ::archive* out = state_->archive;
  if (!out || !state_->entry) throw std::bad_alloc();
  state_->require(::archive_write_set_format_pax(out), "tar");
  // Names are bytes; attributes the way GNU tar knows them, once.
  state_->require(::archive_write_set_options(out, "hdrcharset=BINARY,xattrheader=SCHILY"), "tar");
  if (filter != TarFilter::kNone) state_->require(::archive_write_set_bytes_in_last_block(out, 1), "tar");   // zstd takes no padding
  switch (filter) {
    case TarFilter::kNone: break;
    case TarFilter::kGzip: state_->require(::archive_write_add_filter_gzip(out), "gzip"); break;
    case TarFilter::kZstd: state_->require(::archive_write_add_filter_zstd(out), "zstd"); break;
    case TarFilter::kXz: state_->require(::archive_write_add_filter_xz(out), "xz"); break;
  }
  state_->require(::archive_write_open(out, state_.get(), nullptr, State::pass, nullptr), "tar");
}
TarWriter::~TarWriter() = default;

void TarWriter::add(const TarEntry& one) {
  const Entry& from = one.entry;
  ::archive_entry* to = ::archive_entry_clear(state_->entry);
  ::archive_entry_copy_pathname(to, one.path.c_str());
  ::archive_entry_set_mode(to, file_type(from.type) | static_cast<mode_t>(from.mode));
  ::archive_entry_set_uid(to, from.uid);
  ::archive_entry_set_gid(to, from.gid);
  if (!one.user.empty()) ::archive_entry_copy_uname(to, one.user.c_str());
  if (!one.group.empty()) ::archive_entry_copy_gname(to, one.group.c_str());
  set_mtime(to, from.mtime_ns);
  ::archive_entry_set_size(to, from.type == EntryType::kFile && !one.hard_link ? static_cast<int64_t>(from.size_bytes) : 0);
  if (one.hard_link) ::archive_entry_copy_hardlink(to, one.hard_link->c_str());
  if (from.type == EntryType::kSymlink && !one.hard_link) ::archive_entry_copy_symlink(to, from.target.c_str());
  if (from.type == EntryType::kCharDevice || from.type == EntryType::kBlockDevice) ::archive_entry_set_rdev(to, from.device);
  if (!one.hard_link)
    for (const Xattr& xattr : from.xattrs) ::archive_entry_xattr_add_entry(to, xattr.name.c_str(), xattr.value.data(), xattr.value.size());
  for (const TarRun& run : one.runs)
    ::archive_entry_sparse_add_entry(to, static_cast<int64_t>(run.offset_bytes), static_cast<int64_t>(run.length_bytes));
  state_->require(::archive_write_header(state_->archive, to), one.path.c_str());
}

void TarWriter::content(ByteView bytes) {
  while (!bytes.empty()) {
    const la_ssize_t put = ::archive_write_data(state_->archive, bytes.data(), bytes.size());
    state_->require(put, "tar");
    if (put == 0) throw Error(ErrorCode::kCorrupt, "a file is longer than its entry says");
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
}

void TarWriter::finish() {
  state_->require(::archive_write_close(state_->archive), "tar");
  state_->finished = true;
}

struct TarReader::State {
  explicit State(Read from) : read(std::move(from)), buffer(kReadBytes), archive(::archive_read_new()) {}
  ~State() { ::archive_read_free(archive); }
  static la_ssize_t pass(::archive* in, void* self, const void** bytes) {
    auto& state = *static_cast<State*>(self);
    try {
      *bytes = state.buffer.data();
      return static_cast<la_ssize_t>(state.read(state.buffer.span()));
    } catch (...) {
      state.thrown = std::current_exception();
      ::archive_set_error(in, EIO, "can't be read");
      return -1;
    }
  }
  // Warnings are about names that aren't UTF-8, which come as the bytes they are.
  void require(int result, const std::string& where) {
    if (thrown) std::rethrow_exception(thrown);
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN && result != ARCHIVE_EOF)
      throw Error(ErrorCode::kCorrupt, (where.empty() ? "the archive" : printable(where)) + ": " + words(archive));
  }

  Read read;
  Buffer buffer;
  ::archive* archive;
  std::exception_ptr thrown;
  std::string path;             // of the last entry
  bool whole = true;            // its content was read
  int64_t end_bytes = 0;        // of the uncompressed archive, where that content ended
};

TarReader::TarReader(Read read) : state_(std::make_unique<State>(std::move(read))) {
  ::archive* in = state_->archive;
  if (!in) throw std::bad_alloc();
  for (auto support : {::archive_read_support_filter_gzip, ::archive_read_support_filter_zstd, ::archive_read_support_filter_xz,
                       ::archive_read_support_filter_bzip2, ::archive_read_support_format_tar})
    state_->require(support(in), "");
  state_->require(::archive_read_open(in, state_.get(), nullptr, State::pass, nullptr), "");
}
TarReader::~TarReader() = default;

namespace {

std::optional<EntryType> type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return EntryType::kFile;
    case S_IFDIR: return EntryType::kDirectory;
    case S_IFLNK: return EntryType::kSymlink;
    case S_IFIFO: return EntryType::kFifo;
    case S_IFCHR: return EntryType::kCharDevice;
    case S_IFBLK: return EntryType::kBlockDevice;
    default: return std::nullopt;
  }
}

void take_xattrs(::archive_entry* from, Entry& entry) {
  ::archive_entry_xattr_reset(from);
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  while (::archive_entry_xattr_next(from, &name, &value, &size) == ARCHIVE_OK) {
    const auto* bytes = static_cast<const uint8_t*>(value);
    entry.xattrs.push_back({name, Bytes(bytes, bytes + size)});
  }
  add_acls(from, entry);
  std::ranges::sort(entry.xattrs, {}, &Xattr::name);
  const auto twice = std::ranges::unique(entry.xattrs, {}, &Xattr::name);
  entry.xattrs.erase(twice.begin(), twice.end());
}

}  // namespace

bool TarReader::next(TarEntry& out) {
  ::archive* in = state_->archive;
  for (;;) {
    if (!state_->whole) state_->require(::archive_read_data_skip(in), state_->path);
    state_->end_bytes = ::archive_filter_bytes(in, 0);
    ::archive_entry* from = nullptr;
    const int result = ::archive_read_next_header(in, &from);
    state_->require(result, state_->path.empty() ? "" : "after " + state_->path);
    if (result == ARCHIVE_EOF) {
      // An archive ends with blocks of zeros: one that merely stops was cut off.
      if (::archive_filter_bytes(in, 0) - state_->end_bytes < 512)
        throw Error(ErrorCode::kCorrupt, "the archive breaks off" + (state_->path.empty() ? "" : " after " + printable(state_->path)));
      return false;
    }
    out = {};
    out.path = state_->path = text_of(::archive_entry_pathname(from));
    state_->whole = false;
    const char* link = ::archive_entry_hardlink(from);
    const auto type = link ? std::optional(EntryType::kFile) : type_of(::archive_entry_mode(from));
    if (!type) continue;
    if (link) out.hard_link = link;
    Entry& entry = out.entry;
    entry.type = *type;
    entry.mode = ::archive_entry_mode(from) & 07777;
    entry.uid = static_cast<uint32_t>(::archive_entry_uid(from));
    entry.gid = static_cast<uint32_t>(::archive_entry_gid(from));
    out.user = text_of(::archive_entry_uname(from));
    out.group = text_of(::archive_entry_gname(from));
    entry.mtime_ns = mtime_ns(from);
    if (*type == EntryType::kFile && !link) entry.size_bytes = static_cast<uint64_t>(std::max<int64_t>(0, ::archive_entry_size(from)));
    if (*type == EntryType::kSymlink) entry.target = text_of(::archive_entry_symlink(from));
    if (*type == EntryType::kCharDevice || *type == EntryType::kBlockDevice) entry.device = ::archive_entry_rdev(from);
    take_xattrs(from, entry);
    return true;
  }
}

bool TarReader::content(ByteView& bytes, uint64_t& offset_bytes) {
  const void* data = nullptr;
  size_t size = 0;
  int64_t offset = 0;
  const int result = ::archive_read_data_block(state_->archive, &data, &size, &offset);
  state_->require(result, state_->path);
  state_->whole = result == ARCHIVE_EOF;
  bytes = {static_cast<const uint8_t*>(data), result == ARCHIVE_EOF ? 0 : size};
  offset_bytes = static_cast<uint64_t>(offset);
  return result != ARCHIVE_EOF;
}

}  // namespace cairn
