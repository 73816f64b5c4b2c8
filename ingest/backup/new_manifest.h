// How a snapshot's description begins, whatever it is made of.
#pragma once

#include <string>
#include <vector>

#include "store/snapshot/manifest.h"

namespace cairn {

// Time, user and program are those of now; `host` "" is this machine's name; tags come sorted and once each.
Manifest new_manifest(const std::string& host, std::vector<std::string> tags);

// What the next snapshot of this author on this host follows: machines that share a key have a chain each.
void continue_chain(const std::vector<Manifest>& snapshots, const ClientId& author, Manifest& manifest);

}  // namespace cairn
