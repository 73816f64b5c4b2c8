// The head of an archive of pg_dump: who wrote it, of what, and its table of contents.
//
// Archive versions 1.12 to 1.16 (pg_dump 9.0 to 18).   Source: PostgreSQL documentation, pg_dump; archives of pg_dump 15 and 17.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ingest/postgres/archive/codec.h"
#include "ingest/postgres/archive/input.h"

namespace cairn {

struct TocEntry {
  int id = 0;                     // dump id, unique in the archive
  bool has_data = false;
  std::string tag, kind;          // "authentik_core_user", "TABLE"
  int section = 0;                // 1 none, 2 pre-data, 3 data, 4 post-data
  std::string definition, drop, copy;   // SQL; "" without
  std::optional<std::string> schema, tablespace, access_method, owner;
  bool partitioned = false;       // a partitioned table; known since 1.16
  int first_dependency = 0;       // a dump id; 0 without
  std::string file;               // of tar and directory: where its data stands; "" without
};

enum class ArchiveFormat : uint8_t { kCustom = 1, kTar = 2, kDirectory = 3 };   // values stand in recipes

struct Toc {
  int minor_version = 0;          // 14: archive version 1.14
  PackCodec codec = PackCodec::kNone;     // of a custom archive's data
  std::string created;            // "2026-11-20 03:00:12", in the local time of who dumped
  std::string database;
  std::optional<std::string> server_version, dump_version;
  std::vector<TocEntry> entries;
  std::map<int, size_t> by_id;    // index into entries

  std::string version() const { return "1." + std::to_string(minor_version); }
  const TocEntry* find(int id) const {
    const auto found = by_id.find(id);
    return found == by_id.end() ? nullptr : &entries[found->second];
  }
};

// Bytes of an integer in an archive; the only size in use.
inline constexpr size_t kArchiveIntBytes = 5;
// An integer of an archive: a sign and four bytes.  nullopt: it isn't one.  Requires kArchiveIntBytes bytes.
std::optional<int64_t> archive_int(ByteView bytes);

// Why there is none.
struct TocProblem {
  std::string why;      // for people: "archive version 1.99"
  bool cut = false;     // the bytes end before it does
};

// Reads the head from `in`, at most `limit_bytes` of it.  What is taken from `in` is appended to `head`, also when it fails.
// `format`: kCustom, or one of the two others, which have the same head.
// nullopt: not understood; `problem` has the reason.
std::optional<Toc> read_toc(Input& in, ArchiveFormat format, uint64_t limit_bytes, Bytes& head, TocProblem& problem);

}  // namespace cairn
