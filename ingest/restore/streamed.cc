// Files whose content is made while it is written: parts, and originals that were rewritten to be stored.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "ingest/restore/restorer.h"
#include "store/fd.h"

namespace cairn {

namespace {

constexpr size_t kCompareBytes = 256 << 10;

// Thrown by nobody else: ends a comparison early.
struct Differs {};

// Reads as many bytes from `fd` and compares.
void require_equal(int fd, ByteView expected, Buffer& scratch) {
  while (!expected.empty()) {
    ssize_t got = ::read(fd, scratch.data(), std::min(expected.size(), scratch.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("can't be read");
    auto count = static_cast<size_t>(got);
    if (count == 0 || std::memcmp(scratch.data(), expected.data(), count) != 0) throw Differs();
    expected = expected.subspan(count);
  }
}

}  // namespace

void Restorer::restore_streamed(const Entry& entry, const std::string& path, const Produce& produce) {
  std::string temporary;
  try {
    if (sink_ && !sink_->wanted(path, entry)) {
      ++result_.skipped;
      if (options_.overwrite == Overwrite::kNever) given_up_.insert(path);
      return;
    }
    if (!sink_) {
      monitor_.item("would restore", path, entry.size_bytes);
    } else {
      monitor_.current(path);
      Entry local = with_local_owner(entry);
      temporary = sink_->begin_file(path, local);
      uint64_t written = 0;
      produce([&](ByteView bytes) {
        sink_->write_piece(path, temporary, {written, bytes});
        written += bytes.size();
        monitor_.bytes_done += bytes.size();
      });
      if (written != entry.size_bytes)
        throw Error(ErrorCode::kCorrupt, "its content is " + std::to_string(written) + " bytes in place of " + std::to_string(entry.size_bytes));
      sink_->finish_file(path, temporary, local);
      ++monitor_.files_done;
    }
    ++result_.files;
    result_.bytes += entry.size_bytes;
  } catch (const Error& e) {
    if (!temporary.empty()) sink_->abandon_file(path, temporary);
    if (e.code() == ErrorCode::kNoSpace || e.code() == ErrorCode::kInterrupted) throw;
    fail(path, e.what());
  }
}

void Restorer::finish_directory(const Entry& entry, const std::string& path) {
  if (!sink_ || unmade_.contains(path)) return;
  try {
    sink_->finish_directory(path, with_local_owner(entry));
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kNoSpace || e.code() == ErrorCode::kInterrupted) throw;
    fail(path, e.what());
  }
}

void Restorer::verify_streamed(const Entry& entry, const std::string& path, const Produce& produce) {
  if (!sink_ || given_up_.contains(path)) return;
  try {
    Fd file(sink_->open_for_reading(path));
    struct stat facts;
    if (::fstat(file.get(), &facts) != 0) throw_errno("can't be examined");
    if (static_cast<uint64_t>(facts.st_size) != entry.size_bytes) throw Differs();
    Buffer scratch(kCompareBytes);
    produce([&](ByteView bytes) {
      require_equal(file.get(), bytes, scratch);
      monitor_.bytes_done += bytes.size();
    });
    ++result_.verified_files;
  } catch (const Differs&) {
    fail(path, "verify: the restored file differs from the snapshot");
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInterrupted) throw;
    fail(path, std::string("verify: ") + e.what());
  }
}

}  // namespace cairn
