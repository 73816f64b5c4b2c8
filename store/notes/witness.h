// A witness: a short code for one snapshot of one repository, printed by the backup that made it and kept elsewhere (a mail, a
// notebook).  Whoever has it can ask years later whether the repository still knows that state.
//
// Threads:  functions are thread-safe.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "store/id.h"

namespace cairn {

using Witness = std::array<uint8_t, 10>;

// The first 80 bits of the BLAKE3 of a domain, both ids and the snapshot's file (FORMAT.md, "Witness").
Witness witness_of(const RepositoryId& repository, const SnapshotId& snapshot, ByteView manifest_file);

// "abcd-efgh-jkmn-pqrs": sixteen digits of 5 bits, the first bits first; without i, l, o and u, which are misread.
std::string witness_text(const Witness& witness);
// The opposite; capital letters, and '-' and spaces anywhere, don't matter.  nullopt when it isn't one.
std::optional<Witness> parse_witness(std::string_view text);

}  // namespace cairn
