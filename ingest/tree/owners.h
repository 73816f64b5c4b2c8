// Names of owners, both ways.   Threads: thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cairn {

std::optional<std::string> name_of_user(uint32_t uid);
std::optional<std::string> name_of_group(uint32_t gid);
std::optional<uint32_t> user_of_name(const std::string& name);
std::optional<uint32_t> group_of_name(const std::string& name);

}  // namespace cairn
