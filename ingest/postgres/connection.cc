#include "ingest/postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "ingest/postgres/part_names.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kCopyPieceBytes = 1 << 20;   // of COPY data: libpq holds one twice

ServerMessage message_of(const PGresult* result) {
  const auto field = [&](int which) { return libpq_line(::PQresultErrorField(result, which)); };
  ServerMessage out{field(PG_DIAG_SEVERITY_NONLOCALIZED), field(PG_DIAG_SQLSTATE), field(PG_DIAG_MESSAGE_PRIMARY),
                    field(PG_DIAG_MESSAGE_DETAIL), field(PG_DIAG_MESSAGE_HINT), field(PG_DIAG_CONTEXT)};
  if (out.text.empty()) out.text = libpq_line(::PQresultErrorMessage(result));
  return out;
}

}  // namespace

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

PostgresConnection::PostgresConnection(const PostgresParameters& parameters, std::optional<std::string> database, Monitor& monitor, Notices notices)
    : monitor_(monitor), notices_(std::move(notices)) {
  PostgresParameters effective = parameters;
  effective.try_emplace("fallback_application_name", "cairn");
  if (database) effective["dbname"] = *database;
  const auto on_notice = [](void* self, const PGresult* result) {
    const auto& passed_on = static_cast<PostgresConnection*>(self)->notices_;
    if (passed_on) passed_on(message_of(result));
  };
  connection_ = log_in(effective, monitor_, on_notice, this);
  secret_ = password_of(connection_.get());
  if (::PQsetnonblocking(connection_.get(), 1) != 0) throw_lost();
}

PostgresConnection::~PostgresConnection() {
  if (::PQstatus(connection_.get()) != CONNECTION_OK || ::PQtransactionStatus(connection_.get()) != PQTRANS_ACTIVE) return;
  PGcancel* cancel = ::PQgetCancel(connection_.get());
  char ignored[256];
  if (cancel != nullptr) ::PQcancel(cancel, ignored, sizeof ignored);
  ::PQfreeCancel(cancel);
}

void PostgresConnection::throw_lost() const {
  const std::string why = libpq_line(::PQerrorMessage(connection_.get()));
  throw Error(ErrorCode::kIo, place() + ": the connection to the server was lost: " + scrubbed(why.empty() ? "no reason is known" : why, secret_));
}

void PostgresConnection::throw_refused(const ServerMessage& message) const {
  std::string what = place() + ": " + message.text;
  if (!message.detail.empty()) what += "; " + message.detail;
  if (!message.hint.empty()) what += "; " + message.hint;
  if (!message.context.empty()) what += " (" + message.context + ")";
  throw Error(ErrorCode::kIo, scrubbed(what, secret_));
}

PostgresParameters PostgresConnection::parameters() const { return parameters_in_force(connection_.get()); }

std::string PostgresConnection::password() const { return secret_; }

std::string PostgresConnection::database() const {
  const char* name = ::PQdb(connection_.get());
  return name == nullptr ? "" : name;
}

std::string PostgresConnection::user() const {
  const char* name = ::PQuser(connection_.get());
  return name == nullptr ? "" : name;
}

std::string PostgresConnection::place() const { return place_of(connection_.get()); }

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
    const int ready = ::poll(&fd, 1, kPostgresPollMs);
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
    const int size = ::PQgetlineAsync(connection_.get(), block.data() + used, static_cast<int>(std::min(block_bytes - used, kCopyPieceBytes)));
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
    const size_t size = std::min(bytes.size(), kCopyPieceBytes);
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
