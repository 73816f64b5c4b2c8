// Keys of objects, which are bytes, as paths of a tree, and back: FORMAT.md, "Bucket".
//
// A key is split at '/'.  In its elements '%' is written %25 and NUL %00; an element without bytes is "%", "." is "%2E" and ".." is
// "%2E%2E".  Where an object `a` stands beside objects `a/…`, which make a directory of the name, it is called "a%": no other element
// ends so.
//
// Threads:  functions, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cairn {

// The path of an object that stands beside no directory of its name.  Its elements may be longer than a file system takes.
std::string path_of_key(std::string_view key);

// What follows the path of an object beside a directory of its name.
constexpr char kBesideDirectory = '%';

// The key whose path, or path beside a directory, this is; nullopt when there is none.
std::optional<std::string> key_of_path(std::string_view path);

}  // namespace cairn
