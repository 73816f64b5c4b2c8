// Archives of pg_dump, taken in and made anew.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "ingest/postgres/archive/archive_source.h"
#include "ingest/postgres/archive/rebuild.h"
#include "ingest/postgres/archive/recipe.h"
#include "store/fd.h"

namespace cairn {

inline std::string archive_data(const std::string& name) { return std::string(CAIRN_TESTS) + "/ingest/data/" + name; }

inline std::string file_contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

struct TakenIn {
  std::string stored;
  std::vector<Mark> marks;
  StreamParts parts;

  std::string text_of(const std::vector<Extent>& extents) const {
    std::string out;
    for (const Extent& one : extents) out += stored.substr(one.offset_bytes, one.length_bytes);
    return out;
  }
  const Part* part(const std::string& name) const {
    const auto found = std::ranges::find(parts.parts, name, &Part::name);
    return found == parts.parts.end() ? nullptr : &*found;
  }
  // The stored stream without the head and what is verbatim.
  std::string rendering() const {
    const Recipe recipe = decode_recipe(parts.recipe);
    const uint64_t head = RecipeOps(recipe.files.at(0).operations).next()->source.length_bytes;
    return text_of(recipe.layout.text({head, recipe.layout.text_bytes() - head}));
  }
  uint64_t verbatim_bytes() const { return decode_recipe(parts.recipe).layout.verbatim_bytes(); }
  // The original's file; what it throws is thrown.
  std::string rebuilt(size_t file = 0) const {
    std::string out;
    rebuild_archive(
        parts.recipe, file,
        [this](uint64_t offset, uint64_t length, const auto& write) {
          // In pieces of odd sizes.
          for (const uint64_t end = offset + length; offset < end;) {
            const uint64_t size = std::min<uint64_t>(end - offset, 1 + offset % 70'001);
            write(view(std::string_view(stored).substr(offset, size)));
            offset += size;
          }
        },
        [&out](ByteView bytes) { out += text(bytes); });
    return out;
  }
};

// Reads a source to its end, checking what PartedSource promises.
inline TakenIn take_in(PartedSource& source, size_t piece_bytes = 100'000) {
  TakenIn out;
  Bytes piece(piece_bytes);
  while (const size_t size = source.read(piece)) {
    out.stored += text(ByteView(piece).first(size));
    const uint64_t settled = source.settled();
    source.take_marks(out.marks);
    for (const Mark& mark : out.marks) EXPECT_LT(mark.offset_bytes, settled + 1);
  }
  EXPECT_EQ(source.read(piece), 0U);
  EXPECT_EQ(source.settled(), out.stored.size());
  source.take_marks(out.marks);
  EXPECT_TRUE(std::ranges::is_sorted(out.marks, {}, &Mark::offset_bytes));
  out.parts = source.parts();
  for (const Part& part : out.parts.parts) {
    for (const Extent& one : part.extents) EXPECT_LE(one.offset_bytes + one.length_bytes, out.stored.size()) << part.name;
  }
  return out;
}

// `read_bytes`: how much comes at a time.
inline TakenIn take_in_archive(const std::string& archive, size_t read_bytes = 65'536) {
  size_t at = 0;
  const auto source = make_archive_source(
      [&](std::span<uint8_t> into) {
        const size_t size = std::min({into.size(), archive.size() - at, read_bytes});
        std::memcpy(into.data(), archive.data() + at, size);
        at += size;
        return size;
      },
      "component");
  return take_in(*source);
}

// Taken in, and made anew: the same.
inline TakenIn round_trip(const std::string& archive, size_t read_bytes = 65'536) {
  TakenIn out = take_in_archive(archive, read_bytes);
  EXPECT_TRUE((out.parts.transform.empty() ? out.stored : out.rebuilt()) == archive);
  return out;
}

inline TakenIn round_trip_directory(const std::string& path) {
  const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_TRUE(directory) << path;
  EXPECT_TRUE(is_archive_directory(directory.get()));
  const auto source = make_archive_directory_source(directory.get(), "component");
  if (!source) {
    ADD_FAILURE() << path << ": refused";
    return {};
  }
  TakenIn out = take_in(*source);
  size_t at = 0;
  for (const OriginalFile& file : archive_files(out.parts.recipe)) {
    EXPECT_TRUE(out.rebuilt(at++) == file_contents(path + "/" + file.name)) << file.name;
    EXPECT_EQ(file.size_bytes, std::filesystem::file_size(path + "/" + file.name));
  }
  const auto files = std::filesystem::directory_iterator(path);
  EXPECT_EQ(at, static_cast<size_t>(std::distance(begin(files), end(files))));
  return out;
}

// An integer as archives have them.
inline std::string archive_number(int64_t value) {
  const uint64_t magnitude = static_cast<uint64_t>(value < 0 ? -value : value);
  return std::string(1, value < 0 ? '\1' : '\0') + std::string(reinterpret_cast<const char*>(&magnitude), 4);
}

// The head of data/archive_15_z0.pgdump, or another custom archive, and the beginning of its first table's block.
inline std::string first_block_begun(const std::string& name) {
  const std::string archive = file_contents(archive_data(name));
  size_t at = 0;
  Input in([&](std::span<uint8_t> into) {
    const size_t size = std::min(into.size(), archive.size() - at);
    std::memcpy(into.data(), archive.data() + at, size);
    at += size;
    return size;
  });
  Bytes head;
  TocProblem problem;
  const auto toc = read_toc(in, ArchiveFormat::kCustom, UINT64_MAX, head, problem);
  EXPECT_TRUE(toc) << problem.why;
  const auto table = std::ranges::find_if(toc->entries, [](const TocEntry& entry) { return entry.kind == "TABLE DATA"; });
  return std::string(text(head)) + "\x01" + archive_number(table->id);
}

// A custom archive whose first table has these rows, as pg_dump -Z0 writes it, a chunk a row; it breaks off behind them.
inline std::string plain_archive(uint64_t row_count, const std::function<std::string(uint64_t)>& row) {
  std::string out = first_block_begun("archive_15_z0.pgdump");
  for (uint64_t i = 0; i < row_count; ++i) {
    const std::string one = row(i);
    out += archive_number(static_cast<int64_t>(one.size())) + one;
  }
  return out + archive_number(5) + "\\.\n\n\n" + archive_number(0);
}

// Without \restrict lines, whose keys are random, and with the long runs shortened that the files in data/ have shortened.
inline std::string comparable(const std::string& dump) {
  std::string out;
  for (size_t at = 0; at < dump.size();) {
    const size_t end = std::min(dump.find('\n', at), dump.size() - 1) + 1;
    const std::string_view line = std::string_view(dump).substr(at, end - at);
    at = end;
    if (line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ")) continue;
    const size_t run = line.find("414141");
    size_t behind = run;
    while (behind != line.npos && line.substr(behind, 2) == "41") behind += 2;
    if (run == line.npos || behind - run < 200) {
      out += line;
    } else {
      out += line.substr(0, run);
      out += "…";
      out += line.substr(behind);
    }
  }
  return out;
}

}  // namespace cairn
