// What a dump tells of the programs behind it: the server, pg_dump, the application.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/postgres/outline.h"

namespace cairn {

// Adds "server.version", "pg_dump.version", "app", "app.version", "app.migrations" as far as the dump tells; a warning where two
// databases tell of different applications, and where pg_dump is too old to be safe.
void add_versions(const DumpOutline& outline, std::map<std::string, std::string>& properties, std::vector<std::string>& warnings);

// Whether a pg_dump of this version ("15.20 (Debian …)") lets whoever owned the origin put commands for psql into the dump
// (CVE-2025-8714).  False when the version can't be read.
bool dump_is_unguarded(std::string_view dump_version);

}  // namespace cairn
