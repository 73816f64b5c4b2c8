// The words in which init and backup are told how content is cut and compressed.
#pragma once

#include <string>

#include "store/keys/settings.h"

namespace cairn {

// Of "auto", "off", "1" to "19".   UsageError, beginning with the option's name.
Compression parse_compression(const std::string& option, const std::string& text);
// Of "16K,64K,1M": fine, normal, coarse.   UsageError, likewise, when they aren't valid.
ChunkerSizes parse_chunk_sizes(const std::string& option, const std::string& text);

}  // namespace cairn
