#include "ingest/postgres/archive/recipe.h"

#include <functional>
#include <random>

#include "tests/ingest/archive_fixture.h"

namespace cairn {
namespace {

ErrorCode recipe_refused(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing thrown";
  return ErrorCode::kIo;
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
  TakenIn bad = round_trip(archive);
  for (size_t size = 0; size < good.parts.recipe.size(); ++size) {
    bad.parts.recipe.assign(good.parts.recipe.begin(), good.parts.recipe.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_EQ(recipe_refused([&] { bad.rebuilt(); }), ErrorCode::kCorrupt) << size;
  }
  for (size_t at = 1; at < good.parts.recipe.size(); ++at) {
    for (const uint8_t change : {uint8_t{1}, uint8_t{0x80}, uint8_t{0x55}, uint8_t{0xff}}) {
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
  EXPECT_EQ(recipe_refused([&] { archive_files(bad.parts.recipe); }), ErrorCode::kUnsupported);
  EXPECT_EQ(recipe_refused([&] { good.rebuilt(1); }), ErrorCode::kInvalidArgument);
}

TEST(Recipe, NoticesADamagedStream) {
  const std::string archive = file_contents(archive_data("archive_15.pgdump"));
  TakenIn in = round_trip(archive);
  const size_t rows = in.stored.find("akadmin", in.stored.find("COPY public.users (id"));
  ASSERT_NE(rows, in.stored.npos);
  in.stored[rows] = 'A';
  EXPECT_EQ(recipe_refused([&] { in.rebuilt(); }), ErrorCode::kCorrupt);
}

// Files of a directory go where their names say.
TEST(Recipe, RefusesNamesThatLeadElsewhere) {
  for (const char* name : {"", ".", "..", "../x", "a/b", "/etc/passwd"}) {
    RecipeWriter recipe(ArchiveFormat::kDirectory);
    OriginalFile file;
    file.name = name;
    recipe.end_file(file, {});
    const Bytes bytes = recipe.finish({});
    EXPECT_EQ(recipe_refused([&] { archive_files(bytes); }), ErrorCode::kCorrupt) << name;
  }
}

}  // namespace
}  // namespace cairn
