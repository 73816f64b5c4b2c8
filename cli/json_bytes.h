// What every JSON object of cairn is made with: one line, and bytes that may not be Unicode (cli/json.h says how they are told).
//
// Threads:  functions are thread-safe.
#pragma once

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

}  // namespace cairn
