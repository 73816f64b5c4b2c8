#include "cli/key_json.h"

#include <nlohmann/json.hpp>

#include "cli/terminal.h"

namespace cairn {

namespace {

using Json = nlohmann::ordered_json;

std::string key_line(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }
const char* kind_word(SlotKind kind) { return kind == SlotKind::kPassword ? "password" : "key_file"; }

void add_card(Json& to, const KeyCard& card) {
  to["role"] = role_name(card.role);
  to["label"] = card.label;
  to["client"] = card.client.hex();
  to["created"] = rfc3339(card.created_ns);
}

}  // namespace

std::string key_json(const SlotInfo& slot, std::string_view role, bool current) {
  Json out{{"message_type", "key"}, {"id", slot.id.hex()}, {"kind", kind_word(slot.kind)}, {"current", current}};
  if (slot.card) add_card(out, *slot.card);
  else out["role"] = role.empty() ? Json() : Json(role);
  return key_line(out);
}

std::string key_list_summary_json(size_t keys, size_t problems) {
  return key_line({{"message_type", "summary"}, {"keys", keys}, {"problems", problems}});
}

std::string key_added_json(const AddedKey& key, SlotKind kind) {
  Json out{{"message_type", "summary"}, {"id", key.slot.hex()}, {"kind", kind_word(kind)}};
  add_card(out, key.card);
  return key_line(out);
}

std::string key_removed_json(const SlotId& slot) { return key_line({{"message_type", "summary"}, {"removed", slot.hex()}}); }

std::string key_changed_json(const ChangedKey& changed, const SlotId& old, SlotKind kind) {
  return key_line({{"message_type", "summary"},
               {"id", changed.slot.hex()},
               {"kind", kind_word(kind)},
               {"old_id", old.hex()},
               {"old_removed", changed.not_removed.empty()}});
}

}  // namespace cairn
