#include "tests/ingest/rdb_synthetic.h"

#include <algorithm>
#include <cstdio>

#include "ingest/redis/rdb/crc64.h"

namespace cairn {

namespace {

std::string byte(uint64_t value) { return std::string(1, static_cast<char>(value)); }

std::string big_endian(uint64_t value, size_t bytes) {
  std::string out = little_endian(value, bytes);
  std::ranges::reverse(out);
  return out;
}

std::string double_bytes(double value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

std::string stream_id(uint64_t ms, uint64_t sequence) { return big_endian(ms, 8) + big_endian(sequence, 8); }

// Its id, a number, both ends of the float types, a string.
std::string module_value() {
  return rdb_length(0x8f3c21a97e5d4003) + rdb_length(1) + rdb_length(77) + rdb_length(2) + rdb_length(100'000) + rdb_length(3) +
         std::string("\0\0\x80\x3f", 4) + rdb_length(4) + double_bytes(2.5) + rdb_length(5) + rdb_raw("inside a module") + rdb_length(5) +
         rdb_int(12) + rdb_length(0);
}

constexpr int64_t kLater = 4'102'444'800'000;   // 2100

}  // namespace

// ---- pieces

std::string little_endian(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = 0; i < bytes; ++i) out += byte(value >> 8 * i & 0xff);
  return out;
}

std::string rdb_length(uint64_t value) {
  if (value < 64) return byte(value);
  if (value < 16384) return big_endian(0x4000 | value, 2);
  if (value <= UINT32_MAX) return "\x80" + big_endian(value, 4);
  return "\x81" + big_endian(value, 8);
}

std::string rdb_raw(std::string_view text) { return rdb_length(text.size()) + std::string(text); }

std::string rdb_int(int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  if (value >= INT8_MIN && value <= INT8_MAX) return "\xc0" + little_endian(bits, 1);
  if (value >= INT16_MIN && value <= INT16_MAX) return "\xc1" + little_endian(bits, 2);
  return "\xc2" + little_endian(bits, 4);
}

std::string rdb_lzf(std::string_view text) {
  std::string packed;
  for (size_t at = 0; at < text.size(); at += 32) {
    const std::string_view run = text.substr(at, 32);
    packed += byte(run.size() - 1) + std::string(run);
  }
  return "\xc3" + rdb_length(packed.size()) + rdb_length(text.size()) + packed;
}

std::string rdb_lzf_run(char letter, size_t size) {
  std::string packed = byte(0) + letter;
  for (size_t left = size - 1; left > 0;) {
    size_t run = std::min<size_t>(left, 264);
    if (left - run == 1 || left - run == 2) run -= 3;
    packed += run < 9 ? byte((run - 2) << 5) + byte(0) : byte(7 << 5) + byte(run - 9) + byte(0);
    left -= run;
  }
  return "\xc3" + rdb_length(packed.size()) + rdb_length(size) + packed;
}

std::string listpack(const std::vector<std::string>& entries) {
  std::string body;
  for (const std::string& entry : entries) {
    const bool number = !entry.empty() && entry.size() <= 3 && std::ranges::all_of(entry, [](char c) { return c >= '0' && c <= '9'; }) &&
                        (entry[0] != '0' || entry.size() == 1) && std::stoi(entry) < 128;
    const std::string encoded = number ? byte(static_cast<uint64_t>(std::stoi(entry))) : byte(0x80 | entry.size()) + entry;
    body += encoded + byte(encoded.size());
  }
  return little_endian(body.size() + 7, 4) + little_endian(entries.size(), 2) + body + "\xff";
}

std::string ziplist(const std::vector<std::string>& entries) {
  std::string body;
  size_t before = 0, last = 0;
  for (const std::string& entry : entries) {
    last = body.size();
    body += byte(before) + byte(entry.size()) + entry;
    before = 2 + entry.size();
  }
  return little_endian(body.size() + 11, 4) + little_endian(10 + last, 4) + little_endian(entries.size(), 2) + body + "\xff";
}

std::string intset(const std::vector<int16_t>& values) {
  std::string out = little_endian(2, 4) + little_endian(values.size(), 4);
  for (int16_t value : values) out += little_endian(static_cast<uint16_t>(value), 2);
  return out;
}

std::string zipmap(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string out = byte(fields.size());
  for (const auto& [field, value] : fields) out += byte(field.size()) + field + byte(value.size()) + byte(0) + value;
  return out + "\xff";
}

std::string stream_value(uint8_t type) {
  // Of the listpack: entries, deleted ones, fields and their names, 0; then each: flags (the same fields), id less the first, values,
  // how many before.
  const std::string entries =
      listpack({"2", "0", "2", "sensor", "value", "0", "2", "0", "0", "s1", "20", "5", "2", "5", "1", "s2", "21", "5"});
  std::string out = rdb_length(1) + rdb_raw(stream_id(1000, 1)) + rdb_raw(entries);
  out += rdb_length(2) + rdb_length(1005) + rdb_length(2);
  if (type >= 19) out += rdb_length(1000) + rdb_length(1) + rdb_length(0) + rdb_length(0) + rdb_length(2);
  out += rdb_length(1) + rdb_raw("readers") + rdb_length(1000) + rdb_length(1);
  if (type >= 19) out += rdb_length(1);
  out += rdb_length(1) + stream_id(1000, 1) + little_endian(1'700'000'000'000, 8) + rdb_length(3);
  out += rdb_length(2);
  for (const std::string_view name : {"ann", "idle"}) {
    out += rdb_raw(name) + little_endian(1'700'000'000'000, 8);
    if (type >= 21) out += little_endian(1'700'000'000'500, 8);
    out += name == "ann" ? rdb_length(1) + stream_id(1000, 1) : rdb_length(0);
  }
  return out;
}

// ---- files

RdbForge::RdbForge(std::string what, RdbFlavor flavor, int version) {
  rdb_.what = std::move(what);
  rdb_.flavor = flavor;
  rdb_.version = version;
  char header[32];
  std::snprintf(header, sizeof header, flavor == RdbFlavor::kValkey ? "VALKEY%03d" : "REDIS%04d", version);
  raw(header);
}

void RdbForge::aux(std::string_view name, std::string_view value) { raw("\xfa" + rdb_raw(name) + rdb_raw(value)); }

void RdbForge::database(uint32_t db) {
  db_ = db;
  raw("\xfe" + rdb_length(db));
}

void RdbForge::expiring_key(int64_t expires_ms, std::string_view name, uint8_t type, std::string_view value) {
  prefixed_key("\xfc" + little_endian(static_cast<uint64_t>(expires_ms), 8), expires_ms, rdb_raw(name), name, type, value);
}

void RdbForge::prefixed_key(std::string_view prefix, std::optional<int64_t> expires_ms, std::string_view encoded_name,
                            std::string_view name, uint8_t type, std::string_view value) {
  raw(prefix);
  raw(byte(type));
  raw(encoded_name);
  raw(value);
  if (!rdb_.unknown) rdb_.keys.push_back({db_, std::string(name), type, expires_ms, std::string(value)});
}

SyntheticRdb RdbForge::finish(Checksum checksum) {
  raw("\xff");
  if (rdb_.version < 5) return rdb_;
  const uint64_t right = crc64(0, view(rdb_.bytes));
  raw(little_endian(checksum == Checksum::kNone ? 0 : checksum == Checksum::kRight ? right : right ^ 1, 8));
  return rdb_;
}

std::string rdb_key(std::string_view name, uint8_t type, std::string_view value) { return byte(type) + rdb_raw(name) + std::string(value); }

std::string rdb_file(std::string_view records, RdbForge::Checksum checksum) {
  RdbForge rdb("synthetic", RdbFlavor::kRedis, 10);
  rdb.raw(records);
  return rdb.finish(checksum).bytes;
}

namespace {

void add_basic_types(RdbForge& rdb, int version) {
  rdb.key("text", 0, rdb_raw("a value"));
  rdb.key("", 0, rdb_raw(""));
  rdb.key("int8", 0, rdb_int(-7));
  rdb.key("int16", 0, rdb_int(-700));
  rdb.key("int32", 0, rdb_int(7'000'000));
  rdb.key("packed", 0, rdb_lzf_run('x', 5000));
  rdb.key("medium", 0, rdb_raw(std::string(300, 'm')));
  if (version == 14) rdb.key("large", 0, rdb_raw(std::string(17'000, 'l')));   // once: every file is cut at every byte
  rdb.prefixed_key("", std::nullopt, rdb_int(-123456), "-123456", 0, rdb_raw("named by a number"));
  rdb.prefixed_key("", std::nullopt, rdb_lzf_run('k', 100), std::string(100, 'k'), 0, rdb_raw("a packed name"));
  rdb.key("list", 1, rdb_length(3) + rdb_raw("one") + rdb_int(2) + rdb_lzf("three"));
  rdb.key("set", 2, rdb_length(2) + rdb_raw("b") + rdb_raw("a"));
  const std::string odd_scores = rdb_raw("nan") + "\xfd" + rdb_raw("up") + "\xfe" + rdb_raw("down") + "\xff";
  rdb.key("zset", 3, rdb_length(4) + odd_scores + rdb_raw("some") + rdb_raw("1.5"));
  rdb.key("hash", 4, rdb_length(2) + rdb_raw("f") + rdb_raw("v") + rdb_raw("number") + rdb_int(1));
  if (version >= 2) {
    rdb.key("zipmap", 9, rdb_raw(zipmap({{"field", "value"}, {"other", "thing"}})));
    rdb.key("list ziplist", 10, rdb_raw(ziplist({"a", "bb", "ccc"})));
    rdb.key("intset", 11, rdb_raw(intset({-5, 1, 300})));
    rdb.key("zset ziplist", 12, rdb_raw(ziplist({"ann", "1", "bob", "2.5"})));
  }
  if (version >= 4) rdb.key("hash ziplist", 13, rdb_raw(ziplist({"f", "v", "g", "w"})));
}

void add_later_types(RdbForge& rdb, int version) {
  if (version >= 7) rdb.key("quicklist", 14, rdb_length(2) + rdb_raw(ziplist({"a", "b"})) + rdb_lzf(ziplist({"c"})));
  if (version >= 8) {
    rdb.key("zset2", 5, rdb_length(2) + rdb_raw("low") + double_bytes(-1.5) + rdb_raw("high") + double_bytes(1e300));
    rdb.key("module", 7, module_value());
  }
  if (version >= 9) rdb.key("stream", 15, stream_value(15));
  if (version >= 10) {
    rdb.key("hash listpack", 16, rdb_raw(listpack({"f", "1", "g", "text"})));
    rdb.key("zset listpack", 17, rdb_raw(listpack({"ann", "1", "bob", "2"})));
    rdb.key("quicklist2", 18,
            rdb_length(2) + rdb_length(2) + rdb_raw(listpack({"a", "b"})) + rdb_length(1) + rdb_raw(std::string(500, 'p')));
    rdb.key("stream2", 19, stream_value(19));
  }
  if (version >= 11) {
    rdb.key("set listpack", 20, rdb_raw(listpack({"a", "b", "7"})));
    rdb.key("stream3", 21, stream_value(21));
  }
}

// Of Redis.
void add_hashes_with_expiry(RdbForge& rdb) {
  const std::string least = little_endian(static_cast<uint64_t>(kLater), 8);
  rdb.key("rc hash", 22, rdb_length(2) + rdb_length(0) + rdb_raw("f") + rdb_raw("v") + rdb_length(kLater) + rdb_raw("g") + rdb_raw("w"));
  rdb.key("rc listpack", 23, rdb_raw(listpack({"f", "v", "0"})));
  rdb.key("expiring hash", 24,
          least + rdb_length(2) + rdb_length(1) + rdb_raw("f") + rdb_raw("v") + rdb_length(0) + rdb_raw("g") + rdb_raw("w"));
  rdb.key("expiring listpack", 25, least + rdb_raw(listpack({"f", "v", "0", "g", "w", "0"})));
}

void add_expiring_keys(RdbForge& rdb, int version) {
  const std::string seconds = "\xfd" + little_endian(2'000'000'000, 4);
  rdb.prefixed_key(seconds, 2'000'000'000'000, rdb_raw("old expiry"), "old expiry", 0, rdb_raw("v"));
  if (version >= 3) rdb.expiring_key(kLater, "expiring", 0, rdb_raw("v"));
  if (version >= 9) {
    const std::string ms = "\xfc" + little_endian(static_cast<uint64_t>(kLater), 8);
    rdb.prefixed_key("\xf8" + rdb_length(70'000), std::nullopt, rdb_raw("idle"), "idle", 0, rdb_raw("v"));
    rdb.prefixed_key(ms + "\xf8" + rdb_length(3), kLater, rdb_raw("idle and expiring"), "idle and expiring", 0, rdb_raw("v"));
    rdb.prefixed_key(ms + "\xf9\x05", kLater, rdb_raw("used and expiring"), "used and expiring", 1, rdb_length(1) + rdb_raw("v"));
  }
}

// Everything that a version may hold and that can be passed over.
RdbForge filled(const std::string& what, RdbFlavor flavor, int version) {
  RdbForge rdb("synthetic: " + what, flavor, version);
  if (version >= 7) {
    rdb.aux("redis-ver", "synthetic");
    rdb.raw("\xfa" + rdb_raw("redis-bits") + rdb_int(64));
  }
  if (version >= 9) {
    const std::string id = rdb_length(0x8f3c21a97e5d4003);
    rdb.raw("\xf7" + id + rdb_length(2) + rdb_length(1) + rdb_length(5) + rdb_raw("aux") + rdb_length(0));
  }
  if (version >= 10) rdb.raw("\xf5" + rdb_raw("#!lua name=synthetic\nredis.register_function('f', function() return 1 end)\n"));
  if (flavor == RdbFlavor::kValkey) {
    rdb.raw("\xf3" + rdb_raw(std::string(40, 'j')) + rdb_length(2) + rdb_length(0) + rdb_length(99) + rdb_length(200) + rdb_length(16'383));
  }
  rdb.database(0);
  if (version >= 7) rdb.raw("\xfb" + rdb_length(20) + rdb_length(1));
  if (version >= 12) rdb.raw("\xf4" + rdb_length(12'000) + rdb_length(20) + rdb_length(1));
  add_basic_types(rdb, version);
  rdb.database(3);
  add_later_types(rdb, version);
  if (flavor == RdbFlavor::kValkey) {
    rdb.key("hash 2", 22, rdb_length(2) + rdb_raw("f") + rdb_raw("v") + little_endian(UINT64_MAX, 8) + rdb_raw("g") + rdb_raw("w") +
                              little_endian(static_cast<uint64_t>(kLater), 8));
  } else if (version >= 12) {
    add_hashes_with_expiry(rdb);
  }
  rdb.database(70'000);
  add_expiring_keys(rdb, version);
  return rdb;
}

// A file that goes on with something whose inside nobody told us.
SyntheticRdb with_unknown(const std::string& what, RdbFlavor flavor, int version, std::string_view bytes) {
  RdbForge rdb = filled(what, flavor, version);
  rdb.unknown();
  rdb.raw(bytes);
  rdb.key("behind it", 0, rdb_raw("v"));
  return rdb.finish();
}

}  // namespace

std::vector<SyntheticRdb> synthetic_rdbs() {
  std::vector<SyntheticRdb> out;
  constexpr RdbFlavor kRedis = RdbFlavor::kRedis, kValkey = RdbFlavor::kValkey;
  for (int version = 1; version <= 14; ++version) {
    const std::string what = "Redis " + std::to_string(version);
    out.push_back(filled(what, kRedis, version).finish());
    if (version >= 5 && version <= 8) out.push_back(filled(what + " without checksum", kRedis, version).finish(RdbForge::Checksum::kNone));
  }
  out.push_back(filled("Valkey 80", kValkey, 80).finish());
  const std::string opaque = rdb_raw("name") + rdb_length(1) + rdb_raw("something");
  out.push_back(with_unknown("Redis 10 with functions of a release candidate", kRedis, 10, "\xf6" + opaque));
  out.push_back(with_unknown("Redis 8 with a module's value of before", kRedis, 8, "\x06" + opaque));
  out.push_back(with_unknown("Redis 13 with KEY_META", kRedis, 13, "\xf3" + opaque));
  out.push_back(with_unknown("Redis 13 with a stream of version 4", kRedis, 13, "\x1a" + opaque));
  out.push_back(with_unknown("Redis 14 with a stream of version 5", kRedis, 14, "\x1b" + opaque));
  out.push_back(with_unknown("Redis 14 with an array", kRedis, 14, "\x1c" + opaque));
  out.push_back(with_unknown("Valkey 80 with a type of Redis", kValkey, 80, "\x18" + opaque));
  for (auto [flavor, version] : {std::pair{kRedis, 0}, {kRedis, 15}, {kRedis, 80}, {kValkey, 11}, {kValkey, 79}, {kValkey, 81}}) {
    RdbForge rdb("synthetic: a version that isn't known", flavor, version);
    rdb.unknown();
    rdb.key("key", 0, rdb_raw("v"));
    out.push_back(rdb.finish());
  }
  return out;
}

}  // namespace cairn
