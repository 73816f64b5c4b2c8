// The third pass of a restore: what is on disk now, against the snapshot.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "ingest/restore/restorer.h"
#include "store/fd.h"
#include "store/tree/chunk_list.h"
#include "store/tree/directory.h"

namespace cairn {

void Restorer::verify(const Entry& entry, const std::string& path) {
  if (unmade_.contains(path)) return;
  if (entry.type == EntryType::kDirectory)
    for_each_child(entry, path, [&](const Entry& child, const std::string& child_path) { verify(child, child_path); });
  if (entry.type != EntryType::kFile || !sink_ || given_up_.contains(path)) return;
  try {
    if (verify_file(entry, path)) ++result_.verified_files;
    else fail(path, "verify: the restored file differs from the snapshot");
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kInterrupted) throw;
    fail(path, std::string("verify: ") + e.what());
  }
}

namespace {

// Exactly `into.size()` bytes; false at the end of the file.
bool read_exactly(int fd, std::span<uint8_t> into) {
  for (size_t done = 0; done < into.size();) {
    ssize_t got = ::read(fd, into.data() + done, into.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno("can't be read");
    if (got == 0) return false;
    done += static_cast<size_t>(got);
  }
  return true;
}

}  // namespace

// Reads what is on disk now and compares it, chunk by chunk, with the ids in the snapshot.
bool Restorer::verify_file(const Entry& entry, const std::string& path) {
  Fd file(sink_->open_for_reading(path));
  struct stat facts;
  if (::fstat(file.get(), &facts) != 0) throw_errno("can't be examined");
  if (static_cast<uint64_t>(facts.st_size) != entry.size_bytes) return false;
  Buffer bytes(64 << 10);
  auto matches = [&](uint64_t length, auto same) {
    for (uint64_t left = length; left > 0;) {
      size_t step = static_cast<size_t>(std::min<uint64_t>(left, bytes.capacity()));
      bytes.set_size(step);
      if (!read_exactly(file.get(), bytes.span())) return false;
      if (!same(bytes.view())) return false;
      left -= step;
    }
    return true;
  };
  if (entry.content.kind == Content::Kind::kInline)
    return matches(entry.size_bytes, [&](ByteView got) { return std::ranges::equal(got, entry.content.inline_bytes); });
  ChunkListReader list(trees_.object_source(), entry.content);
  for (auto refs = list.next(); !refs.empty(); refs = list.next())
    for (const ChunkRef& ref : refs) {
      Blake3 hash(repository_.keys().id_key);
      bool zeros = true;
      bool read = matches(ref.length_bytes, [&](ByteView got) {
        if (ref.is_zeros()) zeros = zeros && std::ranges::all_of(got, [](uint8_t b) { return b == 0; });
        else hash.update(got);
        return true;
      });
      if (!read || !zeros || (!ref.is_zeros() && ChunkId{hash.finish()} != ref.id)) return false;
      monitor_.bytes_done += ref.length_bytes;
    }
  return true;
}

}  // namespace cairn
