// What was wrong with segments and packs when the index was opened: worth a word before the work, since some of it may fail later.
#pragma once

#include "ingest/monitor.h"
#include "store/repository.h"

namespace cairn {

inline void warn_of_index_problems(Repository& repository, Monitor& monitor) {
  for (const std::string& problem : repository.index().problems()) monitor.warning(problem + " (see: cairn check)");
}

}  // namespace cairn
