#include "ingest/bucket/key_path.h"

namespace cairn {

namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

void append_escaped(std::string& out, char c) {
  out += '%';
  out += kDigits[static_cast<uint8_t>(c) >> 4];
  out += kDigits[static_cast<uint8_t>(c) & 15];
}

void append_element(std::string& out, std::string_view element) {
  if (element.empty()) out += '%';
  const bool dots = element == "." || element == "..";
  for (const char c : element)
    if (dots || c == '%' || c == '\0') append_escaped(out, c);
    else out += c;
}

// Whatever stands behind a '%'; append_element() tells whether we would write it so.
std::optional<std::string> unescaped(std::string_view name) {
  std::string out;
  if (name == "%") return out;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '%') {
      out += name[i];
      continue;
    }
    if (i + 2 >= name.size()) return std::nullopt;
    const size_t high = kDigits.find(name[i + 1]), low = kDigits.find(name[i + 2]);
    if (high == kDigits.npos || low == kDigits.npos) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace

std::string path_of_key(std::string_view key) {
  std::string out;
  for (size_t from = 0;;) {
    const size_t slash = key.find('/', from);
    append_element(out, key.substr(from, slash == key.npos ? key.npos : slash - from));
    if (slash == key.npos) return out;
    out += '/';
    from = slash + 1;
  }
}

std::optional<std::string> key_of_path(std::string_view path) {
  const size_t last = path.rfind('/') + 1;   // 0 when there is none
  if (path.size() > last + 1 && path.ends_with(kBesideDirectory)) path.remove_suffix(1);
  std::string key;
  for (size_t from = 0;;) {
    const size_t slash = path.find('/', from);
    const std::string_view name = path.substr(from, slash == path.npos ? path.npos : slash - from);
    const std::optional<std::string> element = unescaped(name);
    if (!element) return std::nullopt;
    std::string again;
    append_element(again, *element);
    if (again != name) return std::nullopt;
    key += *element;
    if (slash == path.npos) return key;
    key += '/';
    from = slash + 1;
  }
}

}  // namespace cairn
