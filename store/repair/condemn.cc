#include "store/repair/condemn.h"

#include <algorithm>

#include "store/host.h"

namespace cairn {

namespace {

constexpr int kMostAttempts = 16;   // somebody else was faster

// Is list `generation`, or a later one, there?
bool taken(Backend& backend, uint64_t generation) {
  return std::ranges::any_of(backend.list("gc/"), [&](const StoredFile& file) {
    auto name = parse_gc_list_name(file.name);
    return name && name->kind == GcList::Kind::kCondemned && name->generation >= generation;
  });
}

}  // namespace

GcList condemn_packs(Backend& backend, const Keyring& keys, std::span<const PackId> packs) {
  for (int attempt = 1;; ++attempt) {
    GcList list = newest_gc_list(backend, keys).value_or(GcList{});
    size_t before = list.condemned.size();
    for (const PackId& pack : packs) list.condemned.emplace(pack, list.generation + 1);
    if (list.condemned.size() == before) return list;
    ++list.generation;
    list.created_ns = now_ns();
    try {
      put(backend, gc_list_name(list.generation), list.encode(keys));
      return list;
    } catch (const Error&) {
      if (attempt == kMostAttempts || !taken(backend, list.generation)) throw;
    }
  }
}

CondemnedPacks condemned_packs(Backend& backend, const Keyring& keys) {
  auto list = newest_gc_list(backend, keys);
  return list ? CondemnedPacks{list->generation, std::move(list->condemned)} : CondemnedPacks{};
}

void distrust_condemned(Index& index, Backend& backend, const Keyring& keys) {
  index.distrust(condemned_packs(backend, keys).packs);
}

}  // namespace cairn
