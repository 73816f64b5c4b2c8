#include "ingest/redis/transport.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

#include "store/error.h"
#include "store/fd.h"

namespace cairn {

namespace {

constexpr int kPollMs = 200;                     // how late an interruption is noticed
constexpr size_t kMostTlsWriteBytes = 1 << 20;
constexpr char kNoTls[] = "no TLS connection (does the server speak TLS at this port? else write redis://)";

// A connected socket that doesn't block, and how to wait for it.
class Socket : public RedisTransport {
 public:
  Socket(const RedisUrl& url, Monitor& monitor);

  size_t read(std::span<uint8_t> into) override {
    for (;;) {
      monitor_.check_interrupted();
      const ssize_t size = ::recv(fd_.get(), into.data(), into.size(), 0);
      if (size >= 0) return static_cast<size_t>(size);
      if (errno == ECONNRESET || errno == EPIPE) return 0;
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        wait(POLLIN);
      } else if (errno != EINTR) {
        throw_errno(place_ + ": reading");
      }
    }
  }
  bool write(ByteView bytes) override {
    while (!bytes.empty()) {
      monitor_.check_interrupted();
      const ssize_t size = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size >= 0) {
        bytes = bytes.subspan(static_cast<size_t>(size));
      } else if (errno == ECONNRESET || errno == EPIPE) {
        return false;
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        wait(POLLOUT);
      } else if (errno != EINTR) {
        throw_errno(place_ + ": writing");
      }
    }
    return true;
  }

  // Until one of the events is there.
  void wait(short events) const {
    if (wait_for(fd_.get(), events)) return;
    throw Error(ErrorCode::kIo,
                place_ + ": the server said nothing for " + std::to_string(timeout_s_) + " seconds; ?timeout=SECONDS waits longer");
  }
  // The same; false when url.timeout_s are over.
  bool wait_silently(short events) const { return wait_for(fd_.get(), events); }
  int fd() const { return fd_.get(); }
  const std::string& place() const { return place_; }
  Monitor& monitor() const { return monitor_; }

 private:
  bool wait_for(int fd, short events) const;
  void connect_path(const std::string& path);
  void connect_host(const std::string& host, uint16_t port);
  int try_connect(int family, const struct ::sockaddr* address, ::socklen_t size);

  const std::string place_;
  const uint32_t timeout_s_;
  Monitor& monitor_;
  Fd fd_;
};

Socket::Socket(const RedisUrl& url, Monitor& monitor) : place_(url.description()), timeout_s_(url.timeout_s), monitor_(monitor) {
  monitor.check_interrupted();
  if (!url.socket_path.empty()) {
    connect_path(url.socket_path);
  } else {
    connect_host(url.host, url.port);
  }
}

bool Socket::wait_for(int fd, short events) const {
  using std::chrono::seconds, std::chrono::steady_clock;
  struct ::pollfd polled{fd, events, 0};
  for (const auto end = steady_clock::now() + seconds(timeout_s_);;) {
    monitor_.check_interrupted();
    const int ready = ::poll(&polled, 1, kPollMs);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR && errno != EAGAIN) throw_errno(place_ + ": waiting for the server");
    if (steady_clock::now() >= end) return false;
  }
}

// 0, or what went wrong.
int Socket::try_connect(int family, const struct ::sockaddr* address, ::socklen_t size) {
  Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno;
  if (::connect(fd.get(), address, size) != 0) {
    // Of a socket of this machine EAGAIN says that too many wait there already.
    if (errno != EINPROGRESS && errno != EINTR) return errno;
    if (!wait_for(fd.get(), POLLOUT)) return ETIMEDOUT;
    int failed = 0;
    ::socklen_t failed_bytes = sizeof failed;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &failed, &failed_bytes) != 0) return errno;
    if (failed != 0) return failed;
  }
  fd_ = std::move(fd);
  return 0;
}

void Socket::connect_path(const std::string& path) {
  struct ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw Error(ErrorCode::kInvalidArgument, place_ + ": the path is too long for a socket");
  std::memcpy(address.sun_path, path.data(), path.size());
  const int failed = try_connect(AF_UNIX, reinterpret_cast<const struct ::sockaddr*>(&address), sizeof address);
  if (failed != 0) {
    throw Error(ErrorCode::kIo, place_ + ": can't connect: " + std::string(std::strerror(failed)) +
                                    "; is the server running, is this its socket, and may this user open it?");
  }
}

void Socket::connect_host(const std::string& host, uint16_t port) {
  struct Free {
    void operator()(struct ::addrinfo* list) const { ::freeaddrinfo(list); }
  };
  struct ::addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  const int unknown = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  const std::unique_ptr<struct ::addrinfo, Free> list(found);
  if (unknown != 0) throw Error(ErrorCode::kIo, place_ + ": the host's address can't be found: " + ::gai_strerror(unknown));
  int failed = EADDRNOTAVAIL;
  for (const struct ::addrinfo* one = list.get(); one != nullptr && failed != 0; one = one->ai_next) {
    failed = try_connect(one->ai_family, one->ai_addr, one->ai_addrlen);
  }
  if (failed != 0) {
    throw Error(ErrorCode::kIo, place_ + ": can't connect: " + std::string(std::strerror(failed)) + "; is the server running there?");
  }
  const int on = 1;
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

struct TlsFree {
  void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
  void operator()(SSL* session) const { ::SSL_free(session); }
  void operator()(BIO_METHOD* method) const { ::BIO_meth_free(method); }
};

// OpenSSL's own way to a socket raises SIGPIPE when the server is gone.
const BIO_METHOD* socket_method() {
  static const std::unique_ptr<BIO_METHOD, TlsFree> method = [] {
    std::unique_ptr<BIO_METHOD, TlsFree> out(::BIO_meth_new(BIO_TYPE_SOURCE_SINK | ::BIO_get_new_index(), "socket"));
    ::BIO_meth_set_write(out.get(), [](BIO* bio, const char* bytes, int size) {
      const ssize_t done = ::send(*static_cast<const int*>(::BIO_get_data(bio)), bytes, static_cast<size_t>(size), MSG_NOSIGNAL);
      ::BIO_clear_retry_flags(bio);
      if (done < 0 && (errno == EAGAIN || errno == EINTR)) ::BIO_set_retry_write(bio);
      return static_cast<int>(done);
    });
    ::BIO_meth_set_read(out.get(), [](BIO* bio, char* bytes, int size) {
      const ssize_t done = ::recv(*static_cast<const int*>(::BIO_get_data(bio)), bytes, static_cast<size_t>(size), 0);
      ::BIO_clear_retry_flags(bio);
      if (done < 0 && (errno == EAGAIN || errno == EINTR)) ::BIO_set_retry_read(bio);
      return static_cast<int>(done);
    });
    ::BIO_meth_set_ctrl(out.get(), [](BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1L : 0L; });
    return out;
  }();
  return method.get();
}

class TlsTransport : public RedisTransport {
 public:
  TlsTransport(const RedisUrl& url, std::unique_ptr<Socket> socket);
  ~TlsTransport() override {
    // A polite goodbye, if the socket takes it at once.
    if (working_) ::SSL_shutdown(session_.get());
    ::ERR_clear_error();
  }

  size_t read(std::span<uint8_t> into) override {
    for (;;) {
      socket_->monitor().check_interrupted();
      size_t size = 0;
      ::ERR_clear_error();
      const int result = ::SSL_read_ex(session_.get(), into.data(), into.size(), &size);
      if (result == 1) return size;
      if (!wait_after(result, "reading")) return 0;
    }
  }
  bool write(ByteView bytes) override {
    while (!bytes.empty()) {
      socket_->monitor().check_interrupted();
      size_t size = 0;
      ::ERR_clear_error();
      const int result = ::SSL_write_ex(session_.get(), bytes.data(), std::min(bytes.size(), kMostTlsWriteBytes), &size);
      if (result == 1) {
        bytes = bytes.subspan(size);
      } else if (!wait_after(result, "writing")) {
        return false;
      }
    }
    return true;
  }

 private:
  void load_trust(const RedisUrl& url);
  void load_certificate(const RedisUrl& url);
  void name_server(const std::string& host);
  void shake_hands(bool own_ca);
  bool wait_after(int result, const char* what);
  [[noreturn]] void fail(const std::string& what, ErrorCode code = ErrorCode::kIo) const;

  std::unique_ptr<Socket> socket_;
  const int fd_;  // for socket_method()
  std::unique_ptr<SSL_CTX, TlsFree> context_;
  std::unique_ptr<SSL, TlsFree> session_;
  bool working_ = false;
};

// OpenSSL's reason, if it has one, behind our words.
void TlsTransport::fail(const std::string& what, ErrorCode code) const {
  const unsigned long error = ::ERR_peek_last_error();
  const char* reason = error == 0 ? nullptr : ::ERR_reason_error_string(error);
  const std::string why = error != 0 && ERR_SYSTEM_ERROR(error) ? std::strerror(ERR_GET_REASON(error)) : reason == nullptr ? "" : reason;
  ::ERR_clear_error();
  throw Error(code, socket_->place() + ": " + what + (why.empty() ? "" : ": " + why));
}

TlsTransport::TlsTransport(const RedisUrl& url, std::unique_ptr<Socket> socket) : socket_(std::move(socket)), fd_(socket_->fd()) {
  ::ERR_clear_error();
  context_.reset(::SSL_CTX_new(::TLS_client_method()));
  if (!context_) fail("TLS can't be used");
  ::SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  ::SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  ::SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  load_trust(url);
  load_certificate(url);
  session_.reset(::SSL_new(context_.get()));
  BIO* const bio = session_ ? ::BIO_new(socket_method()) : nullptr;
  if (bio == nullptr) fail("TLS can't be used");
  ::BIO_set_data(bio, const_cast<int*>(&fd_));
  ::BIO_set_init(bio, 1);
  ::SSL_set_bio(session_.get(), bio, bio);
  name_server(url.host);
  shake_hands(!url.ca_file.empty());
  working_ = true;
}

void TlsTransport::load_trust(const RedisUrl& url) {
  if (url.ca_file.empty()) {
    if (::SSL_CTX_set_default_verify_paths(context_.get()) != 1) {
      fail("the system's CA certificates can't be read; ?cacert=FILE names others");
    }
  } else if (::SSL_CTX_load_verify_file(context_.get(), url.ca_file.c_str()) != 1) {
    fail("cacert=" + printable(url.ca_file) + " can't be read as certificates in PEM form", ErrorCode::kInvalidArgument);
  }
}

void TlsTransport::load_certificate(const RedisUrl& url) {
  if (url.cert_file.empty()) return;
  // OpenSSL would ask the terminal for the key's password.
  ::SSL_CTX_set_default_passwd_cb(context_.get(), [](char*, int, int, void*) { return -1; });
  if (::SSL_CTX_use_certificate_chain_file(context_.get(), url.cert_file.c_str()) != 1) {
    fail("cert=" + printable(url.cert_file) + " can't be read as a certificate in PEM form", ErrorCode::kInvalidArgument);
  }
  if (::SSL_CTX_use_PrivateKey_file(context_.get(), url.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    fail("key=" + printable(url.key_file) + " can't be read as the certificate's key, in PEM form and without a password",
         ErrorCode::kInvalidArgument);
  }
}

// Whose certificate it must be.
void TlsTransport::name_server(const std::string& host) {
  struct ::in6_addr address;
  const bool numeric = ::inet_pton(AF_INET, host.c_str(), &address) == 1 || ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
  ::SSL_set_hostflags(session_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool named =
      numeric ? ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(session_.get()), host.c_str()) == 1
              : ::SSL_set1_host(session_.get(), host.c_str()) == 1 && ::SSL_set_tlsext_host_name(session_.get(), host.c_str()) == 1;
  if (!named) fail("the host's name can't be one in a certificate", ErrorCode::kInvalidArgument);
}

void TlsTransport::shake_hands(bool own_ca) {
  for (;;) {
    ::ERR_clear_error();
    const int result = ::SSL_connect(session_.get());
    if (result == 1) return;
    const int error = ::SSL_get_error(session_.get(), result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
      // A server without TLS may take our greeting for the beginning of a command, and wait for its end.
      if (!socket_->wait_silently(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) fail(kNoTls);
      continue;
    }
    const long distrust = ::SSL_get_verify_result(session_.get());
    if (distrust == X509_V_OK) fail(kNoTls);
    ::ERR_clear_error();
    const std::string why = ::X509_verify_cert_error_string(distrust);
    if (distrust == X509_V_ERR_HOSTNAME_MISMATCH || distrust == X509_V_ERR_IP_ADDRESS_MISMATCH) {
      fail("the server's certificate is for another host (" + why + "); write the host as the certificate names it");
    }
    fail("the server's certificate is not trusted (" + why + "); " +
         (own_ca ? "is cacert= the CA that made it?" : "?cacert=FILE names the CA that made it"));
  }
}

// After something that could not be done yet: waits; false: the connection is gone.
bool TlsTransport::wait_after(int result, const char* what) {
  const int error = ::SSL_get_error(session_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    socket_->wait(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT);
    return true;
  }
  if (error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL) working_ = false;  // nothing may follow on this session
  // A server that ends without a goodbye: whoever reads knows how much should have come.
  const bool cut_off = error == SSL_ERROR_SSL && ERR_GET_REASON(::ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  if (error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_SYSCALL || cut_off) return false;
  fail(std::string("TLS while ") + what + " (a server that wants a certificate of ours? ?cert=FILE&key=FILE)");
}

}  // namespace

std::unique_ptr<RedisTransport> connect_redis(const RedisUrl& url, Monitor& monitor) {
  auto socket = std::make_unique<Socket>(url, monitor);
  if (!url.tls) return socket;
  return std::make_unique<TlsTransport>(url, std::move(socket));
}

}  // namespace cairn
