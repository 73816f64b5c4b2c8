#include "store/check/check.h"

#include <algorithm>

#include "store/check/pack_scan.h"
#include "store/check/tree_scan.h"
#include "store/gc/gc_list.h"
#include "store/index/segment.h"
#include "store/lease/lease.h"
#include "store/prune/reserve.h"
#include "store/notes/note_file.h"

namespace cairn {

namespace {

// Opens every file of a folder; what can't be opened is damage that hurts no snapshot by itself.
template <class Open>
void check_small_files(Backend& backend, std::string_view folder, CheckReport& report, Open open) {
  for (const StoredFile& file : backend.list(folder)) {
    try {
      open(file);
    } catch (const Error& e) {
      if (e.code() != ErrorCode::kNotFound) report.damage.push_back({file.name, e.what(), {}, 0});
    }
  }
}

// Every file that isn't a pack or a snapshot.
void check_metadata(Repository& repository, CheckReport& report) {
  Backend& backend = repository.backend();
  const Keyring& keys = repository.keys();
  check_small_files(backend, "keys/", report, [&](const StoredFile& file) {
    Buffer bytes = read_whole(backend, file.name, kMostSmallFileBytes);
    auto id = id_in_name<SlotId>(file.name);
    ByteView body = check_trailer(bytes, file.name);
    if (KeySlot::of_another_repository(bytes, keys.repository, file.name))
      return report.notes.push_back(file.name + ": a key slot of another repository; an interrupted init leaves such");
    Header::decode(body, ObjectType::kKeySlot, file.name, keys.repository, id ? id->view() : ByteView{});
    if (id) KeySlot::card(bytes, *id, keys);
  });
  check_small_files(backend, kReserveName, report, [&](const StoredFile& file) {
    Header::decode(check_trailer(read_whole(backend, file.name, kMostSmallFileBytes), file.name), ObjectType::kReserve, file.name, keys.repository,
                   LeaseId{}.view());
  });
  check_small_files(backend, "index/", report, [&](const StoredFile& file) {
    auto id = id_in_name<SegmentId>(file.name);
    if (!id) return;
    for (const PackInfo& pack : decode_segment(read_whole(backend, file.name, kMostSegmentBytes), *id, keys))
      verify_pack_signature(pack, keys);
  });
  check_small_files(backend, "leases/", report, [&](const StoredFile& file) {
    auto id = LeaseId::parse(file.name.substr(7, 64));
    if (id) LeaseRecord::decode(read_whole(backend, file.name, kMostSmallFileBytes), *id, keys, file.name);
  });
  check_small_files(backend, "gc/", report, [&](const StoredFile& file) {
    if (auto name = parse_gc_list_name(file.name))
      GcList::decode(read_whole(backend, file.name, kMostGcListBytes), name->kind, name->generation, keys);
  });
  check_small_files(backend, "notes/", report, [&](const StoredFile& file) {
    if (auto id = id_in_name<NoteId>(file.name)) Note::decode(read_whole(backend, file.name, kMostNoteBytes + 4096), *id, keys);
  });
}

// Files that nobody of us put there, by the folders and names that FORMAT.md knows.
void check_names(Backend& backend, CheckReport& report) {
  for (const std::string& path : backend.list_foreign()) report.damage.push_back({path, "is not a file of a repository", {}, 0});
  for (const StoredFile& file : backend.list("")) {
    const std::string& name = file.name;
    std::string last = name.substr(name.rfind('/') + 1);
    bool id = last.size() == 64 && from_hex(last);
    bool known = name == kConfigName || name == kReserveName || (id && (name == "keys/" + last || name == "index/" + last || name == "snapshots/" + last || name == "notes/" + last ||
                                                name == "packs/" + last.substr(0, 2) + "/" + last)) ||
                 (name.starts_with("leases/") && last.size() > 65 && from_hex(last.substr(0, 64)) && last[64] == '.') ||
                 (name.starts_with("gc/") && parse_gc_list_name(name));
    if (!known) report.damage.push_back({name, "is not a file of a repository", {}, 0});
  }
}

// What a backup that was taken for dead left behind; it said so itself, and those who look at the damage should know.
void tell_late(const SnapshotList& snapshots, CheckReport& report) {
  for (const Manifest& m : snapshots.snapshots) {
    if (!m.late || std::ranges::find(report.whole, m.id) != report.whole.end()) continue;
    const std::string id = m.id.hex().substr(0, 8);
    report.notes.push_back("snapshot " + id + " came too late: a prune took its backup for dead, and the backup never called it saved; to be rid of it: cairn forget " + id);
  }
}

}  // namespace

CheckReport check(Repository& repository, const CheckOptions& options, CheckProgress& progress) {
  CheckReport report;
  if (!repository.keys().may_read()) throw Error(ErrorCode::kWrongKey, "this key may only write: a check needs one that may read");
  // Snapshots are listed before packs, and those before the index is opened: what a backup adds meanwhile can't look like damage.
  const SnapshotList snapshots = open_snapshots(repository, report);
  std::vector<StoredFile> packs = repository.backend().list("packs/");
  progress.phase("checking files");
  check_names(repository.backend(), report);
  check_metadata(repository, report);

  // Packs: directories against the index, and with --read-data their content.  Gives the chunks that are lost.
  progress.phase(options.read_data_percent > 0 ? "reading packs" : "checking packs");
  LostChunks lost = scan_packs(repository, std::move(packs), options, progress, report);

  // Snapshots: every tree, every chunk it needs; names what the lost chunks hurt.
  progress.phase("checking snapshots");
  scan_trees(repository, snapshots, lost, options.expected, progress, report);
  // What an interrupted prune, or a writer that woke up after one, says of packs that are gone hurts nobody (invariant 3).
  for (Damage& damage : report.damage)
    if (damage.file.starts_with("packs/") && damage.what == "missing" && damage.victim_count == 0 && !damage.healed) {
      report.notes.push_back(damage.file + ": is not there, but no snapshot needs it");
      damage.what.clear();
    }
  std::erase_if(report.damage, [](const Damage& damage) { return damage.what.empty(); });
  for (const Damage& damage : report.damage)
    if (damage.healed) report.notes.push_back(damage.file + ": " + damage.what + ", but all it held is in other packs: nothing is lost");
  std::erase_if(report.damage, [](const Damage& damage) { return damage.healed; });
  tell_late(snapshots, report);
  return report;
}

}  // namespace cairn
