#include "store/gc/gc_list.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace cairn {

namespace {

constexpr std::string_view kGcDomain = "cairn gc list v1";
constexpr char kGc[] = "gc/";
constexpr int kMostReads = 5;

enum GcTag : uint64_t { kKindTag = 1, kGeneration = 2, kCreated = 3, kCondemned = 4, kRevoked = 5, kAccepted = 6, kBarredAuthors = 7, kSince = 8 };

std::array<uint8_t, 32> object_id(uint64_t generation, GcList::Kind kind) {
  std::array<uint8_t, 32> id{};
  std::memcpy(id.data(), &generation, sizeof generation);
  id[8] = static_cast<uint8_t>(kind);
  return id;
}

std::string_view suffix(GcList::Kind kind) {
  return kind == GcList::Kind::kRevoked ? ".revoked" : kind == GcList::Kind::kAccepted ? ".accepted" : "";
}

void number_field(Encoder& out, uint64_t tag, uint64_t value) {
  out.varint(tag);
  out.varint(8);
  out.u64(value);
}

template <class AnyId>
void ids_field(Encoder& out, uint64_t tag, const std::vector<AnyId>& ids) {
  if (ids.empty()) return;
  out.varint(tag);
  out.varint(ids.size() * 32);
  for (const AnyId& id : ids) out.raw(id.view());
}

template <class AnyId>
std::vector<AnyId> decode_ids(Decoder& in) {
  if (in.remaining() % 32 != 0) in.fail("ids of the wrong length");
  std::vector<AnyId> ids(in.remaining() / 32);
  for (AnyId& id : ids) id = AnyId::from_bytes(in.raw(32));
  return ids;
}

}  // namespace

Bytes GcList::encode(const Keyring& keys) const {
  if (!keys.maintenance_seed) throw Error(ErrorCode::kWrongKey, "only an owner's key may condemn packs");
  Encoder out;
  number_field(out, kKindTag, static_cast<uint64_t>(kind));
  number_field(out, kGeneration, generation);
  number_field(out, kCreated, static_cast<uint64_t>(created_ns));
  std::vector<PackId> packs;
  for (const auto& [pack, since] : condemned) packs.push_back(pack);
  ids_field(out, kCondemned, packs);
  ids_field(out, kRevoked, revoked);
  ids_field(out, kAccepted, accepted);
  ids_field(out, kBarredAuthors, barred_authors);
  if (!condemned.empty()) {
    out.varint(kSince);
    out.varint(condemned.size() * 8);
    for (const auto& [pack, since] : condemned) out.u64(since);
  }
  out.raw(sign(*keys.maintenance_seed, kGcDomain, out.out()));
  return SealedFile::encode(ObjectType::kGcList, object_id(generation, kind), keys, keys.gc_key, out.out());
}

GcList GcList::decode_fields(ByteView content, std::string_view name) {
  GcList list;
  std::vector<PackId> condemned;
  std::vector<uint64_t> since;
  Decoder in(content, name);
  while (in.remaining() > 0) {
    uint64_t tag = in.varint();
    Decoder field(in.bytes(), name);
    switch (tag) {
      case kKindTag: list.kind = static_cast<GcList::Kind>(field.u64()); break;
      case kGeneration: list.generation = field.u64(); break;
      case kCreated: list.created_ns = static_cast<int64_t>(field.u64()); break;
      case kCondemned: condemned = decode_ids<PackId>(field); break;
      case kSince:
        if (field.remaining() % 8 != 0) field.fail("generations of the wrong length");
        while (field.remaining() > 0) since.push_back(field.u64());
        break;
      case kRevoked: list.revoked = decode_ids<LeaseId>(field); break;
      case kAccepted: list.accepted = decode_ids<SnapshotId>(field); break;
      case kBarredAuthors: list.barred_authors = decode_ids<ClientId>(field); break;
      default: break;
    }
  }
  if (!since.empty() && since.size() != condemned.size()) in.fail("another number of generations than of packs");
  for (size_t i = 0; i < condemned.size(); ++i) list.condemned[condemned[i]] = since.empty() ? list.generation : since[i];
  return list;
}

GcList GcList::decode(ByteView file, Kind kind, uint64_t generation, const Keyring& keys) {
  std::string name = gc_list_name(generation, kind);
  SealedFile sealed =
      SealedFile::decode(file, ObjectType::kGcList, object_id(generation, kind), keys, keys.gc_key, name, kMostGcListBytes);
  Decoder in(sealed.content, name);
  if (sealed.content.size() < kSignatureBytes) in.fail("not signed by an owner");
  ByteView fields = in.raw(sealed.content.size() - kSignatureBytes);
  Signature signature;
  std::ranges::copy(in.raw(kSignatureBytes), signature.begin());
  if (!verify(keys.maintenance_public, kGcDomain, fields, signature)) in.fail("not signed by an owner");
  GcList list = decode_fields(fields, name);
  if (list.generation != generation || list.kind != kind) in.fail("another generation or kind than its name says");
  return list;
}

std::string gc_list_name(uint64_t generation, GcList::Kind kind) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(generation));
  return std::string("gc/") + digits + std::string(suffix(kind));
}

std::optional<GcListName> parse_gc_list_name(std::string_view name) {
  GcListName parsed;
  std::string_view digits = name.substr(std::min<size_t>(3, name.size()));
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.generation, 16);
  if (error != std::errc{}) return std::nullopt;
  for (GcList::Kind kind : {GcList::Kind::kCondemned, GcList::Kind::kRevoked, GcList::Kind::kAccepted}) {
    parsed.kind = kind;
    if (gc_list_name(parsed.generation, kind) == name) return parsed;
  }
  return std::nullopt;
}

uint64_t newest_generation(const FolderListing& seen) {
  uint64_t newest = 0;
  for (const StoredFile& file : seen.in(kGc)) {
    auto name = parse_gc_list_name(file.name);
    if (name && name->kind == GcList::Kind::kCondemned) newest = std::max(newest, name->generation);
  }
  return newest;
}

std::optional<GcList> newest_gc_list(Backend& backend, const Keyring& keys) {
  return newest_gc_list(backend, keys, FolderListing(backend, {kGc}));
}

std::optional<GcList> newest_gc_list(Backend& backend, const Keyring& keys, const FolderListing& seen) {
  for (int attempt = 0;; ++attempt) {
    const uint64_t newest = newest_generation(attempt == 0 ? seen : FolderListing(backend, {kGc}));
    if (newest == 0) return std::nullopt;
    try {
      return GcList::decode(read_whole(backend, gc_list_name(newest), kMostGcListBytes), GcList::Kind::kCondemned, newest, keys);
    } catch (const Error& e) {   // a prune has written newer ones and taken this one away
      if (e.code() != ErrorCode::kNotFound || attempt == kMostReads) throw;
    }
  }
}

std::set<LeaseId> revoked_leases(Backend& backend, const Keyring& keys) {
  return revoked_leases(backend, keys, FolderListing(backend, {kGc}));
}

std::set<LeaseId> revoked_leases(Backend& backend, const Keyring& keys, const FolderListing& seen) {
  std::set<LeaseId> out;
  for (const StoredFile& file : seen.in(kGc)) {
    auto name = parse_gc_list_name(file.name);
    if (!name || name->kind != GcList::Kind::kRevoked) continue;
    GcList list = GcList::decode(read_whole(backend, file.name, kMostGcListBytes), name->kind, name->generation, keys);
    out.insert(list.revoked.begin(), list.revoked.end());
  }
  return out;
}

bool lease_revoked(Backend& backend, const Keyring& keys, const LeaseId& lease) { return revoked_leases(backend, keys).contains(lease); }

}  // namespace cairn
