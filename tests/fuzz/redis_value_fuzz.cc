// Any bytes as a Redis value: never a crash or a read outside, commands that are whole and not longer than promised, the same ones each
// time; work that follows the input.   Input: flavor and what the server knows (1 byte), type (1 byte), the value.
#include <algorithm>
#include <array>

#include "ingest/redis/values/command_batch.h"
#include "ingest/redis/values/value_commands.h"
#include "tests/fuzz/fuzz_target.h"

namespace cairn {
namespace {

constexpr std::string_view kKey = "key";
constexpr size_t kLongestBeginning = 8;   // "RPUSH" and the key
constexpr std::array<std::string_view, 9> kCommands = {"SET", "RPUSH", "SADD", "ZADD", "HSET", "HPEXPIREAT", "XADD", "XSETID", "XCLAIM"};

struct Input {
  RdbFlavor flavor;
  bool fields_expire, stream_counters;
  uint8_t type;
  ByteView value;
};

class Watcher {
 public:
  explicit Watcher(const Input& input) : input_(input) {}

  void run() {
    refuse_or([this] {
      value_commands(input_.flavor, input_.type, kKey, input_.value, input_.fields_expire, [this](auto words) { see(words); },
                     input_.stream_counters);
      finished_ = true;
    });
  }
  bool operator==(const Watcher& other) const {
    return commands_ == other.commands_ && sum_ == other.sum_ && finished_ == other.finished_;
  }

 private:
  void see(std::span<const std::string_view> words) {
    ++commands_;
    require(words.size() >= 3);
    const bool of_group = words[0] == "XGROUP";
    require(of_group ? words[2] == kKey : words[1] == kKey);
    require(of_group || std::ranges::find(kCommands, words[0]) != kCommands.end());
    require(words[0] != "HPEXPIREAT" || input_.fields_expire);
    require((words[0] != "HSET" && words[0] != "ZADD") || words.size() % 2 == 0);
    size_t bytes = 0;
    for (std::string_view word : words) {
      bytes += word.size();
      for (char one : word) sum_ = (sum_ ^ static_cast<uint8_t>(one)) * 0x100000001b3;
      sum_ = (sum_ ^ 0x100) * 0x100000001b3;
    }
    const bool in_pieces = words[0] == "RPUSH" || words[0] == "SADD" || words[0] == "ZADD" || words[0] == "HSET";
    require(!in_pieces || words.size() <= 2 + 2 * CommandBatch::kMostElements);
    require(!in_pieces || words.size() <= 4 || bytes <= CommandBatch::kMostBytes + kLongestBeginning);
    // Nothing stands for more than LZF can say; a stream's names are told again with every entry, which takes two bytes for each.
    const size_t expanded = input_.value.size() * 88 + 64;
    require(commands_ <= 2 * expanded && words.size() <= expanded + 16 && bytes <= expanded * expanded);
  }

  const Input& input_;
  uint64_t commands_ = 0, sum_ = 0xcbf29ce484222325;
  bool finished_ = false;
};

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cairn;
  if (size < 2) return 0;
  const Input input = {(data[0] & 1) != 0 ? RdbFlavor::kValkey : RdbFlavor::kRedis, (data[0] & 2) != 0, (data[0] & 4) != 0, data[1],
                       ByteView(data + 2, size - 2)};
  Watcher first(input), second(input);
  first.run();
  second.run();
  require(first == second);
  return 0;
}
