#include "ingest/parts/part_view.h"

#include <algorithm>
#include <charconv>

#include "ingest/parts/parted_source.h"
#include "ingest/redis/rdb_source.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kViewTreeCacheBytes = 8 << 20;

// What is behind the name of a part as a file: a/b.sql is all of a/b.
std::string_view suffix_of(ComponentKind kind) {
  if (kind == ComponentKind::kPostgres) return ".sql";
  return kind == ComponentKind::kDocument ? ".json" : "";
}

// The part of a key that somebody wrote as it is, "0/a/b" for 0/a%2Fb; "" when it can't be one.
std::string key_name(const ComponentInfo& component, std::string_view path) {
  uint32_t db = 0;
  const char* end = path.data() + path.size();
  const auto [at, error] = std::from_chars(path.data(), end, db);
  if (component.kind != ComponentKind::kRedis || error != std::errc{} || at == end || *at != '/') return "";
  return redis_part_name(db, path.substr(static_cast<size_t>(at - path.data()) + 1));
}

std::string name_of_original(const ComponentInfo& component) {
  auto found = component.properties.find("original");
  std::string name = found == component.properties.end() ? "" : found->second;
  while (name.ends_with('/')) name.pop_back();
  if (valid_entry_name(name)) return name;
  switch (component.kind) {
    case ComponentKind::kPostgres: return "dump.sql";
    case ComponentKind::kRedis: return "dump.rdb";
    case ComponentKind::kDocument: return "document.json";
    default: return "original";
  }
}

}  // namespace

std::string tidy_path(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    if (!name.empty() && name != ".") out.append(out.empty() ? "" : "/").append(name);
  }
  return out;
}

bool PartView::has_parts(const ComponentInfo& component) {
  return component.transform.empty() ? !component.catalogue.is_zero() : is_known_transform(component.transform);
}

std::unique_ptr<PartView> PartView::of_path(Repository& repository, const Manifest& snapshot, std::string_view path, Monitor& monitor,
                                            std::string* beneath, size_t threads) {
  std::string_view name = path.substr(0, path.find('/'));
  const ComponentInfo* component = name.empty() ? nullptr : snapshot.component(name);
  if (!component || !has_parts(*component)) return nullptr;
  ChunkReader reader(repository.backend(), repository.keys(), repository.index(), kViewTreeCacheBytes);
  auto entry = DirectoryReader::find(reader.object_source(), snapshot.root, name);
  if (!entry || entry->type != EntryType::kFile) return nullptr;
  *beneath = path.substr(std::min(name.size() + 1, path.size()));
  return std::make_unique<PartView>(repository, *component, std::move(*entry), monitor, threads);
}

PartView::PartView(Repository& repository, const ComponentInfo& component, Entry entry, Monitor& monitor, size_t threads)
    : repository_(repository), component_(component), entry_(std::move(entry)),
      reader_(repository.backend(), repository.keys(), repository.index(), kViewTreeCacheBytes),
      output_(repository, entry_.content, threads, monitor), suffix_(suffix_of(component.kind)),
      original_name_(name_of_original(component)) {}

// Not before it is needed: the original can be had without it.
CatalogueReader* PartView::catalogue() {
  if (component_.catalogue.is_zero()) return nullptr;
  if (!catalogue_) catalogue_.emplace(reader_.object_source(), component_.catalogue, entry_.size_bytes);
  return &*catalogue_;
}

Entry PartView::entry_of(std::string_view path, uint64_t size_bytes) const {
  Entry entry;
  entry.name = last_element(path);
  entry.mode = entry_.mode & 0666U;
  entry.uid = entry_.uid;
  entry.gid = entry_.gid;
  entry.mtime_ns = entry.ctime_ns = entry_.mtime_ns;
  entry.size_bytes = size_bytes;
  return entry;
}

// Whoever may read the stream may look into the directory.
Entry PartView::directory_entry(std::string_view path, uint64_t size_bytes) const {
  Entry entry = entry_of(path, size_bytes);
  entry.type = EntryType::kDirectory;
  entry.mode |= 0700U | (entry_.mode & 0444U) >> 2;
  return entry;
}

Entry PartView::directory() const { return directory_entry(component_.name, component_.size_bytes); }

ByteView PartView::recipe() {
  if (recipe_) return *recipe_;
  if (component_.recipe_list.is_zero()) return component_.transform_recipe;
  std::string what = "component " + printable(component_.name) + ": the recipe of its transform ";
  if (component_.recipe_bytes > kMostRecipeBytes) throw Error(ErrorCode::kCorrupt, what + "is longer than can be");
  Content list;
  list.kind = Content::Kind::kList;
  list.list = component_.recipe_list;
  Bytes bytes;
  ContentReader(reader_, list).read(0, component_.recipe_bytes, [&](ByteView run) { bytes.insert(bytes.end(), run.begin(), run.end()); });
  recipe_ = std::move(bytes);
  return *recipe_;
}

const std::vector<OriginalFile>& PartView::rewritten_files() {
  if (!files_.empty()) return files_;
  if (!undo_) undo_ = undo_transform(component_.transform, recipe());
  std::vector<OriginalFile> files = undo_->files();
  bool possible = files.size() == 1 && files.front().name.empty();
  if (!possible)
    possible = !files.empty() && std::ranges::all_of(files, [](const OriginalFile& file) { return valid_entry_name(file.name); });
  if (!possible) throw Error(ErrorCode::kCorrupt, "component " + printable(component_.name) + ": its original has impossible files");
  files_ = std::move(files);
  return files_;
}

uint64_t PartView::originals_bytes() {
  uint64_t bytes = 0;
  for (const OriginalFile& file : rewritten_files()) bytes += file.size_bytes;
  return bytes;
}

bool PartView::is_visible(const Part& part) {
  return part.kind != "link" && !part.name.starts_with('.') && part.name.find("/.") == part.name.npos;
}

// The original hides parts of its name.
bool PartView::visible_in(const Part& part, const std::string& prefix) const {
  return is_visible(part) && part.name != original_name_ && !(prefix.empty() && part.name.starts_with(original_name_ + "/"));
}

std::optional<Part> PartView::visible_part(const std::string& name) {
  if (!catalogue() || !valid_part_name(name)) return std::nullopt;
  std::optional<Part> part = catalogue()->find(name);
  return part && is_visible(*part) ? part : std::nullopt;
}

bool PartView::visible_beneath(const std::string& directory) {
  if (!catalogue()) return false;
  bool any = false;
  catalogue()->scan(directory + "/", [&](const Part& part) {
    if (!part.name.starts_with(directory + "/")) return false;
    any = is_visible(part);
    return !any;
  });
  return any;
}

PartView::Place PartView::resolve(const std::string& path) {
  using Kind = Place::Kind;
  if (path.empty()) return {};
  if (path == original_name_) return {several() ? Kind::kOriginals : Kind::kOriginal};
  if (path.starts_with(original_name_ + "/") && several()) {
    auto found = std::ranges::find(files_, path.substr(original_name_.size() + 1), &OriginalFile::name);
    if (found != files_.end()) return {Kind::kOriginal, static_cast<size_t>(found - files_.begin())};
  }
  if (auto part = visible_part(path)) return {Kind::kPart, 0, std::move(part)};
  if (visible_beneath(path)) return {Kind::kDirectory};
  if (auto part = visible_part(path + std::string(suffix_))) return {Kind::kPart, 0, std::move(part)};
  if (auto part = visible_part(key_name(component_, path))) return {Kind::kPart, 0, std::move(part)};
  throw Error(ErrorCode::kNotFound, printable(component_.name + "/" + path) + ": is not in the snapshot (see what is in it with: cairn ls)");
}

void PartView::require(const std::string& path) { resolve(path); }

std::optional<PartFile> PartView::file(const std::string& path, bool with_dependencies) {
  Place place = resolve(path);
  switch (place.kind) {
    case Place::Kind::kRoot: return several() ? std::nullopt : std::optional(original(0));
    case Place::Kind::kOriginal: return original(place.number);
    case Place::Kind::kOriginals: return std::nullopt;
    case Place::Kind::kPart: return file_of(std::move(*place.part), with_dependencies);
    case Place::Kind::kDirectory: break;
  }
  auto part = visible_part(path + std::string(suffix_));
  return part ? std::optional(file_of(std::move(*part), with_dependencies)) : std::nullopt;
}

}  // namespace cairn
