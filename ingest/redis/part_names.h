// The names under which the keys of an RDB file are sorted, counted and listed.
// Threads:  thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn {

// A record's name: its part's name ("0/session:42"), and behind a NUL the whole key where that can't be read from it.
// Overwrites `name`.   FORMAT.md, "RDB files".
void redis_record_name(uint32_t db, std::string_view key, std::string& name);
// What of a record's name is its part's.
std::string_view redis_part_of(std::string_view record_name);
// The key behind the NUL; "" when the name wasn't cut.
std::string_view redis_cut_key(std::string_view record_name);

// "functions/mylib.lua" of a library whose source begins "#!lua name=mylib"; "" when it has no name.
std::string redis_function_name(std::string_view source);

}  // namespace cairn
