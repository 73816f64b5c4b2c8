#include "store/backend/s3/place.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>

#include "store/error.h"

namespace cairn {

namespace {

[[noreturn]] void refuse_place(const std::string& why) { throw Error(ErrorCode::kInvalidArgument, why); }

std::string decoded_url(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      auto digit = [&](size_t at) {
        const size_t value = at < text.size() ? std::string_view("0123456789abcdefABCDEF").find(text[at]) : std::string_view::npos;
        if (value == std::string_view::npos) refuse_place("s3:// URL: \"%\" must be followed by two hexadecimal digits; write %25 for a %");
        return value < 16 ? value : value - 6;
      };
      out += static_cast<char>(digit(i + 1) * 16 + digit(i + 2));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string first_of(const Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (auto value = environment(name)) return *value;
  return "";
}

// Amazon's rules, and no more than them: other servers allow less at most.
void require_bucket(const std::string& bucket) {
  const bool fits = bucket.size() >= 3 && bucket.size() <= 63 && std::ranges::all_of(bucket, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
  if (!fits)
    refuse_place("s3://" + printable(bucket) + ": not the name of a bucket (3 to 63 letters, digits, '-' and '.'); write s3://BUCKET/PREFIX");
}

bool loopback(std::string_view host) {
  if (host.starts_with("[::1]")) return true;
  host = host.substr(0, host.find(':'));
  return host == "localhost" || host.ends_with(".localhost") ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

void set_endpoint(S3Place& place, std::string endpoint, bool insecure) {
  if (endpoint.empty()) endpoint = "https://s3." + place.region + ".amazonaws.com" + (place.region.starts_with("cn-") ? ".cn" : "");
  if (endpoint.find("://") == std::string::npos) endpoint.insert(0, "https://");
  place.scheme = endpoint.substr(0, endpoint.find("://"));
  place.host = endpoint.substr(endpoint.find("://") + 3);
  while (place.host.ends_with('/')) place.host.pop_back();
  if (place.scheme != "https" && place.scheme != "http")
    refuse_place("endpoint " + printable(endpoint) + ": must begin with https:// (or http://)");
  if (place.host.empty() || place.host.find_first_of("/?#@ \t\r\n") != std::string::npos)
    refuse_place("endpoint: must be https://HOST or https://HOST:PORT, without path, user or password");
  if (place.scheme == "http" && !insecure && !loopback(place.host))
    refuse_place("endpoint " + endpoint + ": unencrypted HTTP shows everybody on the way what you do; use https://, or add insecure=yes to the URL");
}

}  // namespace

std::optional<std::string> from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value && *value ? std::optional<std::string>(value) : std::nullopt;
}

std::string S3Place::request_path(std::string_view key) const {
  std::string path = virtual_style ? "/" : "/" + uri_encode(bucket, false) + (key.empty() ? "" : "/");
  return path + uri_encode(key, true);
}

std::string S3Place::describe() const {
  return "s3://" + bucket + (prefix.empty() ? "" : "/" + printable(prefix)) + "?endpoint=" + scheme + "://" + host;
}

S3Place parse_s3_place(std::string_view url, const Environment& environment, S3Use use) {
  constexpr std::string_view kScheme = "s3://";
  if (!url.starts_with(kScheme)) refuse_place("not an S3 URL: write s3://BUCKET/PREFIX");
  url.remove_prefix(kScheme.size());
  std::string_view query;
  if (const size_t mark = url.find('?'); mark != std::string_view::npos) {
    query = url.substr(mark + 1);
    url = url.substr(0, mark);
  }
  S3Place place;
  const size_t slash = std::min(url.find('/'), url.size());
  if (url.substr(0, slash).find('@') != std::string_view::npos)
    refuse_place("s3:// URL: credentials don't belong there; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead");
  place.bucket = decoded_url(url.substr(0, slash));
  require_bucket(place.bucket);
  place.prefix = decoded_url(url.substr(std::min(slash + 1, url.size())));
  while (place.prefix.ends_with('/')) place.prefix.pop_back();
  if (place.prefix.starts_with('/') || place.prefix.find("//") != std::string::npos || place.prefix.size() > 700)
    refuse_place("s3://" + place.bucket + ": a prefix has no empty elements and at most 700 bytes; write s3://BUCKET/FOLDER/FOLDER");
  std::string endpoint, style;
  if (use == S3Use::kSource) {
    endpoint = first_of(environment, {"CAIRN_SOURCE_S3_ENDPOINT"});
    place.region = first_of(environment, {"CAIRN_SOURCE_S3_REGION"});
  }
  if (endpoint.empty()) endpoint = first_of(environment, {"CAIRN_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  if (place.region.empty()) place.region = first_of(environment, {"CAIRN_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"});
  bool insecure = false;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string name = decoded_url(pair.substr(0, equals)), value = decoded_url(pair.substr(std::min(equals + 1, pair.size())));
    if (name == "endpoint") endpoint = value;
    else if (name == "region") place.region = value;
    else if (name == "style") style = value;
    else if (name == "insecure" && (value == "yes" || value == "no")) insecure = value == "yes";
    else refuse_place("s3:// URL: \"" + printable(name) + "\" is none of endpoint=URL, region=NAME, style=path|virtual, insecure=yes");
  }
  if (place.region.empty()) place.region = "us-east-1";
  set_endpoint(place, endpoint, insecure);
  if (!style.empty() && style != "path" && style != "virtual") refuse_place("s3:// URL: style is either path or virtual");
  // A bucket with dots doesn't fit Amazon's certificate.
  const bool amazon = place.host.find(".amazonaws.com") != std::string::npos && place.bucket.find('.') == std::string::npos;
  place.virtual_style = style.empty() ? amazon : style == "virtual";
  return place;
}

}  // namespace cairn
