// Percent-encoding, of URLs and of what S3 signs.
//
// Threads:  thread-safe.   Source: RFC 3986, 2.1; upper case digits.
#pragma once

#include <string>
#include <string_view>

namespace cairn {

// Letters (of ASCII), digits and what is in `plain` stay as they are, every other byte becomes %XX.
std::string percent_encoded(std::string_view text, std::string_view plain);

}  // namespace cairn
