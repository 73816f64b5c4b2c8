// Any bytes as an RDB file: never a crash, nothing lost, pieces of bounded size, and the same items however the bytes are read; what is
// found whole can be written anew.   Input: how long the reads are and how the rest is used (1 byte), the file; or, with the four highest
// bits set (rarely: it takes long): a type (1 byte) and what a value of it is made of over and over, so that it is a long one.
#include "ingest/redis/rdb/rdb_writer.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/ingest/rdb_content.h"

namespace cairn {
namespace {

constexpr uint8_t kLongValue = 0xf0;

std::string with_long_value(std::string_view input) {
  std::string out = "REDIS0012";
  out += input[0];
  out += "\x01k";
  const std::string_view element = input.substr(1);
  while (out.size() < RdbReader::kMostWholeBytes * 5 / 2) out += element;
  return out;
}

void require_sound(const RdbContent& content, std::string_view file) {
  require(content.all_bytes() == file);
  require(content.problem.empty() == (content.whole && content.trailing_bytes == 0));
  require(!content.unknown || !content.whole);
  for (const RdbRecord& record : content.keys()) {
    require(record.long_value || record.value.size() <= RdbReader::kMostWholeBytes);
    require(record.name.size() <= RdbReader::kMostNameBytes);
    require(!rdb_type_name(content.flavor, record.type).empty());
  }
}

void require_same_when_written_anew(const RdbContent& content) {
  std::string again;
  RdbWriter writer(content.flavor, content.version, [&](ByteView bytes) { again += text(bytes); });
  for (const RdbRecord& key : content.keys()) {
    writer.key(key.db, key.name, key.type, key.expires_ms);
    writer.value(view(key.value));
  }
  writer.finish();
  const RdbContent anew = read_rdb(again);
  const auto keys = content.keys(), found = anew.keys();
  require(anew.whole && found.size() == keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    require(found[i].name == keys[i].name && found[i].value == keys[i].value && found[i].db == keys[i].db);
  }
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cairn;
  if (size < 3) return 0;
  std::string file(text(ByteView(data + 1, size - 1)));
  if ((data[0] & kLongValue) == kLongValue) file = with_long_value(file);
  const RdbContent whole = read_rdb(file);
  require_sound(whole, file);
  const size_t most = data[0] & 0x7fu;
  require(read_rdb(file, [&] { return file.size() > 100'000 ? (most + 1) * 997 : most; }) == whole);
  if (whole.whole) require_same_when_written_anew(whole);
  return 0;
}
