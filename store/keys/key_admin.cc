#include "store/keys/key_admin.h"

#include <algorithm>

#include "store/host.h"

namespace cairn {

namespace {

void require_room(Backend& backend, const Keyring& keys, SlotKind kind) {
  const auto slots = list_slots(backend, keys);
  const auto same = static_cast<size_t>(std::ranges::count(slots, kind, &SlotInfo::kind));
  if (same < most_slots(kind)) return;
  throw Error(ErrorCode::kInvalidArgument, "there are " + std::to_string(same) + " keys opened by a " +
                                               std::string(slot_kind_name(kind)) + " already, and no more are ever tried: remove one first" +
                                               (kind == SlotKind::kPassword ? ", or use key files for machines" : ""));
}

bool another_owner(Backend& backend, const Keyring& owner, const SlotId& slot) {
  const auto slots = list_slots(backend, owner);
  return std::ranges::any_of(slots, [&](const SlotInfo& other) {
    return other.id != slot && other.card && other.card->role == Role::kOwner && other.card->client != owner.certificate.client();
  });
}

}  // namespace

AddedKey add_key(Backend& backend, const Keyring& owner, Role role, const std::string& label, const Unlock& unlock,
                 const KdfParams& kdf) {
  const int64_t now = now_ns();
  const Keyring added = owner.for_role(role, now);
  const ClientId client = added.signing_seed ? added.certificate.client() : random_id<ClientId>();
  KeyCard card = make_card(owner, client, role, label, now);
  require_room(backend, owner, unlock.kind);
  const SlotId slot = add_slot(backend, added, unlock, kdf, &card);
  return {slot, std::move(card)};
}

void remove_key(Backend& backend, const Keyring& owner, const SlotId& opened, const SlotId& slot) {
  if (!owner.maintenance_seed) throw Error(ErrorCode::kWrongKey, "only an owner's key may remove keys");
  const std::string name = slot_name(slot);
  if (slot != opened) {
    if (!backend.remove(name)) throw Error(ErrorCode::kNotFound, name + ": there is no such key");
    return;
  }
  auto refuse = [] {
    throw Error(ErrorCode::kInvalidArgument,
                "this is the key you opened the repository with, and no other owner's is there: add one first (cairn key add --role owner)");
  };
  if (!another_owner(backend, owner, slot)) refuse();
  const Buffer kept = read_whole(backend, name, kMostSmallFileBytes);
  if (!backend.remove(name)) throw Error(ErrorCode::kNotFound, name + ": there is no such key");
  // The other owner may have done the same at the same moment.
  if (another_owner(backend, owner, slot)) return;
  put(backend, name, kept);
  refuse();
}

ChangedKey change_unlock(Backend& backend, const Keyring& keys, const SlotId& opened, const Unlock& unlock, const KdfParams& kdf) {
  std::optional<KeyCard> card;
  try {
    card = KeySlot::card(read_whole(backend, slot_name(opened), kMostSmallFileBytes), opened, keys);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kCorrupt && e.code() != ErrorCode::kUnsupported) throw;  // else the slot goes, and its card with it
  }
  if (!card && keys.maintenance_seed) card = make_card(keys, keys.certificate.client(), keys.role, "", keys.certificate.created_ns);
  ChangedKey out;
  out.slot = add_slot(backend, keys, unlock, kdf, card ? &*card : nullptr);
  try {
    backend.remove(slot_name(opened));
  } catch (const Error& e) {
    out.not_removed = e.what();
  }
  return out;
}

SlotId choose_slot(Backend& backend, std::string_view digits) {
  const std::string shown = "key \"" + printable(digits) + "\": ";
  if (digits.size() < 4) throw Error(ErrorCode::kInvalidArgument, shown + "give at least 4 digits of its id (see: cairn key list)");
  std::vector<SlotId> fitting;
  for (const StoredFile& file : backend.list("keys/"))
    if (auto id = id_in_name<SlotId>(file.name); id && id->hex().starts_with(digits)) fitting.push_back(*id);
  if (fitting.empty()) throw Error(ErrorCode::kNotFound, shown + "not found (see: cairn key list)");
  if (fitting.size() > 1) throw Error(ErrorCode::kInvalidArgument, shown + "means " + std::to_string(fitting.size()) + " of them: give more digits");
  return fitting[0];
}

}  // namespace cairn
