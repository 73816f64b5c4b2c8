// `reserve`: a file that stands for nothing but its size.  On a full disk it makes room for the few hundred bytes that forgetting and
// pruning have to write before they can free anything.
//
// Layout (FORMAT.md, "Reserve"): header 80 | random bytes | trailer 32; 256 KiB in all.
// Threads:  one thread at a time.
#pragma once

#include "store/backend/backend.h"
#include "store/error.h"
#include "store/id.h"

namespace cairn {

constexpr char kReserveName[] = "reserve";

// Puts it there if it is missing.  False when there is no room for it.
bool make_reserve(Backend& backend, const RepositoryId& repository);

// Does something small; when the storage is full, once more without the reserve.
template <class Call>
auto with_reserve(Backend& backend, Call call) {
  try {
    return call();
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kNoSpace || !backend.remove(kReserveName)) throw;
  }
  return call();
}

}  // namespace cairn
