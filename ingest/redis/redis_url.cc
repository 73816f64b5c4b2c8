#include "ingest/redis/redis_url.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "store/error.h"
#include "store/percent.h"

namespace cairn {

namespace {

constexpr uint32_t kMostDb = INT32_MAX;           // what SELECT takes
constexpr uint32_t kMostTimeoutS = 24 * 60 * 60;

struct Scheme {
  std::string_view prefix;
  bool tls, socket;
};
constexpr Scheme kSchemes[] = {{"redis://", false, false},       {"rediss://", true, false},        {"redis+unix://", false, true},
                               {"valkey://", false, false},      {"valkeys://", true, false},       {"valkey+unix://", false, true}};

const Scheme* scheme_of(std::string_view text) {
  for (const Scheme& one : kSchemes) {
    if (text.starts_with(one.prefix)) return &one;
  }
  return nullptr;
}

// No message quotes the URL: what is in the wrong place may be a piece of the password.
[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, "the Redis URL can't be understood: " + why +
                                               "; write it as redis://user@host:6379 (rediss:// with TLS) or redis+unix:///path/to/socket, "
                                               "and characters such as @ : / ? # % in a name or password as %40 %3A %2F %3F %23 %25");
}

std::string decoded(std::string_view text, const char* what) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned value = 0;
    const char* const digits = text.data() + at + 1;
    if (at + 2 >= text.size() || std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) {
      refuse(std::string("a % in the ") + what + " is not followed by two hexadecimal digits");
    }
    if (value == 0) refuse(std::string("a NUL in the ") + what);
    out += static_cast<char>(value);
    at += 2;
  }
  return out;
}

uint32_t number(std::string_view text, uint32_t least, uint32_t most, const char* what) {
  uint32_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || out < least || out > most) {
    refuse(std::string(what) + " is not a number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return out;
}

// host, host:port, [address]:port
void parse_host(std::string_view text, RedisUrl& out) {
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == text.npos || (end + 1 < text.size() && text[end + 1] != ':')) refuse("an address in [ ] must end before the port");
    host = text.substr(1, end - 1);
    if (host.empty()) refuse("there is no address in the [ ]");
    port = end + 1 < text.size() ? text.substr(end + 2) : "6379";
  } else if (const size_t colon = text.find(':'); colon != text.npos) {
    if (text.find(':', colon + 1) != text.npos) refuse("an IPv6 address must stand in [ ]");
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  } else {
    port = "6379";
  }
  out.port = static_cast<uint16_t>(number(port, 1, UINT16_MAX, "the port"));
  out.host = host.empty() ? "localhost" : decoded(host, "host");
}

void parse_parameters(std::string_view text, RedisUrl& out) {
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const size_t equals = one.find('=');
    const std::string_view name = one.substr(0, equals);
    const std::string value = equals == one.npos ? "" : decoded(one.substr(equals + 1), "parameters");
    if (name == "db") {
      const uint32_t db = number(value, 0, kMostDb, "the database");
      if (out.db && *out.db != db) refuse("it names two databases");
      out.db = db;
    } else if (name == "timeout") {
      out.timeout_s = number(value, 1, kMostTimeoutS, "the timeout");
    } else if (name == "cacert" || name == "cert" || name == "key") {
      if (!out.tls) refuse("cacert, cert and key are for TLS: rediss://");
      if (value.empty()) refuse("cacert, cert and key want the name of a file");
      (name == "cacert" ? out.ca_file : name == "cert" ? out.cert_file : out.key_file) = value;
    } else {
      refuse("the parameters there are: db, timeout, cacert, cert, key");
    }
  }
  if (out.cert_file.empty() && !out.key_file.empty()) refuse("a key without cert, the certificate it belongs to");
  if (out.key_file.empty()) out.key_file = out.cert_file;  // one file may hold both
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

bool RedisUrl::is_one(std::string_view text) { return scheme_of(text) != nullptr; }

RedisUrl::RedisUrl(const std::string& url) {
  const Scheme* const scheme = scheme_of(url);
  if (scheme == nullptr) refuse("it does not begin with redis://");
  if (url.find('\0') != url.npos) refuse("it has a NUL in it");
  tls = scheme->tls;
  std::string_view rest = std::string_view(url).substr(scheme->prefix.size());
  std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  rest.remove_prefix(authority.size());
  std::string_view path = rest.substr(0, rest.find('?'));
  const std::string_view parameters = path.size() < rest.size() ? rest.substr(path.size() + 1) : "";

  bool has_login = false;
  if (const size_t at = authority.rfind('@'); at != authority.npos) {
    const std::string_view login = authority.substr(0, at);
    authority.remove_prefix(at + 1);
    const size_t colon = login.find(':');
    user = decoded(login.substr(0, colon), "user's name");
    if (colon != login.npos) password = decoded(login.substr(colon + 1), "password");
    has_login = !login.empty();
  }
  if (scheme->socket) {
    if (!authority.empty()) refuse("the path of a socket must begin with /");
    if (path.size() < 2) refuse("it has no path of a socket");
    socket_path = decoded(path, "path");
  } else {
    parse_host(authority, *this);
    if (path.size() > 1) db = number(path.substr(1), 0, kMostDb, "the database behind the host");
  }
  parse_parameters(parameters, *this);

  if (!has_login) user = variable("CAIRN_REDIS_USER");
  if (password.empty()) password = variable("CAIRN_REDIS_PASSWORD");
  if (password.empty()) password = variable("REDISCLI_AUTH");
}

std::string RedisUrl::description() const {
  const std::string login = user.empty() ? "" : percent_encoded(user, "-._~") + "@";
  if (!socket_path.empty()) {
    return "redis+unix://" + login + percent_encoded(socket_path, "-._~/") + (db ? "?db=" + std::to_string(*db) : "");
  }
  const bool address = host.find(':') != host.npos;
  const std::string place = percent_encoded(host, address ? "-._~:" : "-._~");
  return (tls ? "rediss://" : "redis://") + login + (address ? "[" + place + "]" : place) + ":" + std::to_string(port) +
         (db ? "/" + std::to_string(*db) : "");
}

std::string RedisUrl::component_name() const {
  const bool local = host.empty() || host == "localhost" || host.starts_with("127.") || host == "::1";
  return local ? "redis" : host;
}

}  // namespace cairn
