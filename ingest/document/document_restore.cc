#include "ingest/document/document_restore.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "ingest/document/sealed_document.h"
#include "ingest/index_problems.h"
#include "ingest/parts/part_output.h"
#include "ingest/restore/new_file.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

constexpr size_t kDocumentTreeCacheBytes = 8 << 20;
constexpr std::string_view kSuffix = ".json";

// The one it was recognised by when it was saved, as it is known now.
std::optional<DocumentProfile> profile_of(const ComponentInfo& component) {
  const auto name = component.properties.find("profile");
  if (name == component.properties.end()) return std::nullopt;
  for (DocumentProfile& profile : document_profiles())
    if (profile.name == name->second) return std::move(profile);
  throw Error(ErrorCode::kNotFound, printable(component.name) + ": was saved with the profile \"" + printable(name->second) +
                                        "\", which isn't configured here: put its file into the configuration's folder documents");
}

void make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw Error(ErrorCode::kIo, printable(path) + ": can't be made: " + error.message());
}

}  // namespace

DocumentRestoreResult restore_document(Repository& repository, const Manifest& snapshot, const std::string& component,
                                       const DocumentRestoreOptions& options, Monitor& monitor) {
  warn_of_index_problems(repository, monitor);
  const ComponentInfo* info = snapshot.component(component);
  if (!info || info->kind != ComponentKind::kDocument)
    throw Error(ErrorCode::kInvalidArgument, printable(component) + ": is no document, so nothing can be taken out of it by section");
  const std::optional<DocumentProfile> profile = profile_of(*info);
  ChunkReader trees(repository.backend(), repository.keys(), repository.index(), kDocumentTreeCacheBytes);
  const std::optional<Entry> entry = find_path(trees.object_source(), snapshot.root, component);
  if (!entry) throw Error(ErrorCode::kCorrupt, printable(component) + ": is missing in the snapshot's root");

  const ReadDocument read = [&](const std::function<void(ByteView)>& bytes) {
    PartOutput output(repository, entry->content, 0, monitor);
    output.write_all([&](ByteView piece) {
      bytes(piece);
      monitor.bytes_done += piece.size();
    });
  };
  DocumentRestoreResult result;
  result.file = (std::filesystem::path(options.target) / component).native() + std::string(component.ends_with(kSuffix) ? "" : kSuffix);
  monitor.bytes_total += entry->size_bytes;
  const bool in_the_way = options.overwrite == Overwrite::kNever && std::filesystem::exists(std::filesystem::symlink_status(result.file));
  if (options.dry_run || in_the_way) {
    result.extract = extract_document(read, profile ? &*profile : nullptr, options.selection, [](ByteView) {});
    return result;
  }
  make_directory(options.target);
  NewFile file(result.file);
  std::optional<DocumentSealer> sealer;
  if (options.key) sealer.emplace(*options.key, [&](ByteView bytes) { file.write(bytes); });
  result.extract = extract_document(read, profile ? &*profile : nullptr, options.selection, [&](ByteView bytes) {
    if (sealer) sealer->write(bytes);
    else file.write(bytes);
  });
  if (sealer) sealer->finish();
  file.publish(options.overwrite != Overwrite::kNever);
  result.written = true;
  return result;
}

}  // namespace cairn
