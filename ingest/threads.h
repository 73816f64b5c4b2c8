// How many workers an operation gets when nobody says: the processors, at most 8 (beyond that memory grows faster than speed).
#pragma once

#include <algorithm>
#include <cstddef>
#include <thread>

namespace cairn {

inline size_t default_threads() { return std::clamp<size_t>(std::thread::hardware_concurrency(), 1, 8); }

}  // namespace cairn
