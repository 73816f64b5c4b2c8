#include "ingest/postgres/archive/recipe.h"

#include <functional>
#include <random>

#include "tests/ingest/archive_fixture.h"

namespace cairn {
namespace {

ErrorCode refused(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing thrown";
  return ErrorCode::kIo;
}

TEST(Layout, FindsEveryByte) {
  // What stands where, by hand: t for text, v for verbatim bytes, each with its number.
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    Layout layout;
    std::vector<std::pair<bool, uint64_t>> stored;
    for (int i = 0; i < 8; ++i) {
      const uint64_t size = random() % 4;
      const bool verbatim = random() % 2 == 0;
      for (uint64_t n = 0; n < size; ++n) stored.emplace_back(verbatim, (verbatim ? layout.verbatim_bytes() : layout.text_bytes()) + n);
      verbatim ? layout.add_verbatim(size) : layout.add_text(size);
    }
    ASSERT_EQ(layout.stored_bytes(), stored.size());
    Encoder out;
    layout.encode(out);
    const Bytes bytes = out.take();
    Decoder in(bytes, "layout");
    const Layout same = Layout::decode(in);
    in.finish();
    for (const bool verbatim : {false, true}) {
      const uint64_t total = verbatim ? layout.verbatim_bytes() : layout.text_bytes();
      for (uint64_t begin = 0; begin <= total; ++begin) {
        for (uint64_t length = 0; begin + length <= total; ++length) {
          const auto found = verbatim ? same.verbatim({begin, length}) : same.text({begin, length});
          uint64_t at = begin;
          for (const Extent& one : found) {
            EXPECT_GT(one.length_bytes, 0U);
            for (uint64_t n = 0; n < one.length_bytes; ++n) ASSERT_EQ(stored.at(one.offset_bytes + n), std::pair(verbatim, at++));
          }
          ASSERT_EQ(at, begin + length);
        }
        EXPECT_EQ(refused([&] { verbatim ? same.verbatim({begin, total - begin + 1}) : same.text({begin, total - begin + 1}); }), ErrorCode::kCorrupt);
      }
    }
    for (uint64_t at = 0; at < layout.text_bytes(); ++at) {
      const uint64_t place = layout.text_place(at);
      EXPECT_TRUE(place == 0 || stored[place - 1] == std::pair(false, at - 1)) << at;
    }
  }
}

// A custom archive whose first table has these rows, as pg_dump -Z0 writes it, a chunk a row; it breaks off behind them.
std::string plain_archive(uint64_t row_count, const std::function<std::string(uint64_t)>& row) {
  const std::string archive = file_contents(archive_data("archive_15_z0.pgdump"));
  size_t at = 0;
  Input in([&](std::span<uint8_t> into) {
    const size_t size = std::min(into.size(), archive.size() - at);
    std::memcpy(into.data(), archive.data() + at, size);
    at += size;
    return size;
  });
  Bytes head;
  std::string why;
  const auto toc = read_toc(in, ArchiveFormat::kCustom, UINT64_MAX, head, why);
  EXPECT_TRUE(toc) << why;
  const auto table = std::ranges::find_if(toc->entries, [](const TocEntry& entry) { return entry.kind == "TABLE DATA"; });
  const auto number = [](uint64_t value) { return std::string("\0", 1) + std::string(reinterpret_cast<const char*>(&value), 4); };
  std::string out = std::string(text(head)) + "\x01" + number(static_cast<uint64_t>(table->id));
  for (uint64_t i = 0; i < row_count; ++i) {
    const std::string one = row(i);
    out += number(one.size()) + one;
  }
  return out + number(5) + "\\.\n\n\n" + number(0);
}

TEST(Recipe, OfAMillionRowsIsSmall) {
  const TakenIn in = round_trip(plain_archive(1'000'000, [](uint64_t i) { return std::to_string(i * 7919 % 1'000'003) + "\trow\n"; }));
  EXPECT_EQ(in.parts.transform, "pgdump-custom");
  EXPECT_LT(in.parts.recipe.size(), 300U);
  EXPECT_LT(in.verbatim_bytes(), 100U);
  EXPECT_GT(in.stored.size(), 9'000'000U);
}

TEST(Recipe, HoldsWildChunksUpToABound) {
  std::mt19937_64 random(3);
  const auto row = [&](uint64_t) { return std::string(1 + random() % 9, 'x'); };
  const TakenIn few = round_trip(plain_archive(20'000, row));
  EXPECT_LT(few.verbatim_bytes(), 100U);
  const TakenIn many = round_trip(plain_archive(1'000'000, row));
  EXPECT_LT(many.parts.recipe.size(), 2'000'000U);
  EXPECT_GT(many.verbatim_bytes(), 3'000'000U);
}

TEST(Recipe, HoldsLongLines) {
  for (const size_t size : {size_t{kMostLineBytes} - 1, size_t{kMostLineBytes}, 3 * size_t{kMostLineBytes}}) {
    const TakenIn in = round_trip(plain_archive(3, [&](uint64_t i) { return std::string(size - i, 'x') + "\n"; }));
    EXPECT_LT(in.parts.recipe.size(), 300U);
    EXPECT_LT(in.verbatim_bytes(), 100U);
  }
}

TEST(Recipe, IsCheckedWhenItIsRead) {
  const std::string archive = file_contents(archive_data("archive_17_lz4.pgdump"));
  const TakenIn good = round_trip(archive);
  TakenIn bad = good;
  for (size_t size = 0; size < good.parts.recipe.size(); ++size) {
    bad.parts.recipe.assign(good.parts.recipe.begin(), good.parts.recipe.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_EQ(refused([&] { bad.rebuilt(); }), ErrorCode::kCorrupt) << size;
  }
  for (size_t at = 1; at < good.parts.recipe.size(); ++at) {
    for (const uint8_t change : {0x01, 0x80, 0x55, 0xff}) {
      bad.parts.recipe = good.parts.recipe;
      bad.parts.recipe[at] ^= change;
      try {
        EXPECT_TRUE(bad.rebuilt() == archive);   // a file's mode and the like
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCorrupt) << error.what();
      }
    }
  }
  bad.parts.recipe = good.parts.recipe;
  bad.parts.recipe[0] = 2;
  EXPECT_EQ(refused([&] { archive_files(bad.parts.recipe); }), ErrorCode::kUnsupported);
  EXPECT_EQ(refused([&] { good.rebuilt(1); }), ErrorCode::kInvalidArgument);
}

TEST(Recipe, NoticesADamagedStream) {
  const std::string archive = file_contents(archive_data("archive_15.pgdump"));
  TakenIn in = round_trip(archive);
  const size_t rows = in.stored.find("akadmin", in.stored.find("COPY public.users (id"));
  ASSERT_NE(rows, in.stored.npos);
  in.stored[rows] = 'A';
  EXPECT_EQ(refused([&] { in.rebuilt(); }), ErrorCode::kCorrupt);
}

// Files of a directory go where their names say.
TEST(Recipe, RefusesNamesThatLeadElsewhere) {
  for (const char* name : {"", ".", "..", "../x", "a/b", "/etc/passwd"}) {
    RecipeWriter recipe(ArchiveFormat::kDirectory);
    ArchiveFile file;
    file.name = name;
    recipe.end_file(file, {});
    const Bytes bytes = recipe.finish({});
    EXPECT_EQ(refused([&] { archive_files(bytes); }), ErrorCode::kCorrupt) << name;
  }
}

}  // namespace
}  // namespace cairn
