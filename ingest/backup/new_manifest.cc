#include "ingest/backup/new_manifest.h"

#include <algorithm>

#include "store/host.h"

namespace cairn {

Manifest new_manifest(const std::string& host, std::vector<std::string> tags) {
  Manifest manifest;
  manifest.time_ns = now_ns();
  manifest.host = host.empty() ? host_name() : host;
  manifest.user = user_name();
  manifest.program = program_version();
  manifest.tags = std::move(tags);
  std::ranges::sort(manifest.tags);
  manifest.tags.erase(std::ranges::unique(manifest.tags).begin(), manifest.tags.end());
  return manifest;
}

void continue_chain(const std::vector<Manifest>& snapshots, const ClientId& author, Manifest& manifest) {
  manifest.sequence = 1;
  for (const Manifest& m : snapshots) {
    if (m.author != author || m.host != manifest.host || m.sequence < manifest.sequence) continue;
    manifest.sequence = m.sequence + 1;
    manifest.previous = m.id;
  }
}

}  // namespace cairn
