// Facts about where we run: what a snapshot or a lease says of its maker.
#pragma once

#include <cstdint>
#include <string>

namespace cairn {

int64_t now_ns();                 // wall clock, since the epoch
std::string host_name();
std::string user_name();          // of the effective user, its number when it has none
std::string program_version();    // "cairn 0.1.0"

}  // namespace cairn
