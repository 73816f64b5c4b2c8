// The operations index_* of bench/micro.cc.
#pragma once

namespace cairn {

void register_index_benchmarks();

}  // namespace cairn
