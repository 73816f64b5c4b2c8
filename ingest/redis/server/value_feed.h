// Reads the values of selected keys from the stored stream: neighbours in one go, long ones in pieces.
#pragma once

#include "ingest/parts/part_output.h"
#include "ingest/redis/server/key_target.h"
#include "ingest/redis/server/selected_keys.h"

namespace cairn {

inline constexpr uint64_t kLongValueBytes = 1 << 20;   // longer ones come in pieces

// Hands every key to `target`, in order.   Memory: some 8 MiB, and what `output` takes.
// Errors: those of the catalogue and of the target; kInterrupted.  What can't be read of a value is told to the target.
void feed_values(SelectedKeys& keys, PartOutput& output, Monitor& monitor, KeyTarget& target);

}  // namespace cairn
