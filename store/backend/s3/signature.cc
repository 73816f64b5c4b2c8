#include "store/backend/s3/signature.h"

#include <algorithm>
#include <ctime>
#include <vector>

#include "store/backend/s3/digest.h"
#include "store/id.h"
#include "store/percent.h"

namespace cairn {

namespace {

std::string hash_hex(std::string_view text) { return to_hex(sha256(view(text))); }

// Without blanks around it, and with single ones inside.
std::string trimmed(std::string_view value) {
  std::string out;
  for (char c : value) {
    if (c == '\t') c = ' ';
    if (c == ' ' && (out.empty() || out.back() == ' ')) continue;
    out += c;
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

}  // namespace

std::string uri_encode(std::string_view text, bool keep_slashes) { return percent_encoded(text, keep_slashes ? "-._~/" : "-._~"); }

std::string canonical_query(const S3Query& query) {
  std::vector<std::string> pairs;   // sorted as they are encoded
  for (const auto& [name, value] : query) pairs.push_back(uri_encode(name, false) + "=" + uri_encode(value, false));
  std::ranges::sort(pairs);
  std::string out;
  for (const std::string& pair : pairs) out += (out.empty() ? "" : "&") + pair;
  return out;
}

std::string authorization(const UnsignedRequest& request, const S3Credentials& credentials, std::string_view region,
                          std::string_view time, std::string_view service) {
  std::string headers, names;
  for (const auto& [name, value] : request.headers) {
    headers += name + ":" + trimmed(value) + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical = request.method + "\n" + request.path + "\n" + canonical_query(request.query) + "\n" + headers +
                                "\n" + names + "\n" + request.payload_sha256;
  const std::string day(time.substr(0, 8));
  const std::string scope = day + "/" + std::string(region) + "/" + std::string(service) + "/aws4_request";
  const std::string to_sign = "AWS4-HMAC-SHA256\n" + std::string(time) + "\n" + scope + "\n" + hash_hex(canonical);
  Sha256 key = hmac_sha256(view("AWS4" + credentials.secret_key), view(day));
  for (std::string_view part : {region, service, std::string_view("aws4_request")}) key = hmac_sha256(key, view(part));
  return "AWS4-HMAC-SHA256 Credential=" + credentials.access_key + "/" + scope + ",SignedHeaders=" + names +
         ",Signature=" + to_hex(hmac_sha256(key, view(to_sign)));
}

std::string amz_time(int64_t seconds) {
  const auto time = static_cast<time_t>(seconds);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char out[32];
  std::strftime(out, sizeof out, "%Y%m%dT%H%M%SZ", &parts);
  return out;
}

}  // namespace cairn
