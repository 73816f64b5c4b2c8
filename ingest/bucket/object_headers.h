// What S3 keeps beside an object's bytes, as extended attributes of its entry, and back: FORMAT.md, "Bucket".
//
//   user.s3.etag               without quotes; not given back: the server makes it
//   user.s3.content-type       and cache-control, content-disposition, content-encoding, content-language, expires
//   user.s3.meta.NAME          of x-amz-meta-NAME
//
// Threads:  functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "store/backend/s3/signature.h"
#include "store/tree/entry.h"

namespace cairn {

// From the headers of a GET or HEAD; sorted by name.
std::vector<Xattr> xattrs_of_headers(const S3Headers& headers);

// For a PUT.  Other attributes are passed over.   kInvalidArgument for what can't be a header (a control character in it).
S3Headers headers_of_xattrs(const std::vector<Xattr>& xattrs);

// "" when there is none.
std::string etag_of(const std::vector<Xattr>& xattrs);
Xattr etag_xattr(const std::string& etag);
// Without its quotes; of one that the server calls weak, too.
std::string bare_etag(std::string etag);

// "Wed, 21 Oct 2015 07:28:00 GMT" in nanoseconds since the epoch; 0 for anything else.
int64_t parse_http_time(const std::string& text);

}  // namespace cairn
