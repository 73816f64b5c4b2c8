// Where a repository in a bucket is, or a bucket that is backed up or restored to, and with which credentials: from its URL, the
// environment and the shared credentials file.
//
//   s3://BUCKET/PREFIX?endpoint=URL&region=NAME&style=path|virtual&insecure=yes
//
// endpoint: the URL, CAIRN_S3_ENDPOINT, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else Amazon's of the region.
// region:   the URL, CAIRN_S3_REGION, AWS_REGION, AWS_DEFAULT_REGION, else us-east-1.
// style:    the URL, else virtual (the bucket in the host name) at Amazon and path elsewhere.
// keys:     CAIRN_S3_ACCESS_KEY_ID with CAIRN_S3_SECRET_ACCESS_KEY and CAIRN_S3_SESSION_TOKEN, then the same as AWS_…, then the
//           profile AWS_PROFILE ("default") of AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials).
// A bucket that is backed up or restored to may be somebody else's than the repository's: for it CAIRN_SOURCE_S3_… goes before the
// CAIRN_S3_… of endpoint, region and keys.
// Secrets don't belong in the URL, which is seen by everybody: such a URL is refused.
//
// Errors:   kInvalidArgument, with what to do.   Threads: the environment must not change meanwhile.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "store/backend/s3/signature.h"

namespace cairn {

struct S3Place {
  std::string scheme = "https";   // or "http"
  std::string host;               // with ":port" when it has one; without the bucket
  std::string bucket;
  std::string prefix;             // "" or without '/' at either end
  std::string region;
  bool virtual_style = false;

  // The host a request goes to, and its path for an object ("" for the bucket itself), encoded.
  std::string request_host() const { return virtual_style ? bucket + "." + host : host; }
  std::string request_path(std::string_view key) const;
  // "s3://bucket/prefix?endpoint=…": no secrets; the same for the same place, however it was found.
  std::string describe() const;
};

using Environment = std::function<std::optional<std::string>(const char*)>;
// The process's own; an empty variable is none.
std::optional<std::string> from_environment(const char* name);

enum class S3Use { kRepository, kSource };   // kSource: of a backup, and the target of a restore

S3Place parse_s3_place(std::string_view url, const Environment& environment = from_environment, S3Use use = S3Use::kRepository);
S3Credentials find_s3_credentials(const Environment& environment = from_environment, S3Use use = S3Use::kRepository);

}  // namespace cairn
