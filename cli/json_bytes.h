// What every JSON object of cairn is made with: one line, bytes that may not be Unicode (cli/json.h says how they are told), and figures.
//
// Threads:  functions are thread-safe.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace cairn {

using Json = nlohmann::ordered_json;

// Without the line's end; what isn't UTF-8 is replaced by marks.
std::string json_line(const Json& value);
bool valid_utf8(std::string_view bytes);
// "name", and "name_base64" beside it where they aren't valid UTF-8.
void add_bytes(Json& to, const std::string& name, std::string_view bytes);
double seconds(uint64_t duration_ns);
// null when nothing is after.
Json ratio(uint64_t before_bytes, uint64_t after_bytes);

}  // namespace cairn
