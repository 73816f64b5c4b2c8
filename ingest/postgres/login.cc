#include "ingest/postgres/login.h"

#include <libpq-fe.h>
#include <poll.h>

#include <chrono>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kShortestSecretBytes = 4;   // a shorter password is found in any message by chance

struct OptionsFree {
  void operator()(PQconninfoOption* options) const { ::PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, OptionsFree>;

struct MemoryFree {
  void operator()(void* memory) const { ::PQfreemem(memory); }
};
using Message = std::unique_ptr<char, MemoryFree>;

std::string server_place(const std::string& host, const std::string& port) {
  return host.starts_with('/') ? host + "/.s.PGSQL." + port : host + ":" + port;
}

[[noreturn]] void throw_failed(PGconn* connection) {
  const std::string why = libpq_line(::PQerrorMessage(connection), true);
  std::string what = place_of(connection) + ": " + scrubbed(why, password_of(connection));
  if (::PQconnectionNeedsPassword(connection) != 0) {
    what += "; put the password into ~/.pgpass, into a file that PGPASSFILE names, or into the URL";
  } else if (::PQconnectionUsedPassword(connection) != 0 && why.find("authentication failed") != std::string::npos) {
    what += "; look at the password in ~/.pgpass, PGPASSFILE, PGPASSWORD or the URL";
  }
  throw Error(ErrorCode::kIo, what);
}

}  // namespace

void FinishLogin::operator()(PGconn* connection) const { ::PQfinish(connection); }

std::string libpq_line(const char* text, bool sentences) {
  constexpr std::string_view kPunctuation = ".:;,?!";
  std::string out;
  bool gap = false, line_end = false;
  for (; text != nullptr && *text != 0; ++text) {
    const bool blank = *text == ' ' || *text == '\t' || *text == '\n' || *text == '\r';
    if (!blank && gap && !out.empty()) {
      if (sentences && line_end && kPunctuation.find(out.back()) == std::string_view::npos) out += '.';
      out += ' ';
    }
    if (!blank) out += *text;
    line_end = blank && (line_end || *text == '\n');
    gap = blank;
  }
  return printable(out);
}

std::string scrubbed(std::string text, const std::string& password) {
  if (password.size() < kShortestSecretBytes) return text;
  for (size_t at = 0; (at = text.find(password, at)) != std::string::npos;) text.replace(at, password.size(), "***");
  return text;
}

std::optional<PostgresParameters> parse_conninfo(const std::string& url, std::string* why) {
  char* reason = nullptr;
  const Options options(::PQconninfoParse(url.c_str(), &reason));
  const Message message(reason);
  if (!options) {
    if (message) *why = libpq_line(message.get());
    return std::nullopt;
  }
  PostgresParameters out;
  for (const PQconninfoOption* one = options.get(); one->keyword != nullptr; ++one) {
    if (one->val != nullptr && *one->val != 0) out[one->keyword] = one->val;
  }
  return out;
}

PostgresLogin log_in(const PostgresParameters& parameters, Monitor& monitor, void (*on_notice)(void*, const pg_result*), void* receiver) {
  using std::chrono::seconds, std::chrono::steady_clock;
  std::vector<const char*> keywords, values;
  for (const auto& [keyword, value] : parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  monitor.check_interrupted();
  PostgresLogin login(::PQconnectStartParams(keywords.data(), values.data(), 0));
  PGconn* const connection = login.get();
  if (!login) throw Error(ErrorCode::kIo, "PostgreSQL: no memory for a connection");
  if (::PQstatus(connection) == CONNECTION_BAD) throw_failed(connection);
  ::PQsetNoticeReceiver(connection, on_notice, receiver);
  const PostgresParameters in_force = parameters_in_force(connection);
  const auto timeout = in_force.find("connect_timeout");
  const int timeout_s = timeout == in_force.end() ? 0 : std::atoi(timeout->second.c_str());
  const auto end = steady_clock::now() + seconds(timeout_s);
  for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK; state = ::PQconnectPoll(connection)) {
    if (state == PGRES_POLLING_FAILED) throw_failed(connection);
    struct ::pollfd fd{::PQsocket(connection), static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    while (::poll(&fd, 1, kPostgresPollMs) <= 0) {
      monitor.check_interrupted();
      if (timeout_s > 0 && steady_clock::now() >= end) throw Error(ErrorCode::kIo, place_of(connection) + ": no answer within connect_timeout");
    }
  }
  return login;
}

PostgresParameters parameters_in_force(PGconn* connection) {
  PostgresParameters out;
  const Options options(::PQconninfo(connection));
  for (const PQconninfoOption* one = options.get(); one != nullptr && one->keyword != nullptr; ++one) {
    const bool is_default = one->compiled != nullptr && one->val != nullptr && std::string_view(one->compiled) == one->val;
    if (one->val != nullptr && *one->val != 0 && !is_default) out[one->keyword] = one->val;
  }
  for (const char* chosen : {"service", "passfile", "target_session_attrs", "load_balance_hosts", "hostaddr"}) out.erase(chosen);
  const auto set = [&](const char* keyword, const char* value) {
    if (value != nullptr && *value != 0) out[keyword] = value;
  };
  set("host", ::PQhost(connection));
  set("hostaddr", ::PQhostaddr(connection));
  set("port", ::PQport(connection));
  set("dbname", ::PQdb(connection));
  set("user", ::PQuser(connection));
  set("password", ::PQpass(connection));
  return out;
}

std::string password_of(const PGconn* connection) {
  const char* password = ::PQpass(connection);
  return password == nullptr ? "" : password;
}

std::string place_of(const PGconn* connection) {
  const char *host = ::PQhost(connection), *port = ::PQport(connection), *database = ::PQdb(connection), *user = ::PQuser(connection);
  // Not all of them are known when it failed early.
  std::string out = database == nullptr || *database == 0 ? "PostgreSQL" : "database \"" + printable(database) + "\"";
  if (host != nullptr && *host != 0) out += " at " + printable(server_place(host, port == nullptr || *port == 0 ? "5432" : port));
  if (user != nullptr && *user != 0) out += " as user \"" + printable(user) + "\"";
  return out;
}

// libpq's own mark, and keys that it doesn't mark.
std::set<std::string> secret_keywords() {
  std::set<std::string> out = {"password", "sslpassword", "scram_client_key", "scram_server_key"};
  const Options options(::PQconndefaults());
  for (const PQconninfoOption* one = options.get(); one != nullptr && one->keyword != nullptr; ++one) {
    if (std::string_view(one->dispchar) == "*") out.insert(one->keyword);
  }
  return out;
}

}  // namespace cairn
