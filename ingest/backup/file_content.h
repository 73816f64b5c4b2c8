// An open regular file on its way into a backup: read once, holes passed over, and looked at again afterwards.
#pragma once

#include <sys/stat.h>

#include <string>

#include "ingest/backup/byte_source.h"
#include "ingest/monitor.h"
#include "store/fd.h"
#include "store/tree/entry.h"

struct statx;

namespace cairn {

class FileContent : public ByteSource {
 public:
  // Opens `name` beneath `directory_fd` without following links, blocking on fifos or touching its access time.  The entry gets the
  // metadata of the opened file.   Errors: kNotFound (vanished), kIo; also when it isn't a regular file any more.
  FileContent(int directory_fd, const std::string& name, Entry& entry);

  int fd() const { return fd_.get(); }
  uint64_t size_bytes() const { return size_bytes_; }   // when opened
  bool sparse() const { return sparse_; }
  uint64_t skip_hole() override;
  size_t read(std::span<uint8_t> into) override;
  // True when size, times and bytes read say that the file changed while it was read.
  bool changed_meanwhile(const Entry& entry) const;
  uint64_t read_bytes() const { return offset_; }

 private:
  Fd fd_;
  uint64_t size_bytes_ = 0;
  uint64_t offset_ = 0;
  uint64_t data_end_ = 0;    // [offset_, data_end_) is data; only kept for files with holes
  bool sparse_ = false;
};

// statx with STATX_BASIC_STATS of an open file.
void stat_open_file(int fd, struct ::statx& out);

}  // namespace cairn
