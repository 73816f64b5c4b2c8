// A key file: what opens a repository in place of a password, for machines.  One line of 64 lower-case hexadecimal digits: 256 random
// bits, which nobody guesses, so that nothing expensive need be made of them.
//
// Threads:  one thread at a time.
#pragma once

#include <string>

#include "cli/password.h"

namespace cairn {

// UsageError when it is no key file; kNotFound, kIo.
Password read_key_file(const std::string& path);

// The key file at `path`: made with mode 0600 and durable when there is nothing; a valid one that is there is used; anything else
// that is there is left alone (UsageError).   Errors: kIo, kNotFound when its directory isn't there.
Password make_key_file(const std::string& path);

}  // namespace cairn
