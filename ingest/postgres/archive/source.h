// What the sources of all three containers have in common: reading a job's stored stream, and telling its parts.
//
// Threads:  one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "ingest/parts/parted_source.h"
#include "ingest/postgres/archive/job.h"

namespace cairn {

class ArchiveReader : public PartedSource {
 public:
  explicit ArchiveReader(std::string component) : component_(std::move(component)) {}
  size_t read(std::span<uint8_t> into) override;
  uint64_t settled() const override { return job_->out.settled(); }
  void take_marks(std::vector<Mark>& marks) override { job_->out.take_marks(marks); }
  StreamParts parts() override;

 protected:
  // Both before the first read().
  void start(ArchiveFormat format, std::unique_ptr<ArchiveJob> job, std::unique_ptr<Container> container);
  ArchiveJob& job() { return *job_; }

 private:
  std::string component_;
  ArchiveFormat format_ = ArchiveFormat::kCustom;
  std::unique_ptr<ArchiveJob> job_;
  std::unique_ptr<Container> container_;   // none: everything was read
};

}  // namespace cairn
