// Object Lock: until when an object's version can't be deleted or replaced.
//
// Errors:   the client's.   Threads: functions, thread-safe.
#pragma once

#include "store/backend/backend.h"
#include "store/backend/s3/client.h"

namespace cairn {

// Of a PUT: locks what it stores until `end_s`, seconds since the epoch.
S3Headers lock_headers(RetentionLock::Mode mode, int64_t end_s);

// Of an object that is there.  kInvalidArgument unless the server knows locks: one that passes over "?retention" would replace an object
// by the text of its lock.
void require_locks(S3Client& client, std::string_view key);

// Locks the newest version of an object until `end_s`.  A lock that ends later stays, and so does compliance mode.  Returns the end.
int64_t lock_object(S3Client& client, std::string_view key, RetentionLock::Mode mode, int64_t end_s);

}  // namespace cairn
