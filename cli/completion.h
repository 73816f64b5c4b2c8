// Shell completions, written from the parser's own outline, so that they can't be out of date.
//
// Threads:  functions are thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.h"

namespace cairn {

// The script for "bash", "zsh" or "fish".  UsageError for another shell.
std::string completion_script(std::string_view shell, const std::vector<OptionOutline>& global,
                              const std::vector<CommandOutline>& commands);

}  // namespace cairn
