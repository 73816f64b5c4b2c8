// A bucket that is backed up, or restored to: where it is, and as whom.
//
// Threads:  immutable, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "store/backend/s3/client.h"

namespace cairn {

struct BucketAddress {
  S3Place place;
  S3Credentials credentials;
  S3Settings settings;

  // What all its keys begin with: "" or with a '/' behind it.
  std::string root() const { return place.prefix.empty() ? "" : place.prefix + "/"; }
  // The last element of the prefix, else the bucket.
  std::string component_name() const;

  static bool is_one(std::string_view url) { return url.starts_with("s3://"); }
};

// `url`: as of a repository, with what CAIRN_SOURCE_S3_… says (store/backend/s3/place.h).  `stop`: somebody wants to stop.
// kInvalidArgument, also without credentials.
BucketAddress find_bucket(std::string_view url, bool (*stop)());

}  // namespace cairn
