// What an element of a document is called when no profile says it.
//
// An element is called by the first of usual_labels() that it has as a member whose value is a string or a number; names are compared
// exactly.  The catalogue of parts and the extraction share this list: "Users/alice" means the same in both.
#pragma once

#include <span>
#include <string_view>

namespace cairn {

// Best first.
std::span<const std::string_view> usual_labels();

}  // namespace cairn
