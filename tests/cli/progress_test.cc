#include "cli/progress.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(Progress, SaysWhatIsKnown) {
  EXPECT_EQ(describe({.bytes_done = 1 << 20}), "1.0 MiB");
  EXPECT_EQ(describe({.bytes_done = 1 << 20, .files_done = 1}), "1.0 MiB, 1 file");
  EXPECT_EQ(describe({.bytes_done = 1 << 20, .bytes_total = 4 << 20, .files_done = 2, .files_total = 8, .errors = 1,
                      .bytes_per_second = 1 << 20}),
            "1.0 MiB of 4.0 MiB (25%), 2 of 8 files, 1.0 MiB/s, 3.0 s left, 1 error");
}

TEST(Progress, NeverPromisesMoreThanEverything) {
  EXPECT_EQ(describe({.bytes_done = 5, .bytes_total = 4, .bytes_per_second = 1}), "5 B of 4 B (100%), 1 B/s");
}

TEST(Progress, CountsErrorsAndTellsThemOnStandardError) {
  Options options;
  Output out;
  Progress progress(options, out);
  testing::internal::CaptureStderr();
  progress.error("a\nb", "a\nb: cannot be read");
  progress.error("c", "vanished");
  progress.warning("look\x1b[31m");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "error: a\\x0ab: cannot be read\nerror: c: vanished\nwarning: look\\x1b[31m\n");
  EXPECT_EQ(progress.errors.load(), 2u);
}

TEST(Progress, MayBeginAndFinishSeveralTimes) {
  Options options;
  options.json = true;
  Output out;
  Progress progress(options, out);
  for (int i = 0; i < 3; ++i) {
    progress.begin();
    progress.finish();
  }
  progress.begin();
}

}  // namespace
}  // namespace cairn
