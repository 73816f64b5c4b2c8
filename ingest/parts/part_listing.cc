// PartView, a directory at once: what is in it, and what a restore makes of it.
#include "ingest/parts/part_view.h"

namespace cairn {

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

}  // namespace cairn
