// A connection to a Redis or Valkey server: TCP, TLS or a socket; logged in.   RESP 2.
//
// Threads:  one thread at a time.
// Source:   Redis protocol specification (RESP).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/monitor.h"
#include "ingest/redis/redis_url.h"
#include "ingest/redis/reply.h"
#include "store/bytes.h"

namespace cairn {

class RedisConnection {
 public:
  // Connects, does TLS, logs in (AUTH).  `monitor`: is asked whether to stop while waiting; must outlive this.
  // Without a password nothing is sent: a server that wants one says so to the first command (NOAUTH).
  // Errors: kIo (nobody there, closed, timeout), kWrongKey for a wrong password, as redis_error() has them; messages name what to do,
  //         never a password.
  RedisConnection(const RedisUrl& url, Monitor& monitor);
  ~RedisConnection();
  RedisConnection(RedisConnection&&) noexcept;
  RedisConnection& operator=(RedisConnection&&) noexcept;

  // One command and its reply; an error reply is returned, not thrown; the password is never in it.   kIo when the
  // connection breaks, or what comes is no reply, or longer than ReplyReader takes.
  RedisReply command(std::span<const std::string_view> words);
  RedisReply command(std::initializer_list<std::string_view> words) { return command(std::span(words.begin(), words.size())); }
  // The same, but an error reply becomes an Error with the server's words.
  RedisReply must(std::initializer_list<std::string_view> words);

  // Pipelining: what is sent waits in a buffer of 256 KiB at most; receive() sends what waits first.  One reply for each send.
  void send(std::span<const std::string_view> words);
  RedisReply receive();
  // A command with a word that is longer than memory should hold: send_begin with the words before it, its length and the words behind
  // it, then its bytes in pieces.
  void send_begin(std::span<const std::string_view> words, uint64_t long_bytes, std::span<const std::string_view> behind = {});
  void send_piece(ByteView bytes);

  // As receive(), for a string that may be longer than memory should hold: then `text` is empty, `integer` its length, and its bytes
  // come through read_long(), to the end, before anything else is received.
  RedisReply receive_long();
  // At least one byte unless the string has ended.
  size_t read_long(std::span<uint8_t> into);

  // For what is no reply (the bulk of a SYNC): at least one byte, 0 when the server closed the connection.
  // Requires: every reply was received.  Hands out what the reader of replies has left first.
  size_t read_raw(std::span<uint8_t> into);
  // Sends what waits.
  void flush();

  const RedisUrl& url() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What INFO says; empty where this user may not ask.
struct RedisServerInfo {
  std::string version;         // "7.0.15"
  bool valkey = false;
  bool cluster = false;
};
// Errors: kIo, kWrongKey (NOAUTH).
RedisServerInfo redis_server_info(RedisConnection& connection);
// The value of a line "name:value" of INFO's text; "" when it isn't there.
std::string info_field(std::string_view info, std::string_view name);

}  // namespace cairn
