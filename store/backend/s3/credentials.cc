// The second half of place.h: who we are.
#include <fstream>

#include "store/backend/s3/place.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr size_t kMostFileBytes = 1 << 20;

std::string_view stripped(std::string_view text) {
  constexpr char kBlanks[] = " \t\r";
  const size_t from = text.find_first_not_of(kBlanks);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kBlanks) - from + 1);
}

// One profile of an INI file; nullopt when it isn't there.
std::optional<S3Credentials> profile_of(const std::string& path, const std::string& profile) {
  std::ifstream in(path);
  if (!in) return std::nullopt;
  std::optional<S3Credentials> found;
  bool inside = false;
  size_t bytes = 0;
  for (std::string whole; std::getline(in, whole);) {
    if ((bytes += whole.size()) > kMostFileBytes) throw Error(ErrorCode::kInvalidArgument, path + ": too large for a credentials file");
    const std::string_view line = stripped(whole);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      inside = stripped(line.substr(1, std::min(line.find(']'), line.size()) - 1)) == profile;
      if (inside && !found) found.emplace();
      continue;
    }
    const size_t equals = line.find('=');
    if (!inside || equals == std::string_view::npos) continue;
    const std::string_view name = stripped(line.substr(0, equals)), value = stripped(line.substr(equals + 1));
    if (name == "aws_access_key_id") found->access_key = value;
    if (name == "aws_secret_access_key") found->secret_key = value;
    if (name == "aws_session_token") found->session_token = value;
  }
  return found;
}

}  // namespace

S3Credentials find_s3_credentials(const Environment& environment, S3Use use) {
  for (const std::string start : {"CAIRN_SOURCE_S3_", "CAIRN_S3_", "AWS_"}) {
    if (use == S3Use::kRepository && start == "CAIRN_SOURCE_S3_") continue;
    auto access = environment((start + "ACCESS_KEY_ID").c_str()), secret = environment((start + "SECRET_ACCESS_KEY").c_str());
    if (access.has_value() != secret.has_value())
      throw Error(ErrorCode::kInvalidArgument, start + (access ? "ACCESS_KEY_ID is set without " : "SECRET_ACCESS_KEY is set without ") +
                                                   start + (access ? "SECRET_ACCESS_KEY" : "ACCESS_KEY_ID") + ": set both or neither");
    if (access) return {*access, *secret, environment((start + "SESSION_TOKEN").c_str()).value_or("")};
  }
  const std::string profile = environment("AWS_PROFILE").value_or("default");
  const std::string path = environment("AWS_SHARED_CREDENTIALS_FILE").value_or(environment("HOME").value_or("") + "/.aws/credentials");
  const auto found = profile_of(path, profile);
  if (found && !found->access_key.empty() && !found->secret_key.empty()) return *found;
  if (found)
    throw Error(ErrorCode::kInvalidArgument, path + ": profile \"" + printable(profile) + "\" lacks aws_access_key_id or aws_secret_access_key");
  throw Error(ErrorCode::kInvalidArgument,
              "no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or CAIRN_S3_ACCESS_KEY_ID and "
              "CAIRN_S3_SECRET_ACCESS_KEY), or write a profile \"" + printable(profile) + "\" into " + path);
}

}  // namespace cairn
