#include "ingest/postgres/archive/archive_source.h"

#include "ingest/postgres/archive/render.h"
#include "tests/ingest/archive_fixture.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

constexpr const char* kDatabase = "We\"ird 'db\\";

struct Golden {
  std::string archive, dump, compression, version;
};

class ArchiveGolden : public ::testing::TestWithParam<Golden> {};

TEST_P(ArchiveGolden, IsRenderedAsPgRestoreDoesAndComesBack) {
  const std::string path = archive_data(GetParam().archive);
  const bool directory = std::filesystem::is_directory(path);
  const TakenIn in = directory ? round_trip_directory(path) : round_trip(file_contents(path));
  EXPECT_EQ(comparable(in.rendering()), file_contents(archive_data(GetParam().dump)));
  EXPECT_EQ(in.parts.kind, ComponentKind::kPostgres);
  EXPECT_TRUE(in.parts.ended) << in.parts.problem;
  EXPECT_EQ(in.parts.warnings, std::vector<std::string>());
  const std::string format = directory ? "directory" : path.ends_with(".tar") ? "tar" : "custom";
  auto properties = in.parts.properties;
  EXPECT_EQ(in.parts.transform, "pgdump-" + format);
  EXPECT_EQ(properties["format"], format);
  EXPECT_EQ(properties["compression"], GetParam().compression);
  EXPECT_EQ(properties["archive.version"], GetParam().version);
  EXPECT_EQ(properties["original"], format == "custom" ? "dump.pgdump" : format == "tar" ? "dump.tar" : "dump");
  const Part* rows = in.part(std::string(kDatabase) + "/public/users.copy");
  if (GetParam().dump.find("inserts") == std::string::npos) {
    ASSERT_TRUE(rows);
    EXPECT_TRUE(in.text_of(rows->extents).starts_with("1\takadmin\t")) << in.text_of(rows->extents);
    EXPECT_EQ(rows->properties.at("rows"), "3");
  }
  // The rows' chunks begin and end where they do.
  if (rows) {
    const uint64_t begin = rows->extents.at(0).offset_bytes, end = begin + rows->extents[0].length_bytes;
    EXPECT_TRUE(std::ranges::any_of(in.marks, [&](const Mark& mark) { return mark.offset_bytes == begin && mark.records; }));
    EXPECT_TRUE(std::ranges::any_of(in.marks, [&](const Mark& mark) { return mark.offset_bytes == end; }));
  }
}

std::string test_name(std::string name) {
  std::ranges::replace(name, '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files, ArchiveGolden,
                         ::testing::Values(Golden{"archive_15.pgdump", "archive_15.sql", "gzip", "1.14"},
                                           Golden{"archive_15_z0.pgdump", "archive_15.sql", "none", "1.14"},
                                           Golden{"archive_15_inserts.pgdump", "archive_15_inserts.sql", "gzip", "1.14"},
                                           Golden{"archive_15_directory", "archive_15.sql", "gzip", "1.14"},
                                           Golden{"archive_15.tar", "archive_15_tar.sql", "none", "1.14"},
                                           Golden{"archive_17.pgdump", "archive_17.sql", "gzip", "1.16"},
                                           Golden{"archive_17_lz4.pgdump", "archive_17.sql", "lz4", "1.16"},
                                           Golden{"archive_17_zstd.pgdump", "archive_17.sql", "zstd", "1.16"},
                                           Golden{"archive_17_zstd_directory", "archive_17.sql", "zstd", "1.16"},
                                           Golden{"archive_17.tar", "archive_17_tar.sql", "none", "1.16"}),
                         [](const auto& one) { return test_name(one.param.archive); });

TEST(ArchiveSource, HasTheSameRowsInEveryFormat) {
  const TakenIn packed = round_trip(file_contents(archive_data("archive_15.pgdump")));
  const TakenIn plain = round_trip(file_contents(archive_data("archive_15_z0.pgdump")));
  const TakenIn directory = round_trip_directory(archive_data("archive_15_directory"));
  size_t tables = 0;
  for (const Part& part : packed.parts.parts) {
    if (part.kind != "rows") continue;
    ++tables;
    ASSERT_TRUE(plain.part(part.name) && directory.part(part.name)) << part.name;
    const std::string rows = packed.text_of(part.extents);
    EXPECT_EQ(plain.text_of(plain.part(part.name)->extents), rows);
    EXPECT_EQ(directory.text_of(directory.part(part.name)->extents), rows);
  }
  EXPECT_GE(tables, 6U);
}

TEST(ArchiveSource, StoresAlmostNothingVerbatim) {
  for (const char* name : {"archive_15.pgdump", "archive_15_z0.pgdump", "archive_15_inserts.pgdump", "archive_17.pgdump", "archive_17_lz4.pgdump"}) {
    EXPECT_LT(round_trip(file_contents(archive_data(name))).verbatim_bytes(), 300U) << name;
  }
}

TEST(ArchiveSource, IsIndifferentToHowBytesCome) {
  const std::string archive = file_contents(archive_data("archive_15.pgdump"));
  const TakenIn whole = round_trip(archive);
  for (const size_t size : {1, 7, 4099}) {
    const TakenIn pieces = round_trip(archive, size);
    EXPECT_TRUE(pieces.stored == whole.stored);
    EXPECT_TRUE(pieces.parts.recipe == whole.parts.recipe);
  }
}

class ArchiveCut : public ::testing::TestWithParam<std::string> {};

TEST_P(ArchiveCut, ComesBackAndIsNotComplete) {
  const std::string archive = file_contents(archive_data(GetParam()));
  size_t with_parts = 0;
  for (size_t size = 0; size + 1 < archive.size(); size += 1 + size / 60) {
    SCOPED_TRACE(size);
    const TakenIn in = round_trip(archive.substr(0, size));
    if (in.parts.transform.empty()) {
      EXPECT_LT(size, 22'000U);   // within the table of contents
      EXPECT_EQ(in.parts.kind, ComponentKind::kStream);
      const bool known = looks_like_archive(view(archive).first(size));
      EXPECT_EQ(in.parts.ended, !known);
      EXPECT_EQ(in.parts.problem, known ? "breaks off within its table of contents" : "");
      EXPECT_EQ(in.parts.warnings.size(), known ? 0U : 1U);
      continue;
    }
    // A tar of pg_dump ends with more zeros than anything needs.
    if (!GetParam().ends_with(".tar") || size + 1024 < archive.size()) {
      EXPECT_FALSE(in.parts.ended);
      EXPECT_NE(in.parts.problem, "");
    }
    with_parts += in.parts.parts.empty() ? 0 : 1;
  }
  EXPECT_GT(with_parts, 2U);
}

INSTANTIATE_TEST_SUITE_P(Files, ArchiveCut,
                         ::testing::Values("archive_15.pgdump", "archive_15_z0.pgdump", "archive_15.tar", "archive_17_lz4.pgdump"),
                         [](const auto& one) { return test_name(one.param); });

TEST(ArchiveSource, PassesWhatFollowsTheEnd) {
  for (const std::string more : {"x", "some bytes"}) {
    const TakenIn in = round_trip(file_contents(archive_data("archive_15.pgdump")) + more);
    EXPECT_TRUE(in.parts.ended);
    EXPECT_EQ(in.parts.warnings.size(), 1U);
    EXPECT_FALSE(in.parts.parts.empty());
  }
}

TEST(ArchiveSource, PassesAnUnknownVersionWithAWarning) {
  std::string archive = file_contents(archive_data("archive_17.pgdump"));
  archive[6] = 99;
  const TakenIn in = round_trip(archive);
  EXPECT_EQ(in.parts.kind, ComponentKind::kStream);
  EXPECT_EQ(in.parts.transform, "");
  EXPECT_TRUE(in.parts.parts.empty() && in.parts.recipe.empty());
  ASSERT_EQ(in.parts.warnings.size(), 1U);
  EXPECT_NE(in.parts.warnings[0].find("archive version 1.99.0"), std::string::npos) << in.parts.warnings[0];
}

TEST(ArchiveSource, KnowsAnArchiveByItsBeginning) {
  const auto known = [](const std::string& bytes) {
    return looks_like_archive(view(std::string_view(bytes).substr(0, kArchiveProbeBytes)));
  };
  for (const char* name : {"archive_15.pgdump", "archive_17_zstd.pgdump", "archive_15.tar", "archive_17.tar"}) {
    EXPECT_TRUE(known(file_contents(archive_data(name)))) << name;
  }
  std::string tar = file_contents(archive_data("archive_15.tar"));
  EXPECT_FALSE(known(tar.substr(0, 512)));
  tar[512] = 'X';
  EXPECT_FALSE(known(tar));
  for (const char* text : {"", "PGDM", "-- PostgreSQL database dump\n"}) EXPECT_FALSE(known(text));
}

TEST(ArchiveSource, SurvivesDamageAnywhere) {
  for (const char* name : {"archive_15.pgdump", "archive_15_z0.pgdump", "archive_17_zstd.pgdump", "archive_15.tar"}) {
    const std::string archive = file_contents(archive_data(name));
    for (size_t at = 0; at < archive.size(); at += 97) {
      SCOPED_TRACE(std::string(name) + " byte " + std::to_string(at));
      std::string damaged = archive;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
      round_trip(damaged);
    }
  }
}

TEST(ArchiveDirectory, KeepsItsFilesFacts) {
  const TempDir copy;
  std::filesystem::copy(archive_data("archive_15_directory"), copy / "d");
  const std::string notes = copy / "d/notes";
  std::ofstream(notes) << "mine";
  ::chmod(notes.c_str(), 0604);
  const ::timespec times[] = {{1'700'000'000, 5}, {1'700'000'000, 123'456'789}};
  ASSERT_EQ(::utimensat(AT_FDCWD, notes.c_str(), times, 0), 0);
  const TakenIn in = round_trip_directory(copy / "d");
  EXPECT_TRUE(in.parts.ended);
  const auto files = archive_files(in.parts.recipe);
  EXPECT_EQ(files.front().name, "toc.dat");
  const auto file = std::ranges::find(files, "notes", &OriginalFile::name);
  ASSERT_NE(file, files.end());
  EXPECT_EQ(file->mode, 0604U);
  EXPECT_EQ(file->uid, ::getuid());
  EXPECT_EQ(file->gid, ::getgid());
  EXPECT_EQ(file->mtime_ns, 1'700'000'000'123'456'789);
}

TEST(ArchiveDirectory, WithoutAFileIsNotComplete) {
  const TempDir copy;
  std::filesystem::copy(archive_data("archive_15_directory"), copy / "d");
  for (const char* name : {"3473.dat.gz", "blob_4242.dat.gz", "blobs.toc"}) {
    ASSERT_TRUE(std::filesystem::remove(copy / (std::string("d/") + name))) << name;
    const TakenIn in = round_trip_directory(copy / "d");
    EXPECT_FALSE(in.parts.ended);
    EXPECT_NE(in.parts.problem.find("3473.dat"), std::string::npos) << in.parts.problem;
  }
}

// Its rows but for their end, in files and chunks that aren't packed and so look whole.
TEST(ArchiveDirectory, RowsWithoutTheirEndAreNotComplete) {
  const TempDir copy;
  std::filesystem::copy(archive_data("archive_15_directory"), copy / "d");
  const std::string packed = copy / "d/3473.dat.gz", plain = copy / "d/3473.dat", object = copy / "d/blob_4242.dat.gz";
  for (const uintmax_t size : {10U, 0U}) {
    std::filesystem::resize_file(packed, size);
    const TakenIn in = round_trip_directory(copy / "d");
    EXPECT_FALSE(in.parts.ended);
    EXPECT_NE(in.parts.problem.find("the file 3473.dat.gz breaks off"), std::string::npos) << in.parts.problem;
  }
  std::filesystem::remove(packed);
  for (const auto& [rows, ended] : std::vector<std::pair<std::string, bool>>{
           {"", false}, {"\n\n", false}, {"\\.\n\n\n", true}, {"\\.\n", false}, {"1\ta\tb\n", false}, {"x\\.\n\n\n", false}}) {
    std::ofstream(plain, std::ios::trunc) << rows;
    const TakenIn in = round_trip_directory(copy / "d");
    EXPECT_EQ(in.parts.ended, ended) << rows << in.parts.problem;
  }
  std::ofstream(plain, std::ios::trunc) << "\\.\n\n\n";
  std::filesystem::resize_file(object, 0);
  EXPECT_NE(round_trip_directory(copy / "d").parts.problem.find("the file blob_4242.dat.gz breaks off"), std::string::npos);
}

// 400 rights on each of 100,000 large objects, which few bytes say.
TEST(ArchiveSource, LittleThatSaysMuchOfLargeObjectsIsBounded) {
  Toc toc;
  toc.entries.resize(2);
  toc.entries[0].id = 1;
  toc.entries[0].kind = "BLOB METADATA";
  for (int oid = 100'000; oid < 200'000; ++oid) toc.entries[0].definition += std::to_string(oid) + "\n";
  toc.entries[1].id = 2;
  toc.entries[1].kind = "ACL";
  toc.entries[1].tag = "LARGE OBJECTS 100000..199999";
  toc.entries[1].first_dependency = 1;
  toc.by_id = {{1, 0}, {2, 1}};
  std::vector<uint8_t> into(1 << 20);
  for (const size_t grants : {2U, 400U}) {
    toc.entries[1].definition.clear();
    for (size_t i = 0; i < grants; ++i) toc.entries[1].definition += "GRANT ALL ON LARGE OBJECT 100000 TO someone;\n";
    StoredStream out(Bytes{});
    Renderer render(toc, out);
    size_t most = 0;
    for (bool over = false; !over;) {
      over = render.finish();
      most = std::max(most, out.waiting_bytes());
      while (out.read(into) > 0) {
      }
    }
    EXPECT_EQ(render.cut_short(), grants == 400);
    EXPECT_LT(most, 60U << 20);
  }
}

TEST(ArchiveSource, RowsWithoutTheirEndAreNotComplete) {
  for (const char* name : {"archive_15.tar", "archive_15_z0.pgdump"}) {
    std::string archive = file_contents(archive_data(name));
    const size_t end = archive.find("\n\\.\n\n\n");
    const size_t chunk_end = archive.find("\\.\n\n\n", end + 1);
    ASSERT_NE(chunk_end, std::string::npos);
    archive[chunk_end] = 'x';
    const TakenIn in = round_trip(archive);
    EXPECT_FALSE(in.parts.ended);
    EXPECT_NE(in.parts.problem.find("breaks off"), std::string::npos) << in.parts.problem;
  }
}

TEST(ArchiveDirectory, ChangedWhileItIsReadIsNotComplete) {
  const TempDir copy;
  std::filesystem::copy(archive_data("archive_15_directory"), copy / "d");
  const std::string notes = copy / "d/notes";
  std::ofstream(notes) << std::string(3 << 20, 'n');
  const Fd directory(::open((copy / "d").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto source = make_archive_directory_source(directory.get(), "component");
  ASSERT_TRUE(source);
  Bytes piece(1000);
  uint64_t size = 0;
  for (size_t got = 0; (got = source->read(piece)) > 0; size += got) {
    if (size < (2U << 20) || piece[0] != 'n') continue;
    std::ofstream(notes, std::ios::app) << "more";
    while (source->read(piece) > 0) {
    }
    break;
  }
  const StreamParts parts = source->parts();
  EXPECT_FALSE(parts.ended);
  EXPECT_EQ(parts.problem, "notes changed while it was read");
}

TEST(ArchiveDirectory, CutTableOfContentsIsNotComplete) {
  const TempDir copy;
  std::filesystem::copy(archive_data("archive_15_directory"), copy / "d");
  for (const size_t size : {3000, 200, 5}) {
    std::filesystem::resize_file(copy / "d/toc.dat", size);
    const TakenIn in = round_trip_directory(copy / "d");
    EXPECT_FALSE(in.parts.ended);
    EXPECT_EQ(in.parts.problem, "breaks off within its table of contents");
    EXPECT_FALSE(in.parts.properties.contains("archive.version"));
    EXPECT_TRUE(in.parts.parts.empty() && !in.parts.properties.contains("tables"));
  }
}

TEST(ArchiveDirectory, RefusesOthers) {
  const TempDir copy;
  const auto source_of = [&](const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY));
    return make_archive_directory_source(fd.get(), "c") != nullptr;
  };
  const auto is_one = [&](const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY));
    return is_archive_directory(fd.get());
  };
  const std::string d = copy / "d";
  std::filesystem::create_directory(d);
  EXPECT_FALSE(is_one(d));
  EXPECT_FALSE(source_of(d));
  std::ofstream(d + "/toc.dat") << "PGDMP\x01\x63 in a version of the future";
  EXPECT_TRUE(is_one(d));
  EXPECT_FALSE(source_of(d));
  std::filesystem::remove_all(d);
  std::filesystem::copy(archive_data("archive_15_directory"), d);
  EXPECT_TRUE(source_of(d));
  std::filesystem::create_directory(d + "/more");
  EXPECT_FALSE(source_of(d));
  std::filesystem::remove(d + "/more");
  std::filesystem::create_symlink("toc.dat", d + "/link");
  EXPECT_FALSE(source_of(d));
}

}  // namespace
}  // namespace cairn
