#include "ingest/redis/rdb_recipe.h"

#include <algorithm>

#include "store/error.h"

namespace cairn {

namespace {

constexpr uint64_t kVersion = 1;
constexpr uint64_t kMostRegionBytes = uint64_t{1} << 56;   // of a region: sums of them fit
constexpr uint64_t kUseFlag = 1;
constexpr unsigned kMostWidth = 8;
constexpr uint64_t kLeastRecordBytes = 3;            // a type, no name, no value
constexpr uint64_t kMostExceptionBytes = 20;         // two varints

}  // namespace

Bytes encode_rdb_recipe(const RdbRecipe& recipe) {
  Encoder out;
  out.varint(kVersion);
  out.raw(recipe.header);
  out.varint(recipe.original_bytes);
  out.raw(recipe.hash);
  out.varint(recipe.records);
  out.varint(recipe.has_use ? kUseFlag : 0);
  out.varint(recipe.width);
  for (const uint64_t number : {recipe.record_bytes, recipe.use_bytes, recipe.inner_bytes, recipe.exceptions, recipe.exception_bytes,
                                recipe.verbatim_bytes})
    out.varint(number);
  out.varint(recipe.databases.size());
  for (const auto& database : recipe.databases) {
    out.varint(database.number);
    out.varint(database.records);
  }
  out.varint(recipe.layout.size());
  for (const auto& run : recipe.layout) {
    out.varint(run.records);
    out.varint(run.verbatim_bytes);
  }
  return out.take();
}

RdbRecipe decode_rdb_recipe(ByteView bytes) {
  Decoder in(bytes, "recipe of an RDB file");
  if (const uint64_t version = in.varint(); version != kVersion)
    throw Error(ErrorCode::kUnsupported, "recipe of an RDB file: of a newer kind (" + std::to_string(version) + "): use a newer cairn");
  RdbRecipe out;
  std::ranges::copy(in.raw(out.header.size()), out.header.begin());
  out.original_bytes = in.varint_up_to(kMostRegionBytes);
  std::ranges::copy(in.raw(out.hash.size()), out.hash.begin());
  out.records = in.varint_up_to(OrderTable::kMostRecords);
  out.has_use = in.varint_up_to(kUseFlag) != 0;
  out.width = static_cast<unsigned>(in.varint_up_to(kMostWidth));
  if (out.width == 0) in.fail("marks without a width");
  out.record_bytes = in.varint_up_to(kMostRegionBytes);
  out.use_bytes = in.varint_up_to(kMostRegionBytes);
  out.inner_bytes = in.varint_up_to(kMostRegionBytes);
  out.exceptions = in.varint_up_to(out.records);
  out.exception_bytes = in.varint_up_to(kMostRegionBytes);
  out.verbatim_bytes = in.varint_up_to(kMostRegionBytes);
  // What these tell is read into memory at once.
  if (out.records > out.record_bytes / kLeastRecordBytes) in.fail("more records than their bytes can hold");
  if (out.exception_bytes > out.exceptions * kMostExceptionBytes) in.fail("more bytes of exceptions than these can take");
  uint64_t records = 0, verbatim_bytes = 0;
  const size_t databases = in.count(2);
  if (databases > RdbRecipe::kMostRuns) in.fail("more databases than there can be");
  out.databases.resize(databases);
  for (auto& database : out.databases) {
    database.number = static_cast<uint32_t>(in.varint_up_to(UINT32_MAX));
    database.records = in.varint_up_to(out.records - records);
    records += database.records;
  }
  if (records != out.records) in.fail("databases and records don't fit each other");
  records = 0;
  const size_t runs = in.count(2);
  if (runs > RdbRecipe::kMostRuns) in.fail("more runs than there can be");
  out.layout.resize(runs);
  for (auto& run : out.layout) {
    run.records = in.varint_up_to(out.records - records);
    run.verbatim_bytes = in.varint_up_to(out.verbatim_bytes - verbatim_bytes);
    records += run.records;
    verbatim_bytes += run.verbatim_bytes;
  }
  if (records != out.records || verbatim_bytes != out.verbatim_bytes) in.fail("its runs and regions don't fit each other");
  in.finish();
  const uint64_t least = out.has_use ? out.records : 0;   // a length byte each
  if (out.use_bytes < least || (!out.has_use && out.use_bytes > 0) ||
      out.original_bytes != out.record_bytes + (out.use_bytes - least) + out.verbatim_bytes)
    in.fail("its regions don't make the original's size");
  return out;
}

Bytes encode_order_exceptions(std::span<const OrderException> exceptions) {
  Encoder out;
  uint64_t last = 0;
  for (const OrderException& one : exceptions) {
    out.varint(one.rank - last);
    out.varint(one.position);
    last = one.rank;
  }
  return out.take();
}

std::vector<OrderException> decode_order_exceptions(ByteView bytes, uint64_t count, uint64_t records) {
  Decoder in(bytes, "order of an RDB file's records");
  if (count > bytes.size() / 2) in.fail("fewer exceptions than there should be");
  std::vector<OrderException> out(static_cast<size_t>(count));
  uint64_t rank = 0;
  for (OrderException& one : out) {
    const uint64_t gap = in.varint_up_to(records);
    rank += gap;
    one = {rank, in.varint()};
    if ((gap == 0 && &one != &out.front()) || rank >= records || one.position >= records) in.fail("an impossible exception");
  }
  in.finish();
  return out;
}

}  // namespace cairn
