// When snapshots were really made, as far as that can be known.  Whoever has stolen a key that may only write can make snapshots that
// claim any time: they must not take the places of genuine ones when old snapshots are forgotten.  What he can't choose is the time at
// which the storage received them.
//
// An owner's snapshots are believed: whoever has that key can delete anyway.
// Threads:  functions are thread-safe.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "store/id.h"

namespace cairn {

struct Arrival {
  ClientId author;           // credited_author()
  std::string host;
  bool by_writer = false;    // signed with a key that may only write
  int64_t claimed_ns = 0;    // Manifest::time_ns
  int64_t received_ns = 0;   // by the storage's clock; 0 when it can't tell, then it is believed
};

struct BelievedTime {
  int64_t time_ns = 0;
  std::string doubt;         // why it isn't the claimed one, for people; "" when it is
  size_t burst = 0;          // of its author, when that is more than kMostArrivals within kBurstNs
};

constexpr int64_t kHourNs = 3'600'000'000'000, kDayNs = 24 * kHourNs;
constexpr int64_t kMostAheadNs = kDayNs;   // a claim so far behind its arrival's future is a clock that is wrong, or a lie
constexpr int64_t kOutOfOrderNs = kHourNs; // of arrivals and of claims: less may be two runs at once
constexpr int64_t kBurstNs = kDayNs;
constexpr size_t kMostArrivals = 50;       // of one writer within kBurstNs: two an hour; more is a flood until somebody says otherwise

// One for each arrival, in their order.  A writer's snapshot is believed unless
// - it claims a time more than a day after its arrival, or
// - an earlier one of its author and host (by an hour and more) tells of a time more than an hour newer.
// Then it counts from its arrival.
//
// A repository that was copied file by file arrived all at once, whatever its snapshots claim: what arrived within a day of the very
// first is believed, and isn't counted as a burst, unless the repository (created_ns) isn't older than that itself.
std::vector<BelievedTime> believed_times(std::span<const Arrival> arrivals, int64_t created_ns);

}  // namespace cairn
