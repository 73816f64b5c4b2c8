// A component that is a tree, or a path of it, into a bucket: each file becomes an object, with what is saved of its headers.
//
//   tree → [look at the target] → content → [PUT · verify]       (16 connections each; content is read in tree order)
//
// Key:      the target's prefix and the object's key beneath the component, also when only a path of it is restored: what is restored to
//           where it came from comes to its place.  Of a directory tree the path is the key.
// Verified: the server compares SHA-256 and MD5 of what it gets; where the ETag it answers isn't the MD5, and with options.verify, the
//           object is read back and compared.
// Memory:   256 KiB for each of 64 objects; longer ones wait in unnamed files in `spool_folder`, 256 MiB and one object.
// Threads:  one thread at a time.
#pragma once

#include "ingest/bucket/bucket_address.h"
#include "ingest/restore.h"

namespace cairn {

// `path`: "component" or "component/a/b"; the component's kind is a tree's.  Of `options` target, numeric_owner and with_dependencies have no
// influence.  Overwrite::kChanged leaves objects alone that have the same length, content (by ETag) and saved headers.  Nothing is ever deleted.
// What fails for one object is told to monitor.error and counted; the rest goes on, unless all of the first 20 fail.
// Errors: kNotFound for the path; the client's when the server can't be reached or talked to; kNoSpace; the store's for the tree.
RestoreResult restore_into_bucket(Repository& repository, const Manifest& snapshot, const std::string& path, const BucketAddress& to,
                                  const std::string& spool_folder, const RestoreOptions& options, Monitor& monitor);

}  // namespace cairn
