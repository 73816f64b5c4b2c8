// Paths of members in an element, as profiles write them: "User.username", "User.roles[]", "Spaces[].template_id".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

// From the outside in: a member's name, or "[]" for every element of an array.
using MemberPath = std::vector<std::string>;
inline constexpr std::string_view kEveryElement = "[]";
inline constexpr size_t kMostPathSteps = 16;

// nullopt when it is no path.
std::optional<MemberPath> parse_member_path(std::string_view text);

// As applications written in Go compare members' names: without regard to the case of A to Z.
bool same_member(std::string_view a, std::string_view b);

}  // namespace cairn
