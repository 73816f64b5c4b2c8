// The bytes of a connection to a server: TCP, TLS or a socket of this machine.
//
// Whatever waits asks monitor.check_interrupted() five times a second, and gives up after url.timeout_s without a byte.  (Looking up
// a host's name can't be interrupted.)
//
// Threads:  one thread at a time.
// Source:   OpenSSL 3 documentation.
#pragma once

#include <memory>
#include <span>

#include "ingest/monitor.h"
#include "ingest/redis/redis_url.h"
#include "store/bytes.h"

namespace cairn {

class RedisTransport {
 public:
  virtual ~RedisTransport() = default;
  // At least one byte; 0 when the server closed the connection, or broke it off.
  virtual size_t read(std::span<uint8_t> into) = 0;
  // All of them; false when the server doesn't take them any more (what it said before that can still be read).
  virtual bool write(ByteView bytes) = 0;
};

// Connects to the first of the host's addresses that answers.  With TLS: the server's certificate must be for the host and come from
// a CA of url.ca_file, else of the system's.  `monitor` must outlive it.
// Errors: kIo: nobody there, no TLS, a certificate that isn't trusted; kInvalidArgument: a path that is too long for a socket;
//         kNotFound, kInvalidArgument: files for TLS; kInterrupted.
std::unique_ptr<RedisTransport> connect_redis(const RedisUrl& url, Monitor& monitor);

}  // namespace cairn
