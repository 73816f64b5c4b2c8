#include "ingest/postgres/archive/layout.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace cairn {
namespace {

ErrorCode layout_refused(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing thrown";
  return ErrorCode::kIo;
}

TEST(Layout, FindsEveryByte) {
  // What stands where, by hand: t for text, v for verbatim bytes, each with its number.
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    Layout layout;
    std::vector<std::pair<bool, uint64_t>> stored;
    for (int i = 0; i < 8; ++i) {
      const uint64_t size = random() % 4;
      const bool verbatim = random() % 2 == 0;
      for (uint64_t n = 0; n < size; ++n) stored.emplace_back(verbatim, (verbatim ? layout.verbatim_bytes() : layout.text_bytes()) + n);
      verbatim ? layout.add_verbatim(size) : layout.add_text(size);
    }
    ASSERT_EQ(layout.stored_bytes(), stored.size());
    Encoder out;
    layout.encode(out);
    const Bytes bytes = out.take();
    Decoder in(bytes, "layout");
    const Layout same = Layout::decode(in);
    in.finish();
    for (const bool verbatim : {false, true}) {
      const uint64_t total = verbatim ? layout.verbatim_bytes() : layout.text_bytes();
      for (uint64_t begin = 0; begin <= total; ++begin) {
        for (uint64_t length = 0; begin + length <= total; ++length) {
          const auto found = verbatim ? same.verbatim({begin, length}) : same.text({begin, length});
          uint64_t at = begin;
          for (const Extent& one : found) {
            EXPECT_GT(one.length_bytes, 0U);
            for (uint64_t n = 0; n < one.length_bytes; ++n) ASSERT_EQ(stored.at(one.offset_bytes + n), std::pair(verbatim, at++));
          }
          ASSERT_EQ(at, begin + length);
        }
        const Extent beyond{begin, total - begin + 1};
        EXPECT_EQ(layout_refused([&] { verbatim ? same.verbatim(beyond) : same.text(beyond); }), ErrorCode::kCorrupt);
      }
    }
    for (uint64_t at = 0; at < layout.text_bytes(); ++at) {
      EXPECT_EQ(stored[layout.text_place(at)], std::pair(false, at));
    }
  }
}

}  // namespace
}  // namespace cairn
