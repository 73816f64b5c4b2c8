#include "store/seen/seen.h"

#include <algorithm>
#include <ctime>

#include "store/crypto/blake3.h"
#include "store/gc/gc_list.h"

namespace cairn {

namespace {

constexpr std::string_view kSeenMagic{"cairn\0s\1", 8};
constexpr size_t kEntryBytes = 32 + 8 + 8 + 1;

Blake3Hash mark(const Keyring& keys, ByteView body) {
  return blake3_keyed(keyed_commitment(keys.lease_key, "cairn seen v1", keys.repository.view()), body);
}

std::string minute_of(int64_t time_ns) {
  const std::time_t seconds = time_ns / 1'000'000'000;
  std::tm tm{};
  char out[32] = "";
  if (::localtime_r(&seconds, &tm)) std::strftime(out, sizeof out, "%Y-%m-%d %H:%M", &tm);
  return out;
}

std::string named(const SeenSnapshot& s) {
  return "snapshot " + s.id.hex().substr(0, 16) + " of " + minute_of(s.time_ns) +
         (s.sequence > 0 ? " (number " + std::to_string(s.sequence) + " of its chain)" : "");
}

}  // namespace

Bytes Seen::encode(const Keyring& keys) const {
  Encoder out;
  out.raw(view(kSeenMagic));
  out.raw(keys.repository.view());
  out.raw(box_public);
  out.raw(maintenance_public);
  out.u64(generation);
  out.varint(snapshots.size());
  for (const SeenSnapshot& s : snapshots) {
    out.raw(s.id.view());
    out.u64(s.sequence);
    out.u64(static_cast<uint64_t>(s.time_ns));
    out.u8(s.gone);
  }
  out.raw(mark(keys, out.out()));
  return out.take();
}

std::optional<Seen> Seen::decode(ByteView file, const Keyring& keys) {
  if (file.size() < kSeenMagic.size() + 32) return std::nullopt;
  const ByteView body = file.first(file.size() - 32);
  if (!equal_constant_time(mark(keys, body), file.last(32))) return std::nullopt;
  try {
    Decoder in(body, "seen");
    if (text(in.raw(kSeenMagic.size())) != kSeenMagic || RepositoryId::from_bytes(in.raw(32)) != keys.repository) return std::nullopt;
    Seen seen;
    std::ranges::copy(in.raw(32), seen.box_public.begin());
    std::ranges::copy(in.raw(32), seen.maintenance_public.begin());
    seen.generation = in.u64();
    seen.snapshots.resize(in.count(kEntryBytes));
    for (SeenSnapshot& s : seen.snapshots) {
      s.id = SnapshotId::from_bytes(in.raw(32));
      s.sequence = in.u64();
      s.time_ns = static_cast<int64_t>(in.u64());
      s.gone = in.u8() != 0;
    }
    return seen;
  } catch (const Error&) {
    return std::nullopt;   // of a later version
  }
}

const SeenSnapshot* Seen::find(const SnapshotId& id) const {
  const auto at = std::ranges::lower_bound(snapshots, id, {}, &SeenSnapshot::id);
  return at != snapshots.end() && at->id == id ? &*at : nullptr;
}

ShownState look(const FolderListing& listing) {
  ShownState out;
  for (const StoredFile& file : listing.in("snapshots/"))
    if (const auto id = id_in_name<SnapshotId>(file.name)) out.snapshots.push_back(*id);
  out.generation = newest_generation(listing);
  std::ranges::sort(out.snapshots);
  return out;
}

std::vector<Rollback> compare(Seen& seen, const Keyring& keys, const ShownState& shown, const std::function<const Notes&()>& notes) {
  std::vector<Rollback> out;
  if (seen.maintenance_public != keys.maintenance_public || seen.box_public != keys.box_public)
    out.push_back({std::string(kConfigName), "the repository has other public keys than before"});
  if (shown.generation < seen.generation)
    out.push_back({gc_list_name(seen.generation), "the repository is in an older state than before: prune " + std::to_string(seen.generation) +
                                                      " was seen, now " + (shown.generation == 0 ? "there is none" : std::to_string(shown.generation) + " is the newest")});
  for (SeenSnapshot& s : seen.snapshots) {
    const bool there = std::ranges::binary_search(shown.snapshots, s.id);
    if (there && s.gone)
      out.push_back({snapshot_name(s.id), named(s) + " was forgotten and is there again: an old copy was put back"});
    if (there || s.gone) continue;
    if (notes().forgotten(s.id)) s.gone = true;
    else out.push_back({snapshot_name(s.id), named(s) + " is lost, or the repository was rolled back: it was there, and nobody forgot it"});
  }
  return out;
}

void accept(Seen& seen, const Keyring& keys, const ShownState& shown) {
  seen.box_public = keys.box_public;
  seen.maintenance_public = keys.maintenance_public;
  seen.generation = shown.generation;
  for (SeenSnapshot& s : seen.snapshots)
    if (std::ranges::binary_search(shown.snapshots, s.id)) s.gone = false;
  std::erase_if(seen.snapshots, [&](const SeenSnapshot& s) { return !s.gone && !std::ranges::binary_search(shown.snapshots, s.id); });
}

void add(Seen& seen, std::vector<SeenSnapshot> opened) {
  std::erase_if(opened, [&](const SeenSnapshot& s) { return seen.find(s.id) != nullptr; });
  if (opened.empty()) return;
  seen.snapshots.insert(seen.snapshots.end(), opened.begin(), opened.end());
  if (seen.snapshots.size() > kMostSeenSnapshots) {
    std::ranges::sort(seen.snapshots, std::greater{}, [](const SeenSnapshot& s) { return std::pair(s.time_ns, s.id); });
    seen.snapshots.resize(kMostSeenSnapshots);
  }
  std::ranges::sort(seen.snapshots, {}, &SeenSnapshot::id);
  const auto twice = std::ranges::unique(seen.snapshots, {}, &SeenSnapshot::id);
  seen.snapshots.erase(twice.begin(), twice.end());
}

}  // namespace cairn
