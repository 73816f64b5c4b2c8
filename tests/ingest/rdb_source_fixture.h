// RDB files made of a list of keys, and what their source makes of them.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "ingest/redis/rdb_recipe.h"
#include "ingest/redis/rdb_source.h"
#include "tests/ingest/rdb_fixture.h"
#include "tests/ingest/rdb_synthetic.h"

namespace cairn {

struct StoredRdb {
  std::string stored;
  std::vector<Mark> marks;
  StreamParts parts;
  std::vector<Part> keys;   // and functions

  RdbRecipe recipe() const { return decode_rdb_recipe(parts.recipe); }
  std::string records() const { return stored.substr(0, recipe().record_bytes); }
  const Part* part(std::string_view name) const {
    const auto found = std::ranges::find(keys, name, &Part::name);
    return found == keys.end() ? nullptr : &*found;
  }
  // Preamble and extents.
  std::string content(const Part& part) const {
    std::string out(text(part.preamble));
    for (const Extent& extent : part.extents) out += stored.substr(extent.offset_bytes, extent.length_bytes);
    return out;
  }
};

inline StoredRdb store_rdb(std::string_view bytes, size_t memory_bytes = 1 << 20, size_t read_bytes = 64 << 10) {
  StoredRdb out;
  auto source = make_rdb_source(in_reads_of(bytes), memory_bytes);
  Bytes block(read_bytes);
  while (const size_t got = source->read(block)) {
    out.stored += text(ByteView(block).first(got));
    source->take_marks(out.marks);
  }
  source->take_marks(out.marks);
  out.parts = source->parts();
  if (out.parts.sorted_parts)
    for (Part part; out.parts.sorted_parts->next(part);) out.keys.push_back(part);
  return out;
}

inline ReadStored reads_of(std::string_view stored) {
  return [stored](uint64_t offset, uint64_t length, const std::function<void(ByteView)>& write) {
    if (offset > stored.size() || length > stored.size() - offset) throw Error(ErrorCode::kCorrupt, "beyond the stored stream");
    for (std::string_view left = stored.substr(offset, length); !left.empty(); left.remove_prefix(std::min<size_t>(left.size(), 50'000)))
      write(view(left.substr(0, 50'000)));
  };
}

// Errors: the rebuilder's.
inline std::string rebuild_rdb(std::string_view stored, ByteView recipe, size_t memory_bytes = 1 << 20) {
  const auto rebuilder = make_rdb_rebuilder(recipe, memory_bytes);
  std::string out;
  rebuilder->rebuild(0, reads_of(stored), [&](ByteView bytes) { out += text(bytes); });
  return out;
}

// What a restore would give.
inline std::string original_of(const StoredRdb& rdb, size_t memory_bytes = 1 << 20) {
  return rdb.parts.transform.empty() ? rdb.stored : rebuild_rdb(rdb.stored, rdb.parts.recipe, memory_bytes);
}

// A key as it stands in a file; a set's or hash's elements apart, so that they can be shuffled.
struct ForgedKey {
  uint32_t db = 0;
  std::string name = "";
  std::string prefix = "";    // opcodes of expiry and use
  uint8_t type = 0;
  std::string value = "";     // before the elements
  std::vector<std::string> elements = {};
};

inline std::string forge_rdb(const std::vector<ForgedKey>& keys, std::string_view created = "1700000000") {
  RdbForge forge("forged", RdbFlavor::kRedis, 12);
  forge.aux("redis-ver", "7.4.1");
  forge.aux("ctime", created);
  std::optional<uint32_t> db;
  for (const ForgedKey& key : keys) {
    if (key.db != db) forge.database(key.db);
    db = key.db;
    std::string value = key.value;
    for (const std::string& element : key.elements) value += element;
    forge.prefixed_key(key.prefix, std::nullopt, rdb_raw(key.name), key.name, key.type, value);
  }
  return forge.finish().bytes;
}

class KeyMaker {
 public:
  explicit KeyMaker(uint64_t seed) : random_(seed) {}
  uint64_t below(uint64_t limit) { return random_() % limit; }
  std::string word(size_t least, size_t most) {
    std::string out(least + below(most - least + 1), '\0');
    for (char& c : out) c = static_cast<char>(below(40) == 0 ? below(256) : 'a' + below(26));
    return out;
  }
  std::string string() { return below(5) == 0 ? rdb_int(static_cast<int64_t>(below(100'000))) : rdb_raw(word(0, 30)); }
  ForgedKey key(size_t number) {
    ForgedKey out;
    out.db = static_cast<uint32_t>(below(12));
    out.name = word(0, below(20) == 0 ? 400 : 30) + std::to_string(number);
    if (below(3) == 0) out.prefix = "\xfc" + little_endian(1'900'000'000'000 + below(1'000'000), 8);
    if (below(4) == 0) out.prefix = "\xfd" + little_endian(1'900'000'000 + below(1'000'000), 4);
    if (below(2) == 0) out.prefix += "\xf9" + std::string(1, static_cast<char>(below(256)));
    const uint8_t types[] = {0, 0, 0, 1, 2, 4, 22, 24};
    out.type = types[below(std::size(types))];
    if (out.type == 0) {
      out.value = below(200) == 0 ? rdb_raw(std::string(100'000 + below(3'000'000), 'x')) : string();
      return out;
    }
    const size_t count = below(3) == 0 ? below(3) : below(40);
    if (out.type == 24) out.value = little_endian(1'900'000'000'000, 8);
    out.value += rdb_length(count);
    for (size_t i = 0; i < count; ++i) {
      std::string element = out.type >= 22 ? rdb_length(below(1'000'000)) : "";
      element += string();
      if (out.type > 2) element += string();
      out.elements.push_back(element);
    }
    return out;
  }
  std::vector<ForgedKey> keys(size_t count) {
    std::vector<ForgedKey> out;
    for (size_t i = 0; i < count; ++i) out.push_back(key(i));
    return out;
  }
  // As a restart of the server does: databases stay in order.
  void restart(std::vector<ForgedKey>& keys) {
    std::ranges::shuffle(keys, random_);
    std::ranges::stable_sort(keys, {}, &ForgedKey::db);
    for (ForgedKey& key : keys)
      if (key.type != 1) std::ranges::shuffle(key.elements, random_);
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace cairn
