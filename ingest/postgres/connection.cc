#include "ingest/postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "ingest/postgres/part_names.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr int kPollMs = 200;                 // how late an interruption is noticed
constexpr size_t kPieceBytes = 1 << 20;      // of COPY data: libpq holds one twice
constexpr size_t kShortestSecretBytes = 4;   // a shorter password is found in any message by chance

struct OptionsFree {
  void operator()(PQconninfoOption* options) const { ::PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, OptionsFree>;

struct MemoryFree {
  void operator()(void* memory) const { ::PQfreemem(memory); }
};
using Message = std::unique_ptr<char, MemoryFree>;

// libpq's messages have lines and tabs; ours are one line.  `sentences`: each line is one.
std::string one_line(const char* text, bool sentences = false) {
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

ServerMessage message_of(const PGresult* result) {
  const auto field = [&](int which) { return one_line(::PQresultErrorField(result, which)); };
  ServerMessage out{field(PG_DIAG_SEVERITY_NONLOCALIZED), field(PG_DIAG_SQLSTATE), field(PG_DIAG_MESSAGE_PRIMARY),
                    field(PG_DIAG_MESSAGE_DETAIL), field(PG_DIAG_MESSAGE_HINT), field(PG_DIAG_CONTEXT)};
  if (out.text.empty()) out.text = one_line(::PQresultErrorMessage(result));
  return out;
}

// For a URL: what isn't plain in a part of one.
std::string percent_encoded(std::string_view text, std::string_view plain) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<uint8_t>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

std::string server_place(const std::string& host, const std::string& port) {
  return host.starts_with('/') ? host + "/.s.PGSQL." + port : host + ":" + port;
}

}  // namespace

bool PostgresUrl::is_one(std::string_view text) { return text.starts_with("postgresql://") || text.starts_with("postgres://"); }

PostgresUrl::PostgresUrl(const std::string& url) {
  constexpr std::string_view kHelp = "; write it as postgresql://user@host:5432/database?sslmode=require, and characters such as @ : / ? # % in a "
                                     "name or password as %40 %3A %2F %3F %23 %25";
  // An @ in the database's name is a password's, which ended early for libpq: "user:12/hidden@host".
  const size_t slash = is_one(url) ? url.find('/', url.find("://") + 3) : url.npos;
  if (slash != url.npos && url.substr(slash, url.find('?', slash) - slash).find('@') != url.npos) {
    throw Error(ErrorCode::kInvalidArgument, "the PostgreSQL URL can't be understood: a / or @ in a password must be written %2F, %40" + std::string(kHelp));
  }
  char* why = nullptr;
  const Options options(is_one(url) ? ::PQconninfoParse(url.c_str(), &why) : nullptr);
  const Message message(why);
  if (!options) {
    // libpq quotes what it didn't understand, and that may be a piece of the password.
    std::string what = message ? one_line(message.get()) : "it does not begin with postgresql://";
    what = what.substr(0, what.find('"'));
    while (what.ends_with(' ') || what.ends_with(':')) what.pop_back();
    throw Error(ErrorCode::kInvalidArgument, "the PostgreSQL URL can't be understood: " + what + std::string(kHelp));
  }
  for (const PQconninfoOption* one = options.get(); one->keyword != nullptr; ++one) {
    if (one->val != nullptr && *one->val != 0) parameters_[one->keyword] = one->val;
  }
  if (parameter("host").find('@') != std::string::npos || parameter("port").find_first_not_of("0123456789,") != std::string::npos) {
    throw Error(ErrorCode::kInvalidArgument, "the PostgreSQL URL can't be understood: its host or port can't be one" + std::string(kHelp));
  }
}

std::string PostgresUrl::parameter(const std::string& keyword) const {
  const auto found = parameters_.find(keyword);
  return found == parameters_.end() ? "" : found->second;
}

std::string PostgresUrl::component_name() const {
  if (!database().empty()) return database();
  const std::string hosts = parameter("host"), host = hosts.substr(0, hosts.find(','));
  return host.empty() || host.starts_with('/') || host.starts_with('@') ? "postgres" : host;
}

std::string PostgresUrl::description() const {
  std::string out = "postgresql://", tail;
  if (!parameter("user").empty()) out += percent_encoded(parameter("user"), "-._~") + "@";
  const bool socket = parameter("host").starts_with('/') || parameter("host").starts_with('@');
  if (!socket) out += percent_encoded(parameter("host"), "-._~,:[]");
  if (!socket && !parameter("port").empty()) out += ":" + parameter("port");
  if (!database().empty()) out += "/" + percent_encoded(database(), "-._~");
  const auto add = [&](const std::string& keyword) {
    if (!parameter(keyword).empty()) tail += (tail.empty() ? "?" : "&") + keyword + "=" + percent_encoded(parameter(keyword), "-._~/,:");
  };
  if (socket) add("host");
  if (socket) add("port");
  add("hostaddr");
  add("service");
  return out + tail;
}

PostgresRows::PostgresRows(PGresult* result) : result_(result) {}

void PostgresRows::Clear::operator()(PGresult* result) const { ::PQclear(result); }

size_t PostgresRows::size() const { return static_cast<size_t>(::PQntuples(result_.get())); }

bool PostgresRows::null(size_t row, size_t column) const {
  return row >= size() || column >= static_cast<size_t>(::PQnfields(result_.get())) ||
         ::PQgetisnull(result_.get(), static_cast<int>(row), static_cast<int>(column)) != 0;
}

std::string_view PostgresRows::text(size_t row, size_t column) const {
  if (null(row, column)) return {};
  return {::PQgetvalue(result_.get(), static_cast<int>(row), static_cast<int>(column)),
          static_cast<size_t>(::PQgetlength(result_.get(), static_cast<int>(row), static_cast<int>(column)))};
}

uint64_t PostgresRows::number(size_t row, size_t column) const {
  const std::string_view digits = text(row, column);
  uint64_t out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    throw Error(ErrorCode::kCorrupt, "a PostgreSQL server sent \"" + printable(digits) + "\" where a number belongs");
  }
  return out;
}

void PostgresConnection::Finish::operator()(PGconn* connection) const { ::PQfinish(connection); }

PostgresConnection::PostgresConnection(const PostgresParameters& parameters, std::optional<std::string> database, Monitor& monitor, Notices notices)
    : monitor_(monitor), notices_(std::move(notices)) {
  PostgresParameters effective = parameters;
  effective.try_emplace("fallback_application_name", "cairn");
  if (database) effective["dbname"] = *database;
  connect(effective);
}

PostgresConnection::~PostgresConnection() {
  if (::PQstatus(connection_.get()) != CONNECTION_OK || ::PQtransactionStatus(connection_.get()) != PQTRANS_ACTIVE) return;
  PGcancel* cancel = ::PQgetCancel(connection_.get());
  char ignored[256];
  if (cancel != nullptr) ::PQcancel(cancel, ignored, sizeof ignored);
  ::PQfreeCancel(cancel);
}

void PostgresConnection::connect(const PostgresParameters& parameters) {
  using std::chrono::seconds, std::chrono::steady_clock;
  std::vector<const char*> keywords, values;
  for (const auto& [keyword, value] : parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  monitor_.check_interrupted();
  connection_.reset(::PQconnectStartParams(keywords.data(), values.data(), 0));
  if (!connection_) throw Error(ErrorCode::kIo, "PostgreSQL: no memory for a connection");
  if (::PQstatus(connection_.get()) == CONNECTION_BAD) throw_connect_failed();
  ::PQsetNoticeReceiver(
      connection_.get(),
      [](void* self, const PGresult* result) {
        const auto& notices = static_cast<PostgresConnection*>(self)->notices_;
        if (notices) notices(message_of(result));
      },
      this);
  const PostgresParameters in_force = this->parameters();
  const auto timeout = in_force.find("connect_timeout");
  const int timeout_s = timeout == in_force.end() ? 0 : std::atoi(timeout->second.c_str());
  const auto end = steady_clock::now() + seconds(timeout_s);
  for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK; state = ::PQconnectPoll(connection_.get())) {
    if (state == PGRES_POLLING_FAILED) throw_connect_failed();
    struct ::pollfd fd{::PQsocket(connection_.get()), static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    while (::poll(&fd, 1, kPollMs) <= 0) {
      monitor_.check_interrupted();
      if (timeout_s > 0 && steady_clock::now() >= end) throw Error(ErrorCode::kIo, place() + ": no answer within connect_timeout");
    }
  }
  if (const char* password = ::PQpass(connection_.get())) secret_ = password;
  if (::PQsetnonblocking(connection_.get(), 1) != 0) throw_lost();
}

void PostgresConnection::throw_connect_failed() {
  if (const char* password = ::PQpass(connection_.get())) secret_ = password;
  const std::string why = one_line(::PQerrorMessage(connection_.get()), true);
  std::string what = place() + ": " + scrubbed(why);
  if (::PQconnectionNeedsPassword(connection_.get()) != 0) {
    what += "; put the password into ~/.pgpass, into a file that PGPASSFILE names, or into the URL";
  } else if (::PQconnectionUsedPassword(connection_.get()) != 0 && why.find("authentication failed") != std::string::npos) {
    what += "; look at the password in ~/.pgpass, PGPASSFILE, PGPASSWORD or the URL";
  }
  throw Error(ErrorCode::kIo, what);
}

void PostgresConnection::throw_lost() const {
  const std::string why = one_line(::PQerrorMessage(connection_.get()));
  throw Error(ErrorCode::kIo, place() + ": the connection to the server was lost: " + scrubbed(why.empty() ? "no reason is known" : why));
}

void PostgresConnection::throw_refused(const ServerMessage& message) const {
  std::string what = place() + ": " + message.text;
  if (!message.detail.empty()) what += "; " + message.detail;
  if (!message.hint.empty()) what += "; " + message.hint;
  if (!message.context.empty()) what += " (" + message.context + ")";
  throw Error(ErrorCode::kIo, scrubbed(what));
}

std::string PostgresConnection::scrubbed(std::string text) const {
  if (secret_.size() < kShortestSecretBytes) return text;
  for (size_t at = 0; (at = text.find(secret_, at)) != std::string::npos;) text.replace(at, secret_.size(), "***");
  return text;
}

PostgresParameters PostgresConnection::parameters() const {
  PostgresParameters out;
  const Options options(::PQconninfo(connection_.get()));
  for (const PQconninfoOption* one = options.get(); one != nullptr && one->keyword != nullptr; ++one) {
    const bool is_default = one->compiled != nullptr && one->val != nullptr && std::string_view(one->compiled) == one->val;
    if (one->val != nullptr && *one->val != 0 && !is_default) out[one->keyword] = one->val;
  }
  for (const char* chosen : {"service", "passfile", "target_session_attrs", "load_balance_hosts", "hostaddr"}) out.erase(chosen);
  const auto set = [&](const char* keyword, const char* value) {
    if (value != nullptr && *value != 0) out[keyword] = value;
  };
  set("host", ::PQhost(connection_.get()));
  set("hostaddr", ::PQhostaddr(connection_.get()));
  set("port", ::PQport(connection_.get()));
  set("dbname", ::PQdb(connection_.get()));
  set("user", ::PQuser(connection_.get()));
  set("password", ::PQpass(connection_.get()));
  return out;
}

std::string PostgresConnection::password() const { return secret_; }

std::string PostgresConnection::database() const {
  const char* name = ::PQdb(connection_.get());
  return name == nullptr ? "" : name;
}

std::string PostgresConnection::user() const {
  const char* name = ::PQuser(connection_.get());
  return name == nullptr ? "" : name;
}

std::string PostgresConnection::place() const {
  const char *host = ::PQhost(connection_.get()), *port = ::PQport(connection_.get());
  // Not all of them are known when it failed early.
  std::string out = database().empty() ? "PostgreSQL" : "database \"" + printable(database()) + "\"";
  if (host != nullptr && *host != 0) out += " at " + printable(server_place(host, port == nullptr || *port == 0 ? "5432" : port));
  if (!user().empty()) out += " as user \"" + printable(user()) + "\"";
  return out;
}

int PostgresConnection::server_version_num() const { return ::PQserverVersion(connection_.get()); }

std::string PostgresConnection::server_version() const {
  const char* version = ::PQparameterStatus(connection_.get(), "server_version");
  return version == nullptr ? "" : printable(version);
}

// Until libpq can go on; takes in what has come.
void PostgresConnection::wait(bool reading, bool writing) {
  struct ::pollfd fd{::PQsocket(connection_.get()), static_cast<short>((reading ? POLLIN : 0) | (writing ? POLLOUT : 0)), 0};
  for (;;) {
    monitor_.check_interrupted();
    const int ready = ::poll(&fd, 1, kPollMs);
    if (ready < 0 && errno != EINTR && errno != EAGAIN) throw_errno(place() + ": waiting for the server");
    if (ready > 0) break;
  }
  if ((fd.revents & ~POLLOUT) != 0 && ::PQconsumeInput(connection_.get()) == 0) throw_lost();
}

void PostgresConnection::flush() {
  while (const int left = ::PQflush(connection_.get())) {
    if (left < 0) throw_lost();
    wait(true, true);
  }
}

void PostgresConnection::send(const std::string& sql, bool one_statement) {
  if (sql.find('\0') != std::string::npos) throw Error(ErrorCode::kInvalidArgument, place() + ": a statement with a NUL in it");
  // The extended protocol takes one statement, the simple one any number.
  const int sent = one_statement ? ::PQsendQueryParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0)
                                 : ::PQsendQuery(connection_.get(), sql.c_str());
  if (sent == 0) throw_lost();
  flush();
}

PGresult* PostgresConnection::next_result() {
  while (::PQisBusy(connection_.get()) != 0) wait(true, false);
  return ::PQgetResult(connection_.get());
}

// Every result up to the end of the command: the last good one in `rows`, the first refusal as the answer.
std::optional<ServerMessage> PostgresConnection::drain(std::optional<PostgresRows>& rows) {
  std::optional<ServerMessage> refused;
  while (PGresult* const result = next_result()) {
    PostgresRows held(result);
    const ExecStatusType status = ::PQresultStatus(result);
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
      throw Error(ErrorCode::kInvalidArgument, place() + ": COPY where a statement without data was expected");
    }
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      if (!refused) refused = message_of(result);
    } else {
      rows.emplace(std::move(held));
    }
  }
  if (::PQstatus(connection_.get()) != CONNECTION_OK) {
    // The server's last words ("terminating connection due to administrator command") are in the result, libpq's in the connection.
    if (refused && !refused->sqlstate.empty()) throw_refused(*refused);
    throw_lost();
  }
  return refused;
}

PostgresRows PostgresConnection::query(const std::string& sql) {
  std::optional<PostgresRows> rows;
  send(sql);
  if (const auto refused = drain(rows)) throw_refused(*refused);
  if (!rows) rows.emplace(::PQmakeEmptyPGresult(connection_.get(), PGRES_COMMAND_OK));
  return std::move(*rows);
}

std::optional<ServerMessage> PostgresConnection::try_exec(const std::string& sql) {
  std::optional<PostgresRows> rows;
  send(sql);
  return drain(rows);
}

std::optional<ServerMessage> PostgresConnection::try_exec_one(const std::string& sql) {
  std::optional<PostgresRows> rows;
  send(sql, true);
  return drain(rows);
}

PostgresTransaction PostgresConnection::transaction() const {
  switch (::PQtransactionStatus(connection_.get())) {
    case PQTRANS_IDLE: return PostgresTransaction::kNone;
    case PQTRANS_INTRANS: return PostgresTransaction::kOpen;
    case PQTRANS_INERROR: return PostgresTransaction::kFailed;
    default: return PostgresTransaction::kUnknown;
  }
}

void PostgresConnection::begin_copy(const std::string& sql, bool out) {
  send(sql, !out);
  PostgresRows first(next_result());
  PGresult* const result = first.get();
  if (::PQresultStatus(result) == (out ? PGRES_COPY_OUT : PGRES_COPY_IN)) return;
  std::optional<ServerMessage> refused;
  if (::PQresultStatus(result) == PGRES_FATAL_ERROR) refused = message_of(result);
  std::optional<PostgresRows> rest;
  const auto later = drain(rest);
  if (!refused) refused = later;
  if (refused) throw_refused(*refused);
  throw Error(ErrorCode::kInvalidArgument, place() + ": a statement without data where COPY was expected");
}

void PostgresConnection::begin_copy_out(const std::string& sql) { begin_copy(sql, true); }

// PQgetlineAsync rather than PQgetCopyData: that one allocates every row a second time.
bool PostgresConnection::copy_out(std::string& block, size_t block_bytes) {
  size_t used = block.size();
  block.resize(std::max(used, block_bytes));
  bool more = true;
  while (more && used < block_bytes) {
    const int size = ::PQgetlineAsync(connection_.get(), block.data() + used, static_cast<int>(std::min(block_bytes - used, kPieceBytes)));
    if (size == 0) wait(true, false);
    if (size > 0) used += static_cast<size_t>(size);
    more = size >= 0;
  }
  block.resize(used);
  if (more) return true;
  std::optional<PostgresRows> rows;
  if (const auto refused = drain(rows)) throw_refused(*refused);
  return false;
}

void PostgresConnection::begin_copy_in(const std::string& sql) { begin_copy(sql, false); }

void PostgresConnection::put_copy(ByteView bytes) {
  while (!bytes.empty()) {
    const size_t size = std::min(bytes.size(), kPieceBytes);
    const int taken = ::PQputCopyData(connection_.get(), reinterpret_cast<const char*>(bytes.data()), static_cast<int>(size));
    if (taken < 0) throw_lost();
    if (taken > 0) bytes = bytes.subspan(size);
    flush();
  }
}

void PostgresConnection::end_copy(const char* why) {
  for (int ended = 0; ended != 1;) {
    ended = ::PQputCopyEnd(connection_.get(), why);
    if (ended < 0) throw_lost();
    if (ended == 0) wait(true, true);
  }
  flush();
}

uint64_t PostgresConnection::end_copy_in() {
  end_copy(nullptr);
  std::optional<PostgresRows> rows;
  if (const auto refused = drain(rows)) throw_refused(*refused);
  uint64_t count = 0;
  const std::string_view digits = rows ? ::PQcmdTuples(rows->get()) : "";
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return count;
}

void PostgresConnection::abort_copy_in(const std::string& why) {
  end_copy(why.c_str());
  std::optional<PostgresRows> rows;
  drain(rows);
}

std::string PostgresConnection::quote_identifier(std::string_view name) { return cairn::quote_identifier(name); }

std::string PostgresConnection::quote_literal(std::string_view text) {
  std::string out;
  bool backslash = false;
  for (const char c : text) {
    backslash = backslash || c == '\\';
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return (backslash ? "E'" : "'") + out + "'";
}

}  // namespace cairn
