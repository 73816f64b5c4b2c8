#include "ingest/redis/reply_error.h"

#include <algorithm>

namespace cairn {

namespace {

constexpr size_t kMostWordsBytes = 500;      // of a server's
constexpr size_t kShortestSecretBytes = 4;   // a shorter password is found in any message by chance

constexpr std::string_view kGivePassword = "set CAIRN_REDIS_PASSWORD, or write redis://user:password@host";

std::string scrubbed(const RedisUrl& url, std::string_view reply) {
  std::string out = without_password(url, reply);
  if (out.size() > kMostWordsBytes) out = out.substr(0, kMostWordsBytes) + "…";
  return printable(out);
}

bool contains(std::string_view text, std::string_view piece) { return text.find(piece) != text.npos; }

// What the server's first word means for a person; "" when its own words must do.
std::string explained(const RedisUrl& url, std::string_view reply) {
  const std::string_view word = error_word(reply);
  const std::string as = url.user.empty() ? "" : " \"" + printable(url.user) + "\"";
  if (word == "NOAUTH") return "the server wants a password: " + std::string(kGivePassword);
  if (word == "WRONGPASS" || contains(reply, "invalid password")) {
    return (url.password.empty() ? "the server wants a password for the user" + as : "wrong password, or no such user" + as) + ": " +
           std::string(kGivePassword);
  }
  if (word == "LOADING") return "the server is still loading its data; try again when it is ready";
  if (word == "NOMASTERLINK" || word == "MASTERDOWN") {
    return "the server is a replica without a connection to its master, so its data may be old; try again when it has one, or name the "
           "master";
  }
  if (word == "MISCONF") return "the server can't save to its disk, and does nothing until it can; its log says why";
  if (word == "DENIED") {
    return "the server takes no connections from other machines (protected mode); give it a password, or connect through its socket";
  }
  if (contains(reply, "max number of clients")) {
    return "the server has as many connections as it takes; try again later, or raise its maxclients";
  }
  if (contains(reply, "fork") || contains(reply, "ackground save") || contains(reply, "BGSAVE")) {
    return "the server can't make a copy of its data (no memory for a fork, or no room on its disk); its log says why";
  }
  return "";
}

}  // namespace

std::string without_password(const RedisUrl& url, std::string_view words) {
  std::string out;
  const size_t size = url.password.size();
  for (size_t at = 0; size >= kShortestSecretBytes && (at = words.find(url.password)) != words.npos; words.remove_prefix(at + size))
    out.append(words.substr(0, at)).append("***");
  return out.append(words);
}

std::string_view error_word(std::string_view reply) { return reply.substr(0, reply.find(' ')); }

bool is_unknown_command(std::string_view reply) {
  std::string lower(reply.substr(0, 40));
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return contains(lower, "unknown command") || contains(lower, "unknown subcommand") || contains(lower, "unknown redis command");
}

bool is_forbidden(std::string_view reply) { return error_word(reply) == "NOPERM" || is_unknown_command(reply); }

Error redis_error(const RedisUrl& url, std::string_view what, std::string_view reply) {
  const std::string place = url.description() + (what.empty() ? "" : ": " + printable(what)) + ": ";
  const std::string meaning = explained(url, reply);
  const std::string_view word = error_word(reply);
  // Words about a password are ours alone.
  if (word == "NOAUTH" || word == "WRONGPASS" || contains(reply, "invalid password")) return Error(ErrorCode::kWrongKey, place + meaning);
  const std::string words = scrubbed(url, reply);
  if (word == "NOPERM") {
    return Error(ErrorCode::kIo, place + "this user of the server may not do that (" + words + "); ACL SETUSER gives rights");
  }
  return Error(ErrorCode::kIo, place + (meaning.empty() ? "the server says: " + words : meaning + " (it says: " + words + ")"));
}

}  // namespace cairn
