// A component with parts, put into a repository by hand: what a backup of a dump leaves, without a dump.
#pragma once

#include <random>

#include "ingest/parts/part_view.h"
#include "store/tree/directory.h"
#include "store/write/write_session.h"
#include "tests/ingest/backup_fixture.h"

namespace cairn {

// What stands between \restrict KEY and \unrestrict KEY, when both are there with one key; else the whole.
inline std::string without_restriction(const std::string& all) {
  const std::string begin = "\\restrict ", key = all.substr(begin.size(), all.find('\n') - begin.size());
  const std::string head = begin + key + "\n", tail = "\n\\unrestrict " + key + "\n";
  if (!all.starts_with(head) || !all.ends_with(tail) || key.size() != 64) return all;
  return all.substr(head.size(), all.size() - head.size() - tail.size());
}

class PartsTest : public BackupTest {
 protected:
  static constexpr int64_t kTime = 1'700'000'000'123'456'789;

  // Appends to the stream of the component that is being made.
  Extent add(const std::string& text) {
    stream_ += text;
    return {stream_.size() - text.size(), text.size()};
  }
  std::string bytes_of(const std::vector<Extent>& extents) const {
    std::string out;
    for (const Extent& extent : extents) out += stream_.substr(extent.offset_bytes, extent.length_bytes);
    return out;
  }
  static Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }
  void part(const std::string& name, const std::string& kind, const std::string& preamble, std::vector<Extent> extents,
            std::map<std::string, std::string> properties = {}) {
    parts_.push_back({name, kind, bytes(preamble), std::move(extents), std::move(properties)});
  }

  // Two tables of one schema with a foreign key between them, a type one of them needs, and what is around.
  void make_dump(size_t rows = 1000) {
    add("-- head\n");
    Extent globals = add("CREATE ROLE app;\n");
    Extent type = add("CREATE TYPE app.mood AS ENUM ('a');\n");
    Extent one = add("CREATE TABLE app.one (id int);\n"), two = add("CREATE TABLE app.two (id int, one int, mood app.mood);\n");
    add("COPY app.one (id) FROM stdin;\n");
    std::string lines;
    for (size_t i = 0; i < rows; ++i) lines += std::to_string(i * 7919) + "\n";
    Extent rows_one = add(lines);
    Extent key = add("ALTER TABLE app.one ADD PRIMARY KEY (id);\n");
    Extent link = add("ALTER TABLE app.two ADD FOREIGN KEY (one) REFERENCES app.one;\n");
    add("-- foot\n");
    const std::string set = "SET a = 1;\nCREATE SCHEMA IF NOT EXISTS app;\n";
    part("globals.sql", "globals", "", {globals});
    part("shop.sql", "database", "", {{type.offset_bytes, stream_.size() - type.offset_bytes}});
    part("shop.create.sql", "create-database", "", {});
    part("shop/app.sql", "schema", set, {type, one, two, key});
    part("shop/app/mood.sql", "type", set, {type}, {{"type", "TYPE"}});
    part("shop/app/one.sql", "table", set, {one, key}, {{"rows", std::to_string(rows)}, {"links", "shop/app/.links/two_one"}});
    part("shop/app/one.copy", "rows", "", {rows_one}, {{"rows", std::to_string(rows)}});
    part("shop/app/two.sql", "table", set + "-- left out: two_one needs one\n", {two},
         {{"rows", "0"}, {"wants", "shop/app/mood.sql\nshop/app/one.sql\nshop/app/gone.sql"}, {"links", "shop/app/.links/two_one"}});
    part("shop/app/.links/two_one", "link", "", {link}, {{"needs", "shop/app/one.sql\nshop/app/two.sql"}});
    part("shop/odd name.sql", "extension", "x\n", {});
    part("zoo/public/a.sql", "table", "", {one});
  }

  // Commits a snapshot of the component, and a file "note" beside it.
  Manifest commit(const std::string& name = "db") {
    WriteSession session(repository());
    FrameBuilder builder = session.make_builder({3, 64 << 10});
    PutObject put = [&](ByteView object) { return session.put_object(object); };
    ChunkListWriter list(put);
    for (size_t at = 0; at < stream_.size(); at += kChunk) {
      ByteView chunk = view(stream_).subspan(at, std::min(kChunk, stream_.size() - at));
      ChunkId id = repository().keys().chunk_id(chunk);
      std::vector<uint8_t> fresh;
      session.claim_new({&id, 1}, fresh);
      if (fresh[0]) builder.add(id, chunk);
      list.add({id, chunk.size()});
    }
    Entry entry;
    entry.name = name;
    entry.mode = 0740;
    entry.uid = ::getuid();
    entry.gid = ::getgid();
    entry.mtime_ns = kTime;
    entry.size_bytes = stream_.size();
    entry.content = inline_ ? Content{Content::Kind::kInline, bytes(stream_), {}, {}} : list.finish();
    Entry note;
    note.name = "note";
    note.mode = 0644;
    note.mtime_ns = kTime;
    note.size_bytes = 5;
    note.content = {Content::Kind::kInline, bytes("hello"), {}, {}};
    DirectoryWriter root(put);
    root.add(entry);
    root.add(note);
    Manifest manifest;
    manifest.time_ns = kTime;
    manifest.host = "test";
    manifest.root = root.finish();
    component_.name = name;
    component_.size_bytes = stream_.size();
    component_.catalogue = catalogue_ ? write_catalogue(put, parts_) : ChunkId{};
    ComponentInfo plain;
    plain.name = "note";
    plain.kind = ComponentKind::kStream;
    manifest.components = {component_, plain};
    builder.flush();
    session.commit(manifest);
    return manifest;
  }

  // Everything listed beneath a path, a line each: path, size, kind; directories end with '/'.
  std::string listed(const Manifest& snapshot, const std::string& path, bool recursive = false) {
    std::string out;
    BackupNotes notes;
    ListVisit visit = [&](const std::string& at, const Entry& entry, const Part* part) {
      out += at + (entry.type == EntryType::kDirectory ? "/" : "") + (part ? " " + part->kind : "") + "\n";
    };
    EXPECT_EQ(list(repository(), snapshot, path, recursive, visit, notes), 0u) << notes.all();
    return out;
  }
  ErrorCode code_of_cat(const Manifest& snapshot, const std::string& path, std::string* message = nullptr) {
    return code_thrown_by([&] { content_of(snapshot, path); }, message);
  }

  static constexpr size_t kChunk = 700;
  std::string stream_;
  std::vector<Part> parts_;
  ComponentInfo component_ = [] {
    ComponentInfo info;
    info.kind = ComponentKind::kPostgres;
    info.properties["original"] = "dump.sql";
    return info;
  }();
  bool inline_ = false, catalogue_ = true;
};

}  // namespace cairn
