#include "store/keys/key_card.h"

#include <algorithm>

#include "store/keys/key_slot.h"

namespace cairn {

namespace {

constexpr std::string_view kCardDomain = "cairn key card v1";
constexpr uint8_t kCardVersion = 1;

Encoder unsigned_part(const KeyCard& card) {
  Encoder out;
  out.u8(kCardVersion);
  out.raw(card.client.view());
  out.u8(static_cast<uint8_t>(card.role));
  out.u64(static_cast<uint64_t>(card.created_ns));
  out.string(card.label);
  return out;
}

Bytes card_message(const RepositoryId& repository, const KeyCard& card) {
  Encoder out;
  out.raw(repository.view());
  out.raw(unsigned_part(card).out());
  return out.take();
}

}  // namespace

Bytes KeyCard::encode() const {
  Encoder out = unsigned_part(*this);
  out.raw(signature);
  return out.take();
}

KeyCard KeyCard::decode(ByteView bytes, std::string_view name) {
  Decoder in(bytes, name);
  if (uint8_t version = in.u8(); version != kCardVersion)
    throw Error(ErrorCode::kUnsupported, std::string(name) + ": a card of version " + std::to_string(version) + " is not known");
  KeyCard card;
  card.client = ClientId::from_bytes(in.raw(ClientId::kBytes));
  uint8_t role = in.u8();
  if (role < 1 || role > 3) in.fail("unknown role " + std::to_string(role));
  card.role = static_cast<Role>(role);
  card.created_ns = static_cast<int64_t>(in.u64());
  ByteView label = in.bytes(kMostLabelBytes);
  card.label.assign(label.begin(), label.end());
  std::ranges::copy(in.raw(kSignatureBytes), card.signature.begin());
  in.finish();
  return card;
}

bool KeyCard::valid(const RepositoryId& repository, const PublicKey& maintenance) const {
  return verify(maintenance, kCardDomain, card_message(repository, *this), signature);
}

KeyCard make_card(const Keyring& owner, const ClientId& client, Role role, std::string label, int64_t created_ns) {
  if (!owner.maintenance_seed) throw Error(ErrorCode::kWrongKey, "only an owner's key may add keys");
  if (label.size() > KeyCard::kMostLabelBytes)
    throw Error(ErrorCode::kInvalidArgument, "the label is longer than " + std::to_string(KeyCard::kMostLabelBytes) + " bytes");
  if (std::ranges::any_of(label, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    throw Error(ErrorCode::kInvalidArgument, "the label has control characters in it");
  KeyCard card{client, role, created_ns, std::move(label), {}};
  card.signature = sign(*owner.maintenance_seed, kCardDomain, card_message(owner.repository, card));
  return card;
}

std::map<ClientId, KeyCard> key_cards(Backend& backend, const Keyring& keys) {
  std::map<ClientId, KeyCard> out;
  for (SlotInfo& slot : list_slots(backend, keys))
    if (slot.card) out.emplace(slot.card->client, std::move(*slot.card));
  return out;
}

}  // namespace cairn
