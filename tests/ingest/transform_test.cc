#include "ingest/parts/transform.h"

#include <fstream>

#include "ingest/postgres/archive/recipe.h"
#include "tests/ingest/parts_fixture.h"

namespace cairn {
namespace {

TEST(Transform, IsKnownByName) {
  for (const char* name : {"pgdump-custom", "pgdump-tar", "pgdump-directory"}) EXPECT_TRUE(is_known_transform(name));
  for (const char* name : {"", "pgdump", "pgdump-custom ", "rot13"}) {
    EXPECT_FALSE(is_known_transform(name));
    EXPECT_EQ(code_thrown_by([&] { undo_transform(name, {}); }), ErrorCode::kUnsupported);
  }
}

// Originals that are made anew: here of two runs of the stored stream, the later one first.
class RewrittenTest : public PartsTest {
 protected:
  static Blake3Hash hash_of(const std::string& text) { return blake3(view(text)); }
  // One file for each name.
  void rewrite(ArchiveFormat format, const std::vector<std::string>& names) {
    RecipeWriter recipe(format);
    uint64_t half = stream_.size() / 2;
    for (const std::string& name : names) {
      recipe.text(half, stream_.size() - half);
      recipe.text(0, half);
      original_ = stream_.substr(half) + stream_.substr(0, half);
      OriginalFile file;
      file.name = name;
      file.size_bytes = original_.size();
      file.mode = 0604;
      file.uid = ::getuid();
      file.gid = ::getgid();
      file.mtime_ns = 77'000'000'000;
      recipe.end_file(file, hash_of(original_));
    }
    Layout layout;
    layout.add_text(stream_.size());
    component_.transform_recipe = recipe.finish(layout);
  }
  std::string read(const std::string& name) {
    std::ifstream in(out(name), std::ios::binary);
    EXPECT_TRUE(in) << name;
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string original_;
};

TEST_F(RewrittenTest, TheOriginalOfOneFileIsMadeAnew) {
  make_dump(100'000);
  component_.transform = "pgdump-custom";
  component_.properties["original"] = "dump.pgdump";
  rewrite(ArchiveFormat::kCustom, {""});
  Manifest m = commit();
  EXPECT_EQ(listed(m, "db/shop/app/one"), "db/shop/app/one.sql table\n");
  EXPECT_EQ(listed(m, "db").substr(0, 15), "db/dump.pgdump\n");
  EXPECT_TRUE(content_of(m, "db") == original_);
  EXPECT_TRUE(content_of(m, "db/dump.pgdump") == original_);
  EXPECT_TRUE(content_of(m, "db/shop/app/one.copy") == bytes_of(parts_[6].extents));
  restore_.verify = true;
  RestoreResult result = bring_back(m);
  EXPECT_EQ(result.failed, 0u) << notes_->all();
  EXPECT_EQ(result.verified_files, 2u);
  EXPECT_TRUE(read("db/dump.pgdump") == original_);
  EXPECT_EQ(damage(), "");
}

TEST_F(RewrittenTest, TheOriginalOfSeveralFilesIsADirectory) {
  make_dump();
  component_.transform = "pgdump-directory";
  component_.properties["original"] = "dump";
  rewrite(ArchiveFormat::kDirectory, {"toc.dat", "3012.dat.gz"});
  part("dump/public/t.sql", "table", "of a database called dump", {});
  Manifest m = commit();
  std::string shop = listed(m, "db").substr(std::string("db/dump/\n").size());
  EXPECT_EQ(listed(m, "db"), "db/dump/\n" + shop);
  EXPECT_TRUE(listed(m, "db", true).starts_with("db/dump/\ndb/dump/toc.dat\ndb/dump/3012.dat.gz\n"));
  EXPECT_NE(listed(m, "db", true).find("\ndb/dump/public/\ndb/dump/public/t.sql table\n"), std::string::npos);
  EXPECT_EQ(listed(m, "db/dump"), "db/dump/toc.dat\ndb/dump/3012.dat.gz\ndb/dump/public/\n");
  EXPECT_EQ(content_of(m, "db/dump/toc.dat"), original_);
  EXPECT_NE(content_of(m, "db/dump/public/t").find("\nof a database called dump\n"), std::string::npos);
  for (const char* path : {"db", "db/dump"}) EXPECT_EQ(code_of_cat(m, path), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of_cat(m, "db/dump/other"), ErrorCode::kNotFound);
  restore_.verify = true;
  EXPECT_EQ(bring_back(m, "db").verified_files, 2u) << notes_->all();
  EXPECT_EQ(read("db/dump/3012.dat.gz"), original_);
  struct ::stat now{};
  ASSERT_EQ(::stat(out("db/dump/toc.dat").c_str(), &now), 0);
  EXPECT_EQ(now.st_mode & 0777U, 0604u);
  EXPECT_EQ(now.st_mtim.tv_sec, 77);
  fs::remove_all(dir_ / "out");
  EXPECT_EQ(bring_back(m, "db/dump").verified_files, 2u);
  EXPECT_EQ(read("dump/toc.dat"), original_);
  EXPECT_EQ(bring_back(m, "db/dump/toc.dat").verified_files, 1u);
  EXPECT_EQ(read("toc.dat"), original_);
}

TEST_F(RewrittenTest, ALongRecipeIsReadFromItsList) {
  make_dump();
  component_.transform = "pgdump-custom";
  rewrite(ArchiveFormat::kCustom, {""});
  Bytes recipe = std::move(component_.transform_recipe);
  component_.transform_recipe.clear();
  {
    WriteSession session(repository());
    ChunkRef piece{session.put_object(recipe), recipe.size()};
    component_.recipe_list = session.put_object(encode_chunk_list_leaf({&piece, 1}));
    component_.recipe_bytes = recipe.size();
    Manifest other;
    other.root = session.put_object(encode_directory_leaf({}));
    session.commit(other);
  }
  reopen();
  Manifest m = commit();
  EXPECT_EQ(content_of(m, "db"), original_);
  EXPECT_EQ(damage(), "");
  reopen();
  component_.recipe_bytes = recipe.size() + 1;
  EXPECT_EQ(code_of_cat(commit(), "db"), ErrorCode::kCorrupt);
  component_.recipe_bytes = uint64_t{1} << 40;
  EXPECT_EQ(code_of_cat(commit(), "db"), ErrorCode::kCorrupt);
}

// The wrong recipe, and one that isn't any: no file is left that claims to be the original; parts are there all the same.
TEST_F(RewrittenTest, AWrongRecipeIsAnError) {
  make_dump();
  component_.transform = "pgdump-custom";
  rewrite(ArchiveFormat::kCustom, {""});
  Bytes good = component_.transform_recipe;
  for (size_t at : {good.size() / 2, good.size() - 1}) {
    component_.transform_recipe = good;
    component_.transform_recipe[at] ^= 3;
    Manifest m = commit();
    EXPECT_EQ(code_of_cat(m, "db"), ErrorCode::kCorrupt) << at;
    EXPECT_NE(content_of(m, "db/globals.sql").find("\nCREATE ROLE app;\n"), std::string::npos);
    RestoreResult result = bring_back(m);
    EXPECT_EQ(result.failed, 1u);
    EXPECT_EQ(result.files, 1u);
    EXPECT_TRUE(fs::exists(out("note")));
    EXPECT_FALSE(fs::exists(out("db/dump.sql")));
    fs::remove_all(dir_ / "out");
  }
}

}  // namespace
}  // namespace cairn
