#include "ingest/redis/server/selected_keys.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "ingest/parts/names.h"
#include "ingest/redis/rdb_source.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr std::string_view kFunctionParts = "functions/";
constexpr size_t kMostPrefixBytes = 32;   // of a pattern: names of parts are cut somewhere behind as many, however they are escaped
constexpr std::array<std::string_view, 8> kTypes = {"string", "list", "set", "zset", "hash", "stream", "module", "array"};

// All of a text as a decimal number without leading zeros.
template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || std::to_string(out) != text) return std::nullopt;
  return out;
}

// What every key begins with that the pattern matches.
std::string literal_prefix(std::string_view pattern) {
  std::string out;
  for (size_t i = 0; i < pattern.size() && out.size() < kMostPrefixBytes; ++i) {
    if (pattern[i] == '*' || pattern[i] == '?' || pattern[i] == '[') break;
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    out += pattern[i];
  }
  return out;
}

// The least set of prefixes; escaping goes byte by byte, so what begins with one begins with it when both are escaped.
std::vector<std::string> prefixes_of(const std::vector<std::string>& patterns) {
  std::vector<std::string> all;
  for (const std::string& pattern : patterns) {
    const std::string prefix = literal_prefix(pattern);
    if (prefix.empty()) return {};
    all.push_back(escape_part_name(prefix));
  }
  std::ranges::sort(all);
  std::vector<std::string> out;
  for (std::string& prefix : all)
    if (out.empty() || !prefix.starts_with(out.back())) out.push_back(std::move(prefix));
  return out;
}

Error impossible(const Part& part) {
  return Error(ErrorCode::kCorrupt, "part " + printable(part.name) + ": isn't as a key is stored");
}

// Property `key`, "" without.
std::string_view property(const Part& part, const std::string& key) {
  const auto found = part.properties.find(key);
  return found == part.properties.end() ? std::string_view() : std::string_view(found->second);
}

void read_key(const Part& part, SelectedKey& out) {
  const size_t slash = part.name.find('/');
  const auto db = number_of<uint32_t>(std::string_view(part.name).substr(0, slash));
  if (!db || slash == std::string::npos || part.preamble.size() != 1 || part.extents.size() != 1 || part.extents.front().length_bytes == 0)
    throw impossible(part);
  out.db = *db;
  out.type = part.preamble.front();
  out.value = part.extents.front();
  if (const auto cut = part.properties.find("key"); cut != part.properties.end()) {
    out.name = cut->second;
  } else if (part.name.find('%', slash) == std::string::npos) {   // nothing is escaped
    out.name.assign(part.name, slash + 1);
  } else {
    std::optional<std::string> name = unescape_part_name(std::string_view(part.name).substr(slash + 1));
    if (!name) throw impossible(part);
    out.name = std::move(*name);
  }
  out.expires_ms.reset();
  if (const std::string_view expires = property(part, "expires"); !expires.empty()) {
    out.expires_ms = number_of<int64_t>(expires);
    if (!out.expires_ms) throw impossible(part);
  }
}

bool any_begins(CatalogueReader& catalogue, const std::string& beginning) {
  catalogue.seek(beginning);
  const Part* part = catalogue.next();
  return part != nullptr && part->name.starts_with(beginning);
}

}  // namespace

bool RedisScope::holds(std::string_view part) const {
  return kind == Kind::kKey || kind == Kind::kFunction ? part == name : part.starts_with(name);
}

RedisScope redis_scope(CatalogueReader& catalogue, const ComponentInfo& component, const std::string& beneath) {
  using Kind = RedisScope::Kind;
  const auto original = component.properties.find("original");
  if (beneath.empty() || (original != component.properties.end() && beneath == original->second)) return {};
  const bool function = (beneath + "/").starts_with(kFunctionParts);
  if (any_begins(catalogue, beneath + "/")) {
    if (function) return {Kind::kFunctions, beneath + "/"};
    if (number_of<uint32_t>(beneath)) return {Kind::kDatabase, beneath + "/"};
  }
  const size_t slash = beneath.find('/');
  const auto db = number_of<uint32_t>(std::string_view(beneath).substr(0, slash));
  if (slash != std::string::npos && (db || function)) {
    auto is_there = [&](const std::string& name) {
      const std::optional<Part> part = valid_part_name(name) ? catalogue.find(name) : std::nullopt;
      return part && part->kind == (function ? "function" : "key");
    };
    if (is_there(beneath)) return {function ? Kind::kFunction : Kind::kKey, beneath};
    if (const std::string name = db ? redis_part_name(*db, std::string_view(beneath).substr(slash + 1)) : ""; db && is_there(name))
      return {Kind::kKey, name};
  }
  throw Error(ErrorCode::kNotFound,
              printable(component.name + "/" + beneath) +
                  ": is no database, no key and no function of the snapshot (see what is in it with: cairn ls)");
}

SelectedKeys::SelectedKeys(CatalogueReader& catalogue, const RedisScope& scope, const RedisSelection& selection, RdbFlavor flavor)
    : catalogue_(catalogue), scope_(scope), selection_(selection), flavor_(flavor), begin_(scope.name) {
  if (!selection.type.empty() && std::ranges::find(kTypes, selection.type) == kTypes.end())
    throw Error(ErrorCode::kInvalidArgument, "type " + printable(selection.type) +
                                                 ": no key has it: there are string, list, set, zset, hash, stream, module and array");
  done_ = !scope.has_keys();
  if (selection.db) {
    const std::string db = std::to_string(*selection.db) + "/";
    if (scope.kind == RedisScope::Kind::kAll) begin_ = db;
    else done_ |= !begin_.starts_with(db);
  }
  if (scope.kind != RedisScope::Kind::kKey) prefixes_ = prefixes_of(selection.patterns);
  if (!done_) catalogue_.seek(begin_);
}

// Whether the name is of no key that could be meant; then the catalogue may have moved on to the next that could be.
bool SelectedKeys::skip(std::string_view part) {
  const size_t slash = part.find('/');
  if (prefixes_.empty() || slash == part.npos) return false;
  const std::string_view key = part.substr(slash + 1);
  const auto behind = std::ranges::upper_bound(prefixes_, key, {}, [](const std::string& prefix) { return std::string_view(prefix); });
  if (behind != prefixes_.begin() && key.starts_with(*std::prev(behind))) return false;
  const std::string db(part.substr(0, slash));
  catalogue_.seek(behind != prefixes_.end() ? db + "/" + *behind : db + static_cast<char>('/' + 1));
  return true;
}

bool SelectedKeys::chosen(const SelectedKey& key) const {
  if (!selection_.type.empty() && rdb_type_name(flavor_, key.type) != selection_.type) return false;
  return selection_.patterns.empty() ||
         std::ranges::any_of(selection_.patterns, [&](const std::string& pattern) { return redis_glob_matches(pattern, key.name); });
}

bool SelectedKeys::next(SelectedKey& key) {
  while (!done_) {
    const Part* part = catalogue_.next();
    if (part == nullptr || !part->name.starts_with(begin_) || (scope_.kind == RedisScope::Kind::kKey && part->name != begin_)) {
      done_ = true;
    } else if (part->kind == "key" && !skip(part->name)) {
      read_key(*part, key);
      if (chosen(key)) return true;
    }
  }
  return false;
}

}  // namespace cairn
