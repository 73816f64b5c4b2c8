#include "ingest/bucket/object_headers.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "store/error.h"

namespace cairn {

namespace {

constexpr std::array<std::string_view, 6> kKept = {"cache-control",    "content-disposition", "content-encoding",
                                                   "content-language", "content-type",        "expires"};
constexpr std::string_view kAttribute = "user.s3.", kMeta = "meta.", kMetaHeader = "x-amz-meta-", kEtag = "user.s3.etag";

bool kept(std::string_view header) { return std::ranges::find(kKept, header) != kKept.end(); }

// Whoever could put a line end here could add headers of his own.
bool fits_in_header(std::string_view text, bool name) {
  return std::ranges::none_of(text, [&](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return byte < 0x20 || byte == 0x7f || (name && (c == ':' || c == ' '));
  });
}

}  // namespace

std::vector<Xattr> xattrs_of_headers(const S3Headers& headers) {
  std::vector<Xattr> out;
  for (const auto& [name, value] : headers) {
    const ByteView bytes = view(value);
    if (name == "etag") out.push_back(etag_xattr(bare_etag(value)));
    else if (kept(name)) out.push_back({std::string(kAttribute) + name, {bytes.begin(), bytes.end()}});
    else if (name.starts_with(kMetaHeader) && name.size() > kMetaHeader.size())
      out.push_back({std::string(kAttribute) + std::string(kMeta) + name.substr(kMetaHeader.size()), {bytes.begin(), bytes.end()}});
  }
  std::ranges::sort(out, {}, &Xattr::name);
  return out;
}

S3Headers headers_of_xattrs(const std::vector<Xattr>& xattrs) {
  S3Headers out;
  for (const Xattr& xattr : xattrs) {
    if (!xattr.name.starts_with(kAttribute) || xattr.name == kEtag) continue;
    const std::string name = xattr.name.substr(kAttribute.size());
    const bool meta = name.starts_with(kMeta) && name.size() > kMeta.size();
    if (!meta && !kept(name)) continue;
    const std::string header = meta ? std::string(kMetaHeader) + name.substr(kMeta.size()) : name;
    if (!fits_in_header(header, true) || !fits_in_header(text(xattr.value), false))
      throw Error(ErrorCode::kInvalidArgument, "its attribute " + printable(xattr.name) + " can't be a header of HTTP");
    out[header] = text(xattr.value);
  }
  return out;
}

std::string etag_of(const std::vector<Xattr>& xattrs) {
  const auto found = std::ranges::find(xattrs, kEtag, &Xattr::name);
  return found == xattrs.end() ? "" : std::string(text(found->value));
}

Xattr etag_xattr(const std::string& etag) {
  const ByteView bytes = view(etag);
  return {std::string(kEtag), {bytes.begin(), bytes.end()}};
}

std::string bare_etag(std::string etag) {
  if (etag.starts_with("W/")) etag.erase(0, 2);
  std::erase(etag, '"');
  return etag;
}

int64_t parse_http_time(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return end && *end == '\0' ? int64_t{::timegm(&parts)} * 1'000'000'000 : 0;
}

}  // namespace cairn
