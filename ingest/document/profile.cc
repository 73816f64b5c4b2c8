#include "ingest/document/profile.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <toml++/toml.h>

#include "ingest/document/member_path.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr uint64_t kMostProfileBytes = 1 << 20;
constexpr std::string_view kProfileEnding = ".toml";

// Reads one profile's tables and says where something is wrong.
class ProfileReader {
 public:
  explicit ProfileReader(const std::string& where) : where_(where) {}

  DocumentProfile profile(const toml::table& table) {
    only_keys(table, {"name", "detect", "section"});
    DocumentProfile out;
    out.name = text(table, "name", true);
    out.detect = texts(table, "detect");
    if (out.detect.empty())
      fail(table, "\"detect\" is missing: the members that tell such a document, as in detect = [\"Users\", \"Roles\"]");
    const toml::node* sections = table.get("section");
    if (!sections) fail(table, "it has no [[section]]");
    for (const toml::node& one : tables(*sections, "section")) out.sections.push_back(section(*one.as_table(), out));
    check_needs(table, out);
    return out;
  }

 private:
  [[noreturn]] void fail(const toml::node& at, const std::string& why) const {
    throw Error(ErrorCode::kInvalidArgument,
                "profile of documents: " + where_ + ": line " + std::to_string(at.source().begin.line) + ": " + why);
  }

  void only_keys(const toml::table& table, std::initializer_list<std::string_view> known) const {
    for (const auto& [key, value] : table) {
      if (std::ranges::find(known, key.str()) != known.end()) continue;
      std::string keys;
      for (std::string_view one : known) keys += (keys.empty() ? "" : ", ") + std::string(one);
      fail(value, "\"" + printable(key.str()) + "\" means nothing here; there are: " + keys);
    }
  }

  const std::string& string(const toml::node& node, std::string_view key) const {
    const auto* value = node.as_string();
    if (!value || value->get().empty()) fail(node, "\"" + std::string(key) + "\" must be a text in quotes");
    return value->get();
  }

  std::string text(const toml::table& table, std::string_view key, bool required) const {
    const toml::node* node = table.get(key);
    if (node) return string(*node, key);
    if (required) fail(table, "\"" + std::string(key) + "\" is missing");
    return "";
  }

  std::vector<std::string> texts(const toml::table& table, std::string_view key) const {
    std::vector<std::string> out;
    const toml::node* node = table.get(key);
    if (!node) return out;
    const toml::array* array = node->as_array();
    if (!array) fail(*node, "\"" + std::string(key) + "\" must be a list of texts: [\"…\", \"…\"]");
    for (const toml::node& one : *array) out.push_back(string(one, key));
    return out;
  }

  const toml::array& tables(const toml::node& node, std::string_view key) const {
    const toml::array* array = node.as_array();
    if (!array) fail(node, "\"" + std::string(key) + "\" must be a list of tables");
    for (const toml::node& one : *array) {
      if (!one.is_table()) fail(one, "\"" + std::string(key) + "\" must be a list of tables");
    }
    return *array;
  }

  DocumentSection section(const toml::table& table, const DocumentProfile& profile) const {
    only_keys(table, {"name", "path", "member", "keep", "label", "needs", "warning"});
    DocumentSection out;
    out.name = text(table, "name", true);
    out.path = text(table, "path", true);
    out.member = text(table, "member", false);
    out.keep = texts(table, "keep");
    out.label = texts(table, "label");
    out.warning = text(table, "warning", false);
    if (out.name.find('/') != out.name.npos) fail(table, "a section's name can't have a '/' in it");
    if (!out.keep.empty() && out.member.empty()) fail(table, "\"keep\" says nothing without \"member\"");
    for (const DocumentSection& other : profile.sections) {
      if (same_member(other.name, out.name)) fail(table, "there are two sections called \"" + printable(out.name) + "\"");
    }
    for (const std::string& label : out.label) {
      const auto path = parse_member_path(label);
      if (!path || std::ranges::find(*path, kEveryElement) != path->end()) fail(*table.get("label"), no_path(label, "\"User.name\""));
    }
    if (const toml::node* needs = table.get("needs")) {
      for (const toml::node& one : tables(*needs, "needs")) out.needs.push_back(need(*one.as_table()));
    }
    return out;
  }

  DocumentNeed need(const toml::table& table) const {
    only_keys(table, {"from", "section", "by"});
    DocumentNeed out{text(table, "from", true), text(table, "section", true), text(table, "by", true)};
    if (!parse_member_path(out.from)) fail(table, no_path(out.from, "\"User.roles[]\""));
    const auto by = parse_member_path(out.by);
    if (!by || std::ranges::find(*by, kEveryElement) != by->end()) fail(table, no_path(out.by, "\"role_id\""));
    return out;
  }

  static std::string no_path(const std::string& text, const std::string& example) {
    return "\"" + printable(text) + "\" is no path of members, which is written like " + example;
  }

  void check_needs(const toml::table& table, const DocumentProfile& profile) const {
    for (const DocumentSection& section : profile.sections) {
      for (const DocumentNeed& need : section.needs) {
        if (std::ranges::find(profile.sections, need.section, &DocumentSection::name) != profile.sections.end()) continue;
        fail(table, "section \"" + printable(section.name) + "\" needs \"" + printable(need.section) + "\", which is no section's name");
      }
    }
  }

  const std::string& where_;
};

std::string read_profile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string out(kMostProfileBytes + 1, '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::kInvalidArgument, "profile of documents: " + printable(path) + ": " + why);
  };
  if (!in.is_open() || in.bad()) refuse("can't be read");
  out.resize(static_cast<size_t>(in.gcount()));
  if (out.size() > kMostProfileBytes) refuse("longer than 1 MiB");
  return out;
}

// Those of a directory that `profiles` doesn't have yet, in the order of their files' names.
void add_directory(const std::filesystem::path& directory, bool required, std::vector<DocumentProfile>& profiles) {
  std::error_code error;
  std::vector<std::string> files;
  std::filesystem::directory_iterator entries(directory, error);
  if (error && (required || error != std::errc::no_such_file_or_directory))
    throw Error(ErrorCode::kInvalidArgument, "profiles of documents: " + printable(directory.string()) + ": " + error.message());
  if (error) return;
  for (; entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    if (error) break;
    const std::string name = entries->path().filename().string();
    if (name.ends_with(kProfileEnding) && !name.starts_with('.')) files.push_back(entries->path().string());
  }
  if (error) throw Error(ErrorCode::kInvalidArgument, "profiles of documents: " + printable(directory.string()) + ": " + error.message());
  std::ranges::sort(files);
  const size_t before = profiles.size();
  for (const std::string& file : files) {
    DocumentProfile profile = parse_document_profile(read_profile(file), printable(file));
    const auto same = std::ranges::find_if(profiles, [&](const auto& one) { return same_member(one.name, profile.name); });
    if (same - profiles.begin() >= static_cast<std::ptrdiff_t>(before) && same != profiles.end())
      throw Error(ErrorCode::kInvalidArgument, "profile of documents: " + printable(file) + ": another one in this directory is called \"" +
                                                   printable(profile.name) + "\", too");
    if (same == profiles.end()) profiles.push_back(std::move(profile));
  }
}

// Empty ones count as not set.
std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

const DocumentSection* DocumentProfile::section(std::string_view wanted) const {
  for (const DocumentSection& one : sections) {
    if (same_member(one.name, wanted)) return &one;
  }
  for (const DocumentSection& one : sections) {
    if (same_member(one.path, wanted)) return &one;
  }
  return nullptr;
}

DocumentProfile parse_document_profile(std::string_view toml, const std::string& where) {
  try {
    const toml::table table = toml::parse(toml);
    return ProfileReader(where).profile(table);
  } catch (const toml::parse_error& error) {
    throw Error(ErrorCode::kInvalidArgument, "profile of documents: " + where + ": line " +
                                                 std::to_string(error.source().begin.line) + ": " + printable(error.description()));
  }
}

std::vector<DocumentProfile> document_profiles() {
  std::vector<DocumentProfile> out;
  if (const std::string directory = variable("CAIRN_DOCUMENT_PROFILES"); !directory.empty()) {
    add_directory(directory, true, out);
  } else {
    std::string config = variable("XDG_CONFIG_HOME");
    if (const std::string home = variable("HOME"); config.empty() && !home.empty()) config = home + "/.config";
    if (!config.empty()) add_directory(config + "/cairn/documents", false, out);
    add_directory("/etc/cairn/documents", false, out);
  }
  DocumentProfile knot = parse_document_profile(knot_profile(), "knot");
  if (std::ranges::none_of(out, [&](const auto& one) { return same_member(one.name, knot.name); })) out.push_back(std::move(knot));
  return out;
}

}  // namespace cairn
