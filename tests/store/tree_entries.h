// Entries of directories: a short file, and ones with whatever an entry can have.
#pragma once

#include <random>

#include "tests/store/store_fixture.h"

namespace cairn {

inline Entry file(const std::string& name, uint64_t size_bytes = 5) {
  Entry e;
  e.name = name;
  e.mode = 0644;
  e.size_bytes = size_bytes;
  e.content.kind = Content::Kind::kInline;
  e.content.inline_bytes = {1, 2, 3};
  return e;
}

inline Entry random_entry(std::mt19937_64& random, std::string name) {
  Entry e;
  e.name = std::move(name);
  e.type = static_cast<EntryType>(1 + random() % 6);
  e.mode = static_cast<uint32_t>(random() % 010000);
  e.uid = static_cast<uint32_t>(random());
  e.gid = static_cast<uint32_t>(random());
  e.mtime_ns = static_cast<int64_t>(random());
  e.ctime_ns = static_cast<int64_t>(random());
  e.inode = random();
  bool regular = e.type == EntryType::kFile, folder = e.type == EntryType::kDirectory;
  if (regular || folder) e.size_bytes = random();
  if (folder) e.file_count = random();
  if (random() % 3 == 0) e.link_group = random() | 1;
  if (e.type == EntryType::kCharDevice || e.type == EntryType::kBlockDevice) e.device = random();
  if (e.type == EntryType::kSymlink) e.target = std::string(random() % 300, 't');
  for (size_t i = random() % 3; i > 0; --i) e.xattrs.push_back({"user." + std::to_string(9 - i), noise(random() % 50, random())});
  if (folder) e.directory = ChunkId{{static_cast<uint8_t>(1 + random() % 200)}};
  e.racy = random() % 2;
  e.damaged_source = random() % 2;
  if (!regular) return e;
  e.content.kind = static_cast<Content::Kind>(random() % 4);
  if (e.content.kind == Content::Kind::kInline) e.content.inline_bytes = noise(random() % 100, random());
  if (e.content.kind == Content::Kind::kList) e.content.list = ChunkId{{7}};
  if (e.content.kind == Content::Kind::kChunks)
    for (size_t i = 1 + random() % 4; i > 0; --i) e.content.chunks.push_back({ChunkId{{static_cast<uint8_t>(random() % 2)}}, random() >> 1});
  return e;
}

}  // namespace cairn
