// Names of parts as path elements: reversible, and the same everywhere.
//
// % / NUL, control characters (below 0x20, and 0x7f) and a leading dot become %XX; an empty name becomes "%".  Everything else,
// UTF-8 or not, stays as it is.   FORMAT.md, "Catalogue".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cairn {

std::string escape_part_name(std::string_view name);
// nullopt when it is no escaped name.
std::optional<std::string> unescape_part_name(std::string_view escaped);

}  // namespace cairn
