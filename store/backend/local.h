// A repository in a local directory: each stored file is a file, its name the path below the root.
//
// Durable:  an upload is written to ROOT/tmp/, fdatasync'ed, made read-only (0444), renamed without replacing anything, and the
//           folder is fsync'ed.  A failed fsync is final: Linux reports a lost page once, a second call would say "fine".
// Removal:  becomes durable in the order it was asked for as far as different folders are concerned (index before pack).
// Links:    no symbolic link below the root is followed; the root itself may be one.
// Leftover: temporaries of killed processes go away with the first upload that comes a day later, by the storage's clock.
// Errors:   as in backend.h.  If the last fsync of commit() fails the file may be visible; a new upload of it is safe.
// Threads:  thread-safe.
#pragma once

#include "store/backend/backend.h"

namespace cairn {

// Nothing is touched here.  The first create() makes `root` and its parents if they are missing; until then listings are empty
// and every file is kNotFound.
std::unique_ptr<Backend> open_local(const std::string& root);

}  // namespace cairn
