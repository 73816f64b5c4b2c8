#include "ingest/redis/values/hash_fields.h"

#include <algorithm>
#include <limits>

#include "ingest/redis/values/listpack.h"
#include "ingest/redis/values/ziplist.h"
#include "ingest/redis/values/zipmap.h"

namespace cairn {

namespace {

using Field = std::function<void(const HashField&)>;

enum HashType : uint8_t {
  kPairs = 4,
  kZipmap = 9,
  kZiplist = 13,
  kListpack = 16,
  kTimedPairsFirst = 22,     // of 7.4's release candidates; in a file of Valkey: kTimedPairsValkey
  kTimedPairsValkey = 22,
  kTimedListpackFirst = 23,
  kTimedPairs = 24,
  kTimedListpack = 25,
};

void read_pairs(ValueReader& in, const Field& field) {
  std::string name_scratch, value_scratch;
  for (uint64_t left = in.length(); left > 0; --left) {
    const std::string_view name = in.string(name_scratch);
    field({name, in.string(value_scratch), {}});
  }
}

void read_zipmap(ValueReader& in, const Field& field) {
  std::string scratch;
  ZipmapReader pairs(view(in.string(scratch)));
  for (std::string_view name, value; pairs.next(name, value);) field({name, value, {}});
}

template <class Reader>
void read_packed(ValueReader& in, const Field& field) {
  std::string scratch;
  Reader elements(view(in.string(scratch)));
  for (PackedElement name, value; elements.next(name);) {
    if (!elements.next(value)) in.bytes().fail("a hash whose last field has no value");
    field({name.text(), value.text(), {}});
  }
}

// Field, value, time; 0: never.
void read_timed_listpack(ValueReader& in, const Field& field) {
  std::string scratch;
  ListpackReader elements(view(in.string(scratch)));
  for (PackedElement name, value, time; elements.next(name);) {
    if (!elements.next(value) || !elements.next(time)) in.bytes().fail("a hash whose last field has no value or time");
    const std::optional<int64_t> expires = time.integer();
    if (!expires || *expires < 0) in.bytes().fail("a field's time that is none");
    field({name.text(), value.text(), *expires == 0 ? std::nullopt : expires});
  }
}

// Time, field, value.  A time of 0: never; else so many milliseconds after `base`, which is one before the first of them (-1: there is
// none).
void read_timed_pairs(ValueReader& in, int64_t base, const Field& field) {
  const auto most = static_cast<uint64_t>(std::numeric_limits<int64_t>::max() - std::max<int64_t>(base, 0));
  std::string name_scratch, value_scratch;
  for (uint64_t left = in.length(); left > 0; --left) {
    const uint64_t time = in.length();
    if (time > most) in.bytes().fail("a field's time that is none");
    const std::string_view name = in.string(name_scratch), value = in.string(value_scratch);
    field({name, value, time == 0 ? std::nullopt : std::optional(static_cast<int64_t>(time) + base)});
  }
}

// Field, value, time; -1: never.
void read_timed_pairs_of_valkey(ValueReader& in, const Field& field) {
  std::string name_scratch, value_scratch;
  for (uint64_t left = in.length(); left > 0; --left) {
    const std::string_view name = in.string(name_scratch), value = in.string(value_scratch);
    const int64_t time = in.milliseconds();
    if (time < -1) in.bytes().fail("a field's time that is none");
    field({name, value, time == -1 ? std::nullopt : std::optional(time)});
  }
}

// The time of the first field to expire, which stands before the fields.
int64_t first_time(ValueReader& in) {
  const int64_t time = in.milliseconds();
  if (time < 0) in.bytes().fail("a first field's time that is none");
  return time;
}

}  // namespace

bool may_expire_fields(uint8_t type) { return type >= kTimedPairsFirst && type <= kTimedListpack; }

bool is_hash(RdbFlavor flavor, uint8_t type) {
  if (may_expire_fields(type)) return flavor == RdbFlavor::kRedis || type == kTimedPairsValkey;
  return type == kPairs || type == kZipmap || type == kZiplist || type == kListpack;
}

void read_hash(uint8_t type, RdbFlavor flavor, ValueReader& in, const Field& field) {
  switch (type) {
    case kPairs: return read_pairs(in, field);
    case kZipmap: return read_zipmap(in, field);
    case kZiplist: return read_packed<ZiplistReader>(in, field);
    case kListpack: return read_packed<ListpackReader>(in, field);
    case kTimedPairsFirst:
      return flavor == RdbFlavor::kValkey ? read_timed_pairs_of_valkey(in, field) : read_timed_pairs(in, 0, field);
    case kTimedPairs: {
      const int64_t first = first_time(in);
      return read_timed_pairs(in, first - 1, field);
    }
    case kTimedListpackFirst: return read_timed_listpack(in, field);
    case kTimedListpack: first_time(in); return read_timed_listpack(in, field);
  }
}

}  // namespace cairn
