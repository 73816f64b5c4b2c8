#include "ingest/parts/part_view.h"

#include <algorithm>
#include <charconv>

#include "ingest/parts/closure.h"
#include "ingest/parts/parted_source.h"
#include "ingest/redis/rdb/crc64.h"
#include "ingest/redis/rdb/rdb_writer.h"
#include "ingest/redis/rdb_source.h"
#include "ingest/redis/redis_component.h"
#include "store/coding.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kTreeCacheBytes = 8 << 20;

// What is behind the name of a part as a file: a/b.sql is all of a/b.
std::string_view suffix_of(ComponentKind kind) {
  if (kind == ComponentKind::kPostgres) return ".sql";
  return kind == ComponentKind::kDocument ? ".json" : "";
}

std::string_view last_element(std::string_view path) { return path.substr(path.rfind('/') + 1); }   // npos + 1 is 0

// Something users may see.
bool is_visible(const Part& part) {
  return part.kind != "link" && !part.name.starts_with('.') && part.name.find("/.") == part.name.npos;
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

// What a path turned out to be.
struct PartView::Place {
  enum class Kind { kRoot, kOriginal, kOriginals, kPart, kDirectory } kind = Kind::kRoot;
  size_t number = 0;           // of an original
  std::optional<Part> part = {};
};

bool PartView::has_parts(const ComponentInfo& component) {
  return component.transform.empty() ? !component.catalogue.is_zero() : is_known_transform(component.transform);
}

std::unique_ptr<PartView> PartView::of_path(Repository& repository, const Manifest& snapshot, std::string_view path, Monitor& monitor,
                                            std::string* beneath, size_t threads) {
  std::string_view name = path.substr(0, path.find('/'));
  const ComponentInfo* component = name.empty() ? nullptr : snapshot.component(name);
  if (!component || !has_parts(*component)) return nullptr;
  ChunkReader reader(repository.backend(), repository.keys(), repository.index(), kTreeCacheBytes);
  auto entry = DirectoryReader::find(reader.object_source(), snapshot.root, name);
  if (!entry || entry->type != EntryType::kFile) return nullptr;
  *beneath = path.substr(std::min(name.size() + 1, path.size()));
  return std::make_unique<PartView>(repository, *component, std::move(*entry), monitor, threads);
}

PartView::PartView(Repository& repository, const ComponentInfo& component, Entry entry, Monitor& monitor, size_t threads)
    : repository_(repository), component_(component), entry_(std::move(entry)),
      reader_(repository.backend(), repository.keys(), repository.index(), kTreeCacheBytes),
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

PartFile PartView::original(size_t number) {
  PartFile out;
  out.original = true;
  out.number = number;
  out.path = original_name_;
  if (component_.transform.empty()) {
    out.entry = entry_;
    out.entry.name = original_name_;
    return out;
  }
  const OriginalFile& file = rewritten_files().at(number);
  if (!file.name.empty()) out.path += "/" + file.name;
  out.entry = entry_of(out.path, file.size_bytes);
  if (file.name.empty()) {
    out.entry.mode = entry_.mode;
    return out;
  }
  out.entry.mode = file.mode & 07777U;
  out.entry.uid = file.uid;
  out.entry.gid = file.gid;
  out.entry.mtime_ns = file.mtime_ns;
  return out;
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

// A dump is a program, and psql would run the shell commands that somebody hid in it: as pg_dump does, we forbid them for the time of
// the text, with a word that nobody outside of this repository can know.
std::string PartView::restrict_key(std::string_view name) const {
  Encoder message;
  message.string("cairn restrict v1");
  message.raw(component_.catalogue.view());
  message.string(name);
  ChunkId key;
  key.bytes = blake3_keyed(repository_.keys().id_key, message.out());
  return key.hex();
}

bool PartView::is_script(const Part& part) const { return component_.kind == ComponentKind::kPostgres && part.name.ends_with(".sql"); }

bool PartView::is_key(const Part& part) const { return component_.kind == ComponentKind::kRedis && part.kind == "key"; }

uint64_t PartView::file_bytes(const Part& part) const {
  if (is_key(part)) return part.size_bytes() + kDumpFooterBytes;
  constexpr uint64_t kWrapBytes = std::string_view("\\restrict \n\n\\unrestrict \n").size() + 2 * 2 * ChunkId::kBytes;
  return part.size_bytes() + (is_script(part) ? kWrapBytes : 0);
}

PartFile PartView::file_of(Part part, bool with_dependencies) {
  PartFile out;
  out.path = part.name;
  bool more = with_dependencies && (part.properties.contains("wants") || part.properties.contains("links"));
  if (more) {
    out.pieces = pieces_with_dependencies(*catalogue(), part);
  } else {
    if (!part.preamble.empty()) out.pieces.push_back({part.preamble, {}});
    for (const Extent& extent : part.extents) out.pieces.push_back({{}, extent});
  }
  if (is_script(part)) {
    const std::string key = restrict_key(part.name);
    auto text_piece = [](const std::string& words) { return PartPiece{Bytes(words.begin(), words.end()), {}}; };
    out.pieces.insert(out.pieces.begin(), text_piece("\\restrict " + key + "\n"));
    out.pieces.push_back(text_piece("\n\\unrestrict " + key + "\n"));
  }
  uint64_t bytes = is_key(part) ? kDumpFooterBytes : 0;
  for (const PartPiece& piece : out.pieces) bytes += piece.text.size() + piece.extent.length_bytes;
  out.entry = entry_of(part.name, bytes);
  out.part = std::move(part);
  return out;
}

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

void PartView::list_originals(const std::string& directory, bool recursive, const VisitPart& visit) {
  if (!several()) {
    PartFile file = original(0);
    return visit(file.path, file.entry, nullptr);
  }
  if (directory.empty()) visit(original_name_, directory_entry(original_name_, originals_bytes()), nullptr);
  if (directory.empty() && !recursive) return;
  for (size_t number = 0; number < rewritten_files().size(); ++number) {
    PartFile file = original(number);
    visit(file.path, file.entry, nullptr);
  }
}

// The original hides parts of its name.
bool PartView::visible_in(const Part& part, const std::string& prefix) const {
  return is_visible(part) && part.name != original_name_ && !(prefix.empty() && part.name.starts_with(original_name_ + "/"));
}

Entry PartView::part_directory(const std::string& path) {
  auto file = visible_part(path + std::string(suffix_));
  return directory_entry(path, file ? file_bytes(*file) : 0);
}

// The names are sorted, so what is in a directory stands together, and can be skipped by the directory's name.
void PartView::list_parts(const std::string& directory, bool recursive, const VisitPart& visit) {
  if (!catalogue()) return;
  auto visit_directory = [&](const std::string& path) {
    if (path == original_name_ && several()) return;   // visited with the originals
    visit(path, part_directory(path), nullptr);
  };
  const std::string prefix = directory.empty() ? "" : directory + "/";
  std::string inside = prefix;   // the directory visited last, with its slash
  Entry entry = entry_of("", 0);
  CatalogueReader parts(reader_.object_source(), component_.catalogue, entry_.size_bytes);
  parts.seek(prefix);
  while (const Part* part = parts.next()) {
    if (!part->name.starts_with(prefix)) return;
    if (!is_visible(*part) || part->name == original_name_) continue;
    size_t slash = part->name.find('/', prefix.size());
    if (!recursive && slash != std::string::npos) {
      std::string path = part->name.substr(0, slash);
      visit_directory(path);
      parts.seek(path + static_cast<char>('/' + 1));
      continue;
    }
    for (; slash != std::string::npos; slash = part->name.find('/', slash + 1)) {
      if (part->name.compare(0, slash + 1, inside, 0, slash + 1) == 0) continue;
      inside = part->name.substr(0, slash + 1);
      visit_directory(part->name.substr(0, slash));
    }
    entry.name = last_element(part->name);
    entry.size_bytes = file_bytes(*part);
    visit(part->name, entry, part);
  }
}

void PartView::list(const std::string& path, bool recursive, const VisitPart& visit) {
  Place place = resolve(path);
  switch (place.kind) {
    case Place::Kind::kRoot:
      list_originals("", recursive, visit);
      return list_parts("", recursive, visit);
    case Place::Kind::kOriginals:
      list_originals(path, recursive, visit);
      return list_parts(path, recursive, visit);
    case Place::Kind::kDirectory: return list_parts(path, recursive, visit);
    case Place::Kind::kOriginal: {
      PartFile file = original(place.number);
      return visit(file.path, file.entry, nullptr);
    }
    case Place::Kind::kPart: return visit(place.part->name, entry_of(place.part->name, file_bytes(*place.part)), &*place.part);
  }
}

void PartView::visit_targets(const std::string& path, bool with_dependencies, const VisitTarget& visit) {
  if (auto one = path.empty() ? std::nullopt : file(path, with_dependencies)) return visit(one->entry.name, one->entry, &*one);
  Place place = resolve(path);
  bool root = place.kind == Place::Kind::kRoot;
  std::string top(root ? component_.name : std::string(last_element(path)));
  visit(top, directory_entry(top, root ? component_.size_bytes : 0), nullptr);
  if (place.kind != Place::Kind::kDirectory) {
    std::string above = root ? top + "/" : "";
    if (root && several()) visit(above + original_name_, directory_entry(original_name_, originals_bytes()), nullptr);
    size_t count = component_.transform.empty() ? 1 : rewritten_files().size();
    for (size_t number = 0; number < count; ++number) {
      PartFile file = original(number);
      visit(above + file.path, file.entry, &file);
    }
    return;
  }
  list_parts(path, true, [&](const std::string& at, const Entry& entry, const Part* part) {
    std::string target = top + at.substr(path.size());
    if (!part) return visit(target, entry, nullptr);
    PartFile file = file_of(*part, false);
    visit(target, entry, &file);
  });
}

void PartView::write_key(const PartFile& file, const WriteBytes& write) {
  uint64_t crc = 0;
  output_.write(file.pieces, [&](ByteView bytes) {
    crc = crc64(crc, bytes);
    write(bytes);
  });
  write(dump_footer(crc, rdb_version_of(component_)));
}

void PartView::write(const PartFile& file, const WriteBytes& write) {
  if (file.part && is_key(*file.part)) return write_key(file, write);
  if (!file.original) return output_.write(file.pieces, write);
  uint64_t written = 0;
  auto counted = [&](ByteView bytes) {
    written += bytes.size();
    write(bytes);
  };
  if (component_.transform.empty()) {
    output_.write_all(counted);
  } else {
    ReadStored read = [&](uint64_t offset, uint64_t length, const WriteBytes& to) {
      PartPiece piece{{}, {offset, length}};
      output_.write({&piece, 1}, to);
    };
    rewritten_files();
    undo_->rebuild(file.number, read, counted);
  }
  if (written != file.entry.size_bytes)
    throw Error(ErrorCode::kCorrupt, printable(component_.name + "/" + file.path) + ": its content is " + std::to_string(written) +
                                         " bytes in place of " + std::to_string(file.entry.size_bytes));
}

}  // namespace cairn
