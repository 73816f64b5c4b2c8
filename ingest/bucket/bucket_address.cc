#include "ingest/bucket/bucket_address.h"

#include "store/backend/s3/s3.h"

namespace cairn {

std::string BucketAddress::component_name() const {
  return place.prefix.empty() ? place.bucket : place.prefix.substr(place.prefix.rfind('/') + 1);
}

BucketAddress find_bucket(std::string_view url, bool (*stop)()) {
  S3Options options;
  options.stop = stop;
  return {parse_s3_place(url, from_environment, S3Use::kSource), find_s3_credentials(from_environment, S3Use::kSource), s3_settings(options)};
}

}  // namespace cairn
