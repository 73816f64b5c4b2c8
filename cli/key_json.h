// What `cairn key` says to programs; rules as in cli/json.h.
#pragma once

#include <string>

#include "store/keys/key_admin.h"

namespace cairn {

// `role`: what is known of it when there is no card to be believed, "" for nothing.
std::string key_json(const SlotInfo& slot, std::string_view role, bool current);
std::string key_list_summary_json(size_t keys, size_t problems);
std::string key_added_json(const AddedKey& key, SlotKind kind);
std::string key_removed_json(const SlotId& slot);
std::string key_changed_json(const ChangedKey& changed, const SlotId& old, SlotKind kind);

}  // namespace cairn
