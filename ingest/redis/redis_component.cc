#include "ingest/redis/redis_component.h"

#include <charconv>

#include "store/error.h"

namespace cairn {

namespace {

std::string property(const ComponentInfo& component, const char* name) {
  const auto found = component.properties.find(name);
  return found == component.properties.end() ? "" : found->second;
}

}  // namespace

int rdb_version_of(const ComponentInfo& component) {
  const std::string text = property(component, "rdb.version");
  int version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc{} || end != text.data() + text.size() || version < 1 || version > 9999)
    throw Error(ErrorCode::kCorrupt, "component " + printable(component.name) + ": tells no version of its RDB file");
  return version;
}

RdbFlavor rdb_flavor_of(const ComponentInfo& component) {
  const std::string flavor = property(component, "rdb.flavor");
  if (flavor == "valkey") return RdbFlavor::kValkey;
  if (flavor == "redis") return RdbFlavor::kRedis;
  throw Error(ErrorCode::kCorrupt, "component " + printable(component.name) + ": tells no kind of its RDB file");
}

}  // namespace cairn
