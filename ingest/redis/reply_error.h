// What a server refuses, in words that say what to do.   Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "ingest/redis/redis_url.h"
#include "store/error.h"

namespace cairn {

// Of an error reply, "NOAUTH Authentication required.": kWrongKey for passwords, else kIo.  `what`: what was to be done ("SYNC"), or "".
// Never holds the password, whatever the server says.
Error redis_error(const RedisUrl& url, std::string_view what, std::string_view reply);

// A server without a command tells its arguments, and a password is one of AUTH's: with *** in its place, unless it is so short that
// it is found by chance.
std::string without_password(const RedisUrl& url, std::string_view words);

// The reply's first word: "NOAUTH", "ERR" …
std::string_view error_word(std::string_view reply);
// Whether the server has no such command, or doesn't let this user use it.
bool is_forbidden(std::string_view reply);
bool is_unknown_command(std::string_view reply);

}  // namespace cairn
