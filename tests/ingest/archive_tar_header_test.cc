#include "ingest/postgres/archive/tar_header.h"

#include <cstdio>

#include "tests/ingest/archive_fixture.h"

namespace cairn {
namespace {

// The first header of an archive with another size field, and the checksum put right.
std::string header(const std::string& size_field) {
  std::string block = file_contents(archive_data("archive_15.tar")).substr(0, kTarBlockBytes);
  block.replace(124, 12, size_field);
  block.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  char text[9];
  std::snprintf(text, sizeof text, "%06o", sum);
  block.replace(148, 8, text, 8);
  return block;
}

TEST(TarHeader, HasSizesOfBothKinds) {
  EXPECT_EQ(parse_tar_header(view(header("00000001234 ")))->size_bytes, 668U);
  EXPECT_EQ(parse_tar_header(view(header("77777777777 ")))->size_bytes, (uint64_t{8} << 30) - 1);
  EXPECT_EQ(parse_tar_header(view(header(std::string("\x80\0\0\0\0\0\0\2\0\0\0\1", 12))))->size_bytes, (uint64_t{2} << 32) + 1);
  EXPECT_FALSE(parse_tar_header(view(header(std::string("\x80") + std::string(11, '\xff')))));
  EXPECT_FALSE(parse_tar_header(view(header("0000000123x "))));
  EXPECT_FALSE(parse_tar_header(view(header("            "))));
}

TEST(TarHeader, IsCheckedAsAWhole) {
  std::string block = header("00000001234 ");
  EXPECT_EQ(parse_tar_header(view(block))->name, "toc.dat");
  EXPECT_TRUE(parse_tar_header(view(block))->regular);
  block[0] = 'T';
  EXPECT_FALSE(parse_tar_header(view(block)));
}

TEST(TarHeader, KnowsTheEndAndThePadding) {
  std::string zeros(kTarBlockBytes, '\0');
  EXPECT_TRUE(tar_end(view(zeros)));
  EXPECT_FALSE(parse_tar_header(view(zeros)));
  zeros.back() = 'x';
  EXPECT_FALSE(tar_end(view(zeros)));
  EXPECT_EQ(tar_padding(0), 0U);
  EXPECT_EQ(tar_padding(1), 511U);
  EXPECT_EQ(tar_padding(512), 0U);
}

}  // namespace
}  // namespace cairn
