#include "store/repair/repair_packs.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>

#include "store/check/pack_scan.h"
#include "store/index/segment.h"
#include "store/lease/lease.h"
#include "store/repair/condemn.h"
#include "store/repair/salvage.h"
#include "store/write/write_session.h"

namespace cairn {

namespace {

constexpr size_t kReadCacheBytes = 16 << 20;
constexpr FramePolicy kSalvagedPolicy{3, 1 << 20};

// A backend without the content of some packs, to see whether everything can be had without them.
class WithoutPacks final : public Backend {
 public:
  WithoutPacks(Backend& inner, std::unordered_set<std::string> hidden) : inner_(inner), hidden_(std::move(hidden)) {}
  std::vector<StoredFile> list(std::string_view prefix) override { return inner_.list(prefix); }
  uint64_t size(std::string_view name) override { return inner_.size(name); }
  Buffer read(std::string_view name, uint64_t offset, uint64_t length) override {
    if (hidden_.contains(std::string(name))) throw Error(ErrorCode::kIo, std::string(name) + ": is not to be relied on");
    return inner_.read(name, offset, length);
  }
  std::unique_ptr<Upload> create(std::string_view name) override { return inner_.create(name); }
  bool remove(std::string_view name) override { return inner_.remove(name); }
  std::vector<std::string> list_foreign() override { return inner_.list_foreign(); }
  std::string describe() const override { return inner_.describe(); }

 private:
  Backend& inner_;
  std::unordered_set<std::string> hidden_;
};

class PackRepair {
 public:
  PackRepair(Repository& repository, const RepairPacksOptions& options, CheckProgress& progress)
      : repository_(repository), backend_(repository.backend()), keys_(repository.keys()), options_(options), progress_(progress) {}
  RepairPacksReport run();

 private:
  struct Damaged {
    StoredFile file;
    PackId id;
    std::optional<PackInfo> by_segment;
    std::optional<PackInfo> info;
    PackExamination found;
    RepairedPack told;
  };

  void find_candidates();
  void read_segments();
  void examine();
  void save();
  void foresee(Damaged& pack);
  void count_elsewhere(Damaged& pack, const Index& index);
  void remove();
  std::string others_at_work();
  bool all_elsewhere(const Damaged& pack, const Index& index);

  Repository& repository_;
  Backend& backend_;
  const Keyring& keys_;
  const RepairPacksOptions& options_;
  CheckProgress& progress_;
  RepairPacksReport report_;
  std::vector<Damaged> packs_;     // candidates first, then those that are damaged indeed
};

// Those that were named, or those that a check of all data complains about.
void PackRepair::find_candidates() {
  std::vector<StoredFile> files = backend_.list("packs/");
  std::map<std::string, StoredFile> present;
  for (const StoredFile& file : files)
    if (id_in_name<PackId>(file.name)) present[file.name] = file;
  std::unordered_set<std::string> wanted;
  for (const PackId& id : options_.packs) wanted.insert(pack_name(id));
  if (options_.packs.empty()) {
    CheckReport scan;
    CheckOptions all{100, options_.threads};
    progress_.phase("reading packs");
    scan_packs(repository_, std::move(files), all, progress_, scan);
    report_.packs_read = scan.packs_read;
    for (const Damage& damage : scan.damage)
      if (present.contains(damage.file) || (damage.file.starts_with("packs/") && !damage.healed)) wanted.insert(damage.file);
  }
  for (const std::string& name : wanted) {
    auto file = present.find(name);
    if (file == present.end() && !options_.packs.empty()) throw Error(ErrorCode::kNotFound, name + ": there is no such pack");
    if (file != present.end()) packs_.push_back({file->second, *id_in_name<PackId>(name), {}, {}, {}, {}});
    else if (name.size() > 64) report_.missing.push_back(name);
  }
  std::ranges::sort(packs_, {}, [](const Damaged& pack) { return pack.file.name; });
  std::ranges::sort(report_.missing);
}

// What segments say of the candidates; they may be all that still tells what is in them.
void PackRepair::read_segments() {
  for (const StoredFile& file : backend_.list("index/")) {
    auto id = id_in_name<SegmentId>(file.name);
    if (!id) continue;
    progress_.check_interrupted();
    try {
      for (PackInfo& pack : decode_segment(read_whole(backend_, file.name, kMostSegmentBytes), *id, keys_)) {
        auto found = std::ranges::find(packs_, pack.id, &Damaged::id);
        if (found == packs_.end()) continue;
        verify_pack_signature(pack, keys_);
        found->by_segment = std::move(pack);
      }
    } catch (const Error& e) {
      if (e.code() != ErrorCode::kNotFound) report_.notes.push_back(e.what());
    }
  }
}

// Keeps those that are damaged indeed, whatever the index may say of them.
void PackRepair::examine() {
  progress_.phase("examining damaged packs");
  std::vector<Damaged> damaged;
  for (Damaged& pack : packs_) {
    progress_.check_interrupted();
    try {
      PackSalvage salvage(backend_, keys_, repository_.index(), pack.file, pack.by_segment);
      pack.found = salvage.read([](const ChunkId&, ByteView) {}, [this] { progress_.check_interrupted(); });
      pack.info = salvage.info();
    } catch (const Error& e) {
      if (e.code() != ErrorCode::kUnsupported) throw;
      report_.notes.push_back(pack.file.name + " is left as it is: " + e.what());
      continue;
    }
    if (pack.found.reasons.empty()) continue;
    RepairedPack& told = pack.told;
    told.name = pack.file.name;
    told.reason_count = pack.found.reasons.size();
    told.reasons = pack.found.reasons;
    if (told.reasons.size() > kMostReasons) told.reasons.resize(kMostReasons);
    told.known = pack.found.known;
    told.chunks = pack.found.chunks;
    told.saved = told.chunks - pack.found.bad.size();
    damaged.push_back(std::move(pack));
  }
  packs_ = std::move(damaged);
}

// The good chunks into new packs, unless they are in others already.  Packs are condemned first: until then their own chunks count
// as stored.
void PackRepair::save() {
  std::vector<PackId> ids;
  for (const Damaged& pack : packs_) ids.push_back(pack.id);
  report_.generation = condemn_packs(backend_, keys_, ids).generation;
  progress_.phase("saving what is good");
  WriteSession session(repository_);
  FrameBuilder builder = session.make_builder(kSalvagedPolicy);
  for (Damaged& pack : packs_) {
    pack.told.saved = 0;
    if (!pack.info) continue;
    progress_.check_interrupted();
    bool tree = pack.info->type == ObjectType::kTreePack;
    std::vector<uint8_t> fresh;
    auto save_chunk = [&](const ChunkId& id, ByteView bytes) {
      if (tree) session.usable({&id, 1}, fresh);
      else session.claim_new({&id, 1}, fresh);
      if (tree ? fresh[0] : !fresh[0]) return;
      ++pack.told.saved;
      if (tree) session.put_object(bytes);
      else builder.add(id, bytes);
    };
    PackSalvage(backend_, keys_, repository_.index(), pack.file, pack.by_segment).read(save_chunk, [&] { builder.flush(); });
  }
  session.keep_packs();
  report_.bytes_stored = session.stored_bytes();
  for (Damaged& pack : packs_) count_elsewhere(pack, repository_.index());
}

// What other packs have, of all that it should hold.
void PackRepair::count_elsewhere(Damaged& pack, const Index& index) {
  if (!pack.info) return;
  std::vector<ChunkId> ids;
  for (const ChunkInfo& chunk : pack.info->chunks) ids.push_back(chunk.id);
  std::vector<uint8_t> usable;
  index.usable_many(ids, usable);
  auto stored = static_cast<uint64_t>(std::ranges::count(usable, 1));
  pack.told.lost = ids.size() - stored;
  pack.told.elsewhere = stored - std::min(stored, pack.told.saved);
}

// In a dry run: which of the bad chunks only damaged packs have.
void PackRepair::foresee(Damaged& pack) {
  const Index& index = repository_.index();
  for (const ChunkId& id : pack.found.bad) {
    bool elsewhere = std::ranges::any_of(index.places(id), [&](const Location& at) {
      return std::ranges::find(packs_, index.pack(at.pack).id, &Damaged::id) == packs_.end();
    });
    ++(elsewhere ? pack.told.elsewhere : pack.told.lost);
  }
}

// Whoever is at work may have looked at the packs before they were condemned.
std::string PackRepair::others_at_work() {
  for (const SeenLease& seen : list_leases(backend_, keys_))
    if (!seen.closed()) return seen.readable ? seen.record.program + " on " + seen.record.host : "somebody";
  return "";
}

// Every chunk it should hold can be read without any damaged pack: opened and verified, not only listed.
bool PackRepair::all_elsewhere(const Damaged& pack, const Index& index) {
  std::unordered_set<std::string> damaged;
  for (const Damaged& each : packs_) damaged.insert(each.file.name);
  WithoutPacks others(backend_, std::move(damaged));
  ChunkReader reader(others, keys_, index, kReadCacheBytes);
  for (const ChunkInfo& chunk : pack.info->chunks) {
    progress_.check_interrupted();
    try {
      reader.chunk(chunk.id);
    } catch (const Error&) {
      return false;
    }
  }
  return true;
}

void PackRepair::remove() {
  progress_.phase("removing damaged packs");
  const Index& index = repository_.index();
  std::string busy = others_at_work();
  for (Damaged& pack : packs_) {
    std::string& because = pack.told.kept_because;
    if (!pack.info) because = "nobody knows what is in it";
    else if (pack.told.lost > 0) because = "some of what it held is nowhere else";
    else if (!busy.empty()) because = busy + " is at work and may still need it";
    else if (!all_elsewhere(pack, index)) because = "some of what it held can't be read elsewhere";
    else pack.told.removed = backend_.remove(pack.file.name);
  }
}

RepairPacksReport PackRepair::run() {
  if (!keys_.maintenance_seed || !keys_.may_read() || !keys_.may_write())
    throw Error(ErrorCode::kWrongKey, "repairing packs needs an owner's key");
  find_candidates();
  read_segments();
  examine();
  if (!packs_.empty() && !options_.dry_run) {
    save();
    if (options_.remove) remove();
  }
  for (Damaged& pack : packs_) {
    if (options_.dry_run) foresee(pack);
    report_.packs.push_back(std::move(pack.told));
  }
  return std::move(report_);
}

}  // namespace

RepairPacksReport repair_packs(Repository& repository, const RepairPacksOptions& options, CheckProgress& progress) {
  return PackRepair(repository, options, progress).run();
}

std::vector<PackId> choose_packs(Backend& backend, const std::vector<std::string>& names) {
  constexpr size_t kLeastDigits = 8;
  std::vector<PackId> out;
  std::vector<StoredFile> files = backend.list("packs/");
  for (const std::string& name : names) {
    std::string digits = name.substr(name.rfind('/') + 1);
    if (digits.size() < kLeastDigits)
      throw Error(ErrorCode::kInvalidArgument, "pack \"" + printable(name) + "\": give at least " + std::to_string(kLeastDigits) + " digits of its id");
    std::vector<PackId> fitting;
    for (const StoredFile& file : files)
      if (auto id = id_in_name<PackId>(file.name); id && id->hex().starts_with(digits)) fitting.push_back(*id);
    if (fitting.empty()) throw Error(ErrorCode::kNotFound, "pack \"" + printable(name) + "\": there is none of this name");
    if (fitting.size() > 1) throw Error(ErrorCode::kInvalidArgument, "pack \"" + printable(name) + "\": means several: give more digits");
    out.push_back(fitting[0]);
  }
  return out;
}

}  // namespace cairn
