// A plain dump on its way into a backup: passes as it is, its parts found on the way.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "ingest/parts/parted_source.h"

namespace cairn {

// `read`: at least one byte unless the dump has ended.  `component`: what a database is called whose name the dump doesn't tell.
// A stream that turns out to be something else passes all the same, without parts and with a warning.
std::unique_ptr<PartedSource> make_dump_source(std::function<size_t(std::span<uint8_t>)> read, const std::string& component);

}  // namespace cairn
