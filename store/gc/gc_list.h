// gc/N: packs condemned by a prune.  Its number is the generation; it is created once, in one atomic step, and signed with the
// maintenance key, because whoever could forge one could hand dead packs back to writers.  Companions say what the prune found out
// later, without a new generation: gc/N.revoked names the leases it declared dead, gc/N.accepted the snapshots it saw afterwards.
// docs/deletion.md has the protocol.
//
// Layout: a sealed file under the gc key (object id: generation 8, kind 1, zeros); content: tagged fields (tag varint, length varint,
// value), then the maintenance signature 64 over them.  Unknown fields are skipped.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "store/backend/folder_listing.h"
#include "store/gc/condemned.h"
#include "store/sealed_file.h"

namespace cairn {

struct GcList {
  enum class Kind : uint8_t { kCondemned = 1, kRevoked = 2, kAccepted = 3 };
  Kind kind = Kind::kCondemned;
  uint64_t generation = 0;
  int64_t created_ns = 0;
  Condemned condemned;                    // kCondemned: all that are, also those of earlier lists
  std::vector<ClientId> barred_authors;   // kCondemned: signing keys whose packs and snapshots count no longer
  std::vector<LeaseId> revoked;           // kRevoked
  std::vector<SnapshotId> accepted;       // kAccepted

  // Requires: keys.maintenance_seed.
  Bytes encode(const Keyring& keys) const;
  static GcList decode(ByteView file, Kind kind, uint64_t generation, const Keyring& keys);
  // The content without the signature.   Errors: kCorrupt.
  static GcList decode_fields(ByteView fields, std::string_view name);
};

// gc/N, gc/N.revoked, gc/N.accepted; N has 16 hexadecimal digits.
std::string gc_list_name(uint64_t generation, GcList::Kind kind = GcList::Kind::kCondemned);
struct GcListName {
  uint64_t generation = 0;
  GcList::Kind kind = GcList::Kind::kCondemned;
};
// nullopt when it isn't the name of a gc list or a companion.
std::optional<GcListName> parse_gc_list_name(std::string_view name);

// The highest number of a list that a listing with gc/ knows, 0 without.
uint64_t newest_generation(const FolderListing& seen);
// The newest list, nullopt when nothing was ever condemned.  A list that can't be read is an error: guessing would lose data.
std::optional<GcList> newest_gc_list(Backend& backend, const Keyring& keys);
// The newest that a listing with gc/ knows, or a newer one.
std::optional<GcList> newest_gc_list(Backend& backend, const Keyring& keys, const FolderListing& seen);
// All leases that any prune declared dead.
std::set<LeaseId> revoked_leases(Backend& backend, const Keyring& keys);
std::set<LeaseId> revoked_leases(Backend& backend, const Keyring& keys, const FolderListing& seen);
// Has any prune declared this lease dead?
bool lease_revoked(Backend& backend, const Keyring& keys, const LeaseId& lease);

}  // namespace cairn
