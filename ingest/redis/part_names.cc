#include "ingest/redis/part_names.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "ingest/parts/names.h"
#include "ingest/redis/rdb_source.h"
#include "store/crypto/blake3.h"

namespace cairn {

namespace {

constexpr size_t kMostElementBytes = 200;   // with a suffix still a file's name (255)
constexpr size_t kCutBytes = 160;           // what is left of a longer one, before the mark and the hash
constexpr std::string_view kCutMark = "%~"; // no escaped name has it, so no other key has such a name
constexpr size_t kHashBytes = 16;

bool plain(std::string_view key) {
  if (key.empty() || key.front() == '.') return false;
  return std::ranges::all_of(key, [](char c) { return static_cast<uint8_t>(c) >= 0x20 && c != 0x7f && c != '%' && c != '/'; });
}

// Doesn't end within an escape or a character of UTF-8.
size_t cut_place(std::string_view escaped) {
  size_t at = kCutBytes;
  for (size_t back = 1; back <= 2; ++back)
    if (escaped[at - back] == '%') at -= back;
  for (int i = 0; i < 3 && (static_cast<uint8_t>(escaped[at]) & 0xc0) == 0x80; ++i) --at;
  return at;
}

// Returns whether it was cut.
bool append_element(std::string& out, std::string_view name) {
  if (name.size() <= kMostElementBytes && plain(name)) {
    out += name;
    return false;
  }
  // A long name's first bytes are enough to fill the element, and no escape makes a name shorter.
  const std::string escaped = escape_part_name(name.substr(0, kMostElementBytes + 1));
  if (escaped.size() <= kMostElementBytes) {
    out += escaped;
    return false;
  }
  out.append(escaped, 0, cut_place(escaped));
  out += kCutMark;
  const Blake3Hash hash = blake3(view(name));
  for (const uint8_t byte : std::span(hash).first(kHashBytes)) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return true;
}

}  // namespace

void redis_record_name(uint32_t db, std::string_view key, std::string& name) {
  char digits[12];
  char* end = std::to_chars(digits, digits + 10, db).ptr;
  *end++ = '/';
  name.assign(digits, end);
  if (!append_element(name, key)) return;
  name += '\0';
  name += key;
}

std::string_view redis_part_of(std::string_view record_name) { return record_name.substr(0, record_name.find('\0')); }

std::string_view redis_cut_key(std::string_view record_name) {
  const size_t nul = record_name.find('\0');
  return nul == record_name.npos ? std::string_view() : record_name.substr(nul + 1);
}

std::string redis_part_name(uint32_t db, std::string_view key) {
  std::string name;
  redis_record_name(db, key, name);
  return std::string(redis_part_of(name));
}

bool redis_part_name_is_cut(std::string_view key) {
  std::string ignored;
  return append_element(ignored, key);
}

std::string redis_function_name(std::string_view source) {
  constexpr std::string_view kName = "name=";
  constexpr std::string_view kBlanks = " \t\r\v\f";
  if (!source.starts_with("#!")) return "";
  std::string_view line = source.substr(0, std::min(source.find('\n'), size_t{4096}));
  for (size_t at = 0; (at = line.find_first_of(kBlanks, at)) != line.npos;) {
    at = line.find_first_not_of(kBlanks, at);
    if (at == line.npos) break;
    std::string_view word = line.substr(at, line.find_first_of(kBlanks, at) - at);
    if (!word.starts_with(kName) || word.size() == kName.size()) continue;
    std::string name = "functions/";
    append_element(name, word.substr(kName.size()));
    return name + ".lua";
  }
  return "";
}

}  // namespace cairn
