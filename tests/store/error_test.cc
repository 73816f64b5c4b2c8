#include "store/error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace cairn {
namespace {

TEST(Error, ErrnoGivesTheFittingCodeAndText) {
  EXPECT_EQ(errno_error(ENOENT, "a").code(), ErrorCode::kNotFound);
  EXPECT_EQ(errno_error(ENOSPC, "a").code(), ErrorCode::kNoSpace);
  EXPECT_EQ(errno_error(EDQUOT, "a").code(), ErrorCode::kNoSpace);
  for (int other : {EIO, EACCES, EPERM, EROFS, EMFILE, ENFILE, ESTALE, ENOTDIR, ELOOP, EFBIG}) {
    EXPECT_EQ(errno_error(other, "a").code(), ErrorCode::kIo) << other;
  }
  EXPECT_STREQ(errno_error(ENOENT, "packs/ab").what(), "packs/ab: No such file or directory");
}

TEST(Error, ThrowErrnoUsesErrno) {
  errno = ENOSPC;
  try {
    throw_errno("x");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kNoSpace);
    EXPECT_STREQ(e.what(), "x: No space left on device");
  }
}

TEST(Printable, KeepsWhatPeopleWrite) {
  for (std::string_view name : {"", "plain", "with space", "Grüße", "日本語", "🙂", "a\\x41", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(printable(name), name);
  }
}

TEST(Printable, EscapesControlCharacters) {
  EXPECT_EQ(printable("a\nb\tc"), "a\\x0ab\\x09c");
  EXPECT_EQ(printable("\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\x7f"), "\\x7f");
  EXPECT_EQ(printable("\xc2\x85"), "\\xc2\\x85");  // NEL, a C1 control
}

TEST(Printable, EscapesWhatTurnsTextAround) {
  EXPECT_EQ(printable("\u202egpj.exe"), "\\xe2\\x80\\xaegpj.exe");
  for (std::string_view mark : {"\u061c", "\u200e", "\u200f", "\u202a", "\u2066", "\u2069", "\u2028", "\u2029"}) {
    EXPECT_EQ(printable(mark).substr(0, 2), "\\x");
  }
}

TEST(Printable, EscapesInvalidUtf8ByteByByte) {
  EXPECT_EQ(printable("a\xff"), "a\\xff");
  EXPECT_EQ(printable("\xc3"), "\\xc3");                      // ends too early
  EXPECT_EQ(printable("\xc3z"), "\\xc3z");                    // no continuation
  EXPECT_EQ(printable("\x80z"), "\\x80z");                    // continuation alone
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");             // overlong '/'
  EXPECT_EQ(printable("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");    // overlong '/'
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");    // half a surrogate pair
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
  EXPECT_EQ(printable("\xf8\x88\x80\x80\x80"), "\\xf8\\x88\\x80\\x80\\x80");
}

TEST(Printable, NeverWritesARawControlOrHighByteItDidNotCheck) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      std::string out = printable(std::string{static_cast<char>(a), static_cast<char>(b)});
      EXPECT_EQ(printable(out), out);
    }
  }
}

}  // namespace
}  // namespace cairn
