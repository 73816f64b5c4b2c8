// PartView, a little at a time: what is in a directory by places.  The originals come first, then the parts by their numbers in the
// catalogue; a directory has the number of the first part in it.
#include "ingest/parts/part_view.h"
#include "ingest/redis/rdb/crc64.h"
#include "ingest/redis/rdb/rdb_writer.h"
#include "ingest/redis/redis_component.h"

namespace cairn {

uint64_t PartView::original_places(const std::string& directory) {
  if (directory.empty()) return 1;
  return directory == original_name_ && several() ? rewritten_files().size() : 0;
}

Entry PartView::original_entry(const std::string& directory, uint64_t number) {
  if (directory.empty() && several()) return directory_entry(original_name_, originals_bytes());
  return original(static_cast<size_t>(number)).entry;
}

CatalogueReader& PartView::placed_parts() {
  if (!placed_) placed_.emplace(reader_.object_source(), component_.catalogue, entry_.size_bytes);
  return *placed_;
}

void PartView::list_from(const std::string& directory, uint64_t place, const VisitPlaced& visit) {
  const uint64_t originals = original_places(directory);
  for (; place < originals; ++place)
    if (!visit(original_entry(directory, place), place, place + 1)) return;
  if (!catalogue()) return;
  const std::string prefix = directory.empty() ? "" : directory + "/";
  CatalogueReader& parts = placed_parts();
  parts.seek(prefix);
  if (place - originals > parts.number()) parts.seek_number(place - originals);
  for (;;) {
    const uint64_t here = originals + parts.number();
    const Part* part = parts.next();
    if (!part || !part->name.starts_with(prefix)) return;
    if (!visible_in(*part, prefix)) continue;
    const size_t slash = part->name.find('/', prefix.size());
    Entry entry;
    if (slash == std::string::npos) {
      entry = entry_of(part->name, file_bytes(*part));
    } else {
      const std::string path = part->name.substr(0, slash);
      entry = part_directory(path);
      parts.seek(path + static_cast<char>('/' + 1));
    }
    const uint64_t next = originals + parts.number();
    if (!visit(entry, here, next)) return;
  }
}

bool PartView::find_in(const std::string& directory, const std::string& name, const VisitPlaced& visit) {
  const uint64_t originals = original_places(directory);
  for (uint64_t place = 0; place < originals; ++place) {
    const Entry entry = original_entry(directory, place);
    if (entry.name != name) continue;
    visit(entry, place, place + 1);
    return true;
  }
  if (!catalogue() || !valid_entry_name(name)) return false;
  const std::string path = directory.empty() ? name : directory + "/" + name;
  CatalogueReader& parts = placed_parts();
  for (const std::string& from : {path, path + "/"}) {   // a part of that name, else one beneath it
    parts.seek(from);
    uint64_t number = parts.number();
    const Part* part = parts.next();
    while (part && part->name.starts_with(path + "/") && !visible_in(*part, directory.empty() ? "" : directory + "/")) {
      number = parts.number();
      part = parts.next();
    }
    if (!part || !visible_in(*part, directory.empty() ? "" : directory + "/")) continue;
    if (part->name == path) {
      visit(entry_of(path, file_bytes(*part)), originals + number, originals + number + 1);
      return true;
    }
    if (!part->name.starts_with(path + "/")) continue;
    const Entry entry = part_directory(path);
    visit(entry, originals + number, originals + number + 1);
    return true;
  }
  return false;
}

PartFile PartView::file_at(const std::string& directory, uint64_t place) {
  const uint64_t originals = original_places(directory);
  if (place < originals) return original(static_cast<size_t>(place));
  if (catalogue()) {
    CatalogueReader& parts = placed_parts();
    parts.seek_number(place - originals);
    const Part* part = parts.next();
    if (part && visible_in(*part, directory.empty() ? "" : directory + "/")) return file_of(*part, false);
  }
  throw Error(ErrorCode::kNotFound, printable(component_.name + "/" + directory) + ": there is no such file in it");
}

std::vector<PartPiece> PartView::all_pieces(const PartFile& file) {
  std::vector<PartPiece> pieces = file.pieces;
  if (!file.part || !is_key(*file.part)) return pieces;
  uint64_t crc = 0;
  output_.write(file.pieces, [&](ByteView bytes) { crc = crc64(crc, bytes); });
  const auto footer = dump_footer(crc, rdb_version_of(component_));
  pieces.push_back({Bytes(footer.begin(), footer.end()), {}});
  return pieces;
}

}  // namespace cairn
