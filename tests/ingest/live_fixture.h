// What tests of a live server as a source have in common.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>

#include "ingest/monitor.h"
#include "ingest/stream/stream_source.h"
#include "store/bytes.h"
#include "store/error.h"
#include "tests/store/temp_dir.h"

namespace cairn {

class Notes : public Monitor {
 public:
  void error(const std::string& path, const std::string& message) override { ADD_FAILURE() << path << ": " << message; }
  void warning(const std::string& message) override {
    std::lock_guard lock(notes_mu_);
    warnings_ += message + "\n";
  }
  void item(const std::string&, const std::string&, uint64_t) override {}
  void check_interrupted() override {
    if (stop_) throw Error(ErrorCode::kInterrupted, "asked to stop");
  }
  std::atomic<bool> stop_{false};
  std::mutex notes_mu_;
  std::string warnings_;
};

inline std::string read_rest(StreamSource& source) {
  std::string out;
  Bytes buffer(300000);
  while (const size_t size = source.read(buffer)) out.append(text({buffer.data(), size}));
  source.finish();
  return out;
}

template <class Body>
std::string failure_of(Body&& body, ErrorCode code = ErrorCode::kIo) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "did not fail";
  return "";
}

// A program in place of pg_dump.
class FakeProgram {
 public:
  explicit FakeProgram(const std::string& script) {
    std::ofstream(path()) << "#!/bin/sh\n" << script;
    std::filesystem::permissions(path(), std::filesystem::perms::owner_all);
  }
  std::string path() const { return folder_ / "pg_dump"; }

 private:
  const TempDir folder_;
};

}  // namespace cairn
