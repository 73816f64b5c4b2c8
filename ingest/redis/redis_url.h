// Where a Redis or Valkey server is, and how to log in there.
//
//   redis://[user[:password]@]host[:port][/db]     rediss://…  the same over TLS     redis+unix://[user[:password]@]/path/to/socket[?db=N]
//   also valkey://, valkeys://, valkey+unix://.    User and password are percent-decoded; a user without password is a user's name.
//   Parameters: ?db=N, cacert=FILE, cert=FILE, key=FILE (for TLS), timeout=SECONDS.
//
// Without a password in the URL: $CAIRN_REDIS_PASSWORD, $REDISCLI_AUTH, in this order; the user's name: $CAIRN_REDIS_USER.
// Nothing that may be logged ever holds the password.
//
// Threads:  immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cairn {

class RedisUrl {
 public:
  // Whether `text` begins with one of the schemes.
  static bool is_one(std::string_view text);
  // kInvalidArgument, without the password in its words.
  explicit RedisUrl(const std::string& url);

  // For people and for the snapshot: without password.
  std::string description() const;
  // What the component is called when nobody says: the host, "redis" for a socket or a local address.
  std::string component_name() const;

  bool tls = false;
  std::string host;           // "" for a socket; "localhost" by default
  uint16_t port = 6379;
  std::string socket_path;
  std::string user, password;
  std::optional<uint32_t> db; // none: all databases (backup), as they were (restore)
  std::string ca_file, cert_file, key_file;   // "" : the system's
  uint32_t timeout_s = 60;    // without a byte from the server
};

}  // namespace cairn
