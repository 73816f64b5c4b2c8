#include "ingest/postgres/postgres_url.h"

#include <optional>

#include "store/error.h"
#include "store/percent.h"

namespace cairn {

bool PostgresUrl::is_one(std::string_view text) { return text.starts_with("postgresql://") || text.starts_with("postgres://"); }

PostgresUrl::PostgresUrl(const std::string& url) {
  constexpr std::string_view kHelp = "; write it as postgresql://user@host:5432/database?sslmode=require, and characters such as @ : / ? # % in a "
                                     "name or password as %40 %3A %2F %3F %23 %25";
  // An @ in the database's name is a password's, which ended early for libpq: "user:12/hidden@host".
  const size_t slash = is_one(url) ? url.find('/', url.find("://") + 3) : url.npos;
  if (slash != url.npos && url.substr(slash, url.find('?', slash) - slash).find('@') != url.npos) {
    throw Error(ErrorCode::kInvalidArgument,
                "the PostgreSQL URL can't be understood: a / or @ in a password must be written %2F, %40" + std::string(kHelp));
  }
  std::string what = "it does not begin with postgresql://";
  const std::optional<PostgresParameters> parsed = is_one(url) ? parse_conninfo(url, &what) : std::nullopt;
  if (!parsed) {
    // libpq quotes what it didn't understand, and that may be a piece of the password.
    what = what.substr(0, what.find('"'));
    while (what.ends_with(' ') || what.ends_with(':')) what.pop_back();
    throw Error(ErrorCode::kInvalidArgument, "the PostgreSQL URL can't be understood: " + what + std::string(kHelp));
  }
  parameters_ = *parsed;
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

}  // namespace cairn
