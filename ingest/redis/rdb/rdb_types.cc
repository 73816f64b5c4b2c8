#include "ingest/redis/rdb/rdb_types.h"

#include <array>

namespace cairn {

namespace {

struct Type {
  const char* shape = nullptr;
  std::string_view name;
  int version = 0;   // the first RDB version that has it
};

constexpr std::array<Type, 29> kRedisTypes = {{
    {"s", "string", 1},
    {"{s}", "list", 1},
    {"{s}", "set", 1},
    {"{sz}", "zset", 1},
    {"{ss}", "hash", 1},
    {"{s8}", "zset", 8},
    {nullptr, "module", 8},   // of before the release: nothing in it says where it ends
    {"lm", "module", 8},
    {},
    {"s", "hash", 2},     // zipmap
    {"s", "list", 2},     // ziplist
    {"s", "set", 2},      // intset
    {"s", "zset", 2},     // ziplist
    {"s", "hash", 4},     // ziplist
    {"{s}", "list", 7},   // quicklist
    {"{ss}lll{sll{68l}{s8{6}}}", "stream", 9},
    {"s", "hash", 10},     // listpack
    {"s", "zset", 10},     // listpack
    {"{ls}", "list", 10},   // quicklist of listpacks and plain nodes
    {"{ss}llllllll{slll{68l}{s8{6}}}", "stream", 10},
    {"s", "set", 11},   // listpack
    {"{ss}llllllll{slll{68l}{s88{6}}}", "stream", 11},
    {"{lss}", "hash", 12},   // fields that expire, as 7.4 RC wrote them
    {"s", "hash", 12},       // the same in a listpack
    {"8{lss}", "hash", 12},
    {"8s", "hash", 12},
    {nullptr, "stream", 13},
    {nullptr, "stream", 14},
    {nullptr, "array", 14},
}};

constexpr uint8_t kValkeyHash2 = 22, kLastSharedType = 21;

Type type_of(RdbFlavor flavor, uint8_t type) {
  if (flavor == RdbFlavor::kValkey && type == kValkeyHash2) return {"{ss8}", "hash", rdb::kValkeyVersion};
  if (flavor == RdbFlavor::kValkey && type > kLastSharedType) return {};
  return type < kRedisTypes.size() ? kRedisTypes[type] : Type{};
}

std::array<const char*, 256> make_shapes(RdbFlavor flavor) {
  std::array<const char*, 256> shapes{};
  for (uint8_t type = 0; type < rdb::kFirstOpcode; ++type) shapes[type] = type_of(flavor, type).shape;
  if (flavor == RdbFlavor::kValkey) shapes[rdb::kSlotImport] = "s{ll}";
  shapes[rdb::kSlotInfo] = "lll";
  shapes[rdb::kModuleAux] = "lm";
  shapes[rdb::kResizeDb] = "ll";
  return shapes;
}

}  // namespace

const char* rdb::shape(RdbFlavor flavor, uint8_t byte) {
  static const std::array<const char*, 256> redis = make_shapes(RdbFlavor::kRedis), valkey = make_shapes(RdbFlavor::kValkey);
  return (flavor == RdbFlavor::kValkey ? valkey : redis)[byte];
}

std::string_view rdb_type_name(RdbFlavor flavor, uint8_t type) { return type_of(flavor, type).name; }

int rdb_version_of_type(RdbFlavor flavor, uint8_t type) {
  const int version = type_of(flavor, type).version;
  return version == 0 ? kNoRdbVersion : version;
}

}  // namespace cairn
