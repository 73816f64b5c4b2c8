#include "ingest/redis/reply.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

using Kind = RedisReply::Kind;

TEST(RedisReplyTest, ReadsRepliesHoweverTheyCome) {
  const std::string bytes = "+OK\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*2\r\n*1\r\n$0\r\n\r\n-ERR no\r\n*-1\r\n";
  for (const size_t piece : {size_t{1}, size_t{7}, bytes.size()}) {
    ReplyReader reader;
    std::vector<RedisReply> got;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      reader.feed(view(bytes).subspan(at, std::min(piece, bytes.size() - at)));
      for (RedisReply reply; reader.next(reply);) got.push_back(std::move(reply));
    }
    EXPECT_EQ(reader.problem(), "");
    ASSERT_EQ(got.size(), 6u) << piece;
    EXPECT_EQ(got[0].kind, Kind::kStatus);
    EXPECT_EQ(got[0].text, "OK");
    EXPECT_EQ(got[1].integer, -7);
    EXPECT_EQ(got[2].text, "a\r\n");
    EXPECT_EQ(got[3].kind, Kind::kNil);
    ASSERT_EQ(got[4].elements.size(), 2u);
    ASSERT_EQ(got[4].elements[0].elements.size(), 1u);
    EXPECT_EQ(got[4].elements[0].elements[0].kind, Kind::kString);
    EXPECT_EQ(got[4].elements[1].kind, Kind::kError);
    EXPECT_EQ(got[5].kind, Kind::kNil);
  }
}

TEST(RedisReplyTest, HandsOverWhatFollowsAReply) {
  ReplyReader reader;
  reader.feed(view(std::string_view("+OK\r\n$5\r\nhe")));
  RedisReply reply;
  ASSERT_TRUE(reader.next(reply));
  EXPECT_EQ(text(reader.take_rest()), "$5\r\nhe");
  EXPECT_TRUE(reader.take_rest().empty());
  reader.feed(view(std::string_view(":1\r\n")));
  ASSERT_TRUE(reader.next(reply));
  EXPECT_EQ(reply.integer, 1);
}

// The beginnings of what never ends: how much of it is taken before it is refused.
TEST(RedisReplyTest, LinesWithoutEndAreRefusedSoon) {
  for (const std::string begin : {"+", "-ERR ", ":", "*", "$", "*3\r\n$1\r\na\r\n+", "$12", "$1 \r\n", "+12\rx\r"}) {
    ReplyReader reader;
    RedisReply reply;
    reader.feed(view(begin));
    const std::string more(1 << 10, '1');
    size_t fed = begin.size();
    while (!reader.next(reply) && reader.problem().empty() && fed < 4 * ReplyReader::kMostLineBytes) {
      reader.feed(view(more));
      fed += more.size();
    }
    EXPECT_NE(reader.problem(), "") << begin;
    EXPECT_LE(fed, ReplyReader::kMostLineBytes + 2 * more.size()) << begin;
  }
}

TEST(RedisReplyTest, LongStringsAreNoLines) {
  ReplyReader reader;
  RedisReply reply;
  const std::string value(3 * ReplyReader::kMostLineBytes, 'x');
  reader.feed(view("*2\r\n$" + std::to_string(value.size()) + "\r\n"));
  EXPECT_FALSE(reader.next(reply));
  reader.feed(view(value));
  EXPECT_FALSE(reader.next(reply));
  reader.feed(view("\r\n$" + std::to_string(value.size()) + "\r\n" + value));
  EXPECT_FALSE(reader.next(reply));
  EXPECT_EQ(reader.problem(), "");
  reader.feed(view(std::string_view("\r\n")));
  ASSERT_TRUE(reader.next(reply)) << reader.problem();
  EXPECT_EQ(reply.elements.at(1).text, value);
}

TEST(RedisReplyTest, NonsenseIsRefusedForGood) {
  for (const std::string bytes : {"HTTP/1.1 400\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
                                  "$99999999999999999999\r\n", "$-9\r\n", "*99999999999\r\n"}) {
    ReplyReader reader;
    RedisReply reply;
    reader.feed(view(bytes));
    EXPECT_FALSE(reader.next(reply)) << bytes;
    EXPECT_NE(reader.problem(), "") << bytes;
    reader.feed(view(std::string_view("+OK\r\n")));
    EXPECT_FALSE(reader.next(reply)) << bytes;
  }
}

// An array takes memory for what came of it, not for what it says.
TEST(RedisReplyTest, PiecesOfAReplyAreBounded) {
  ReplyReader reader;
  RedisReply reply;
  reader.feed(view(std::string_view("*2147483647\r\n")));
  EXPECT_FALSE(reader.next(reply));
  EXPECT_EQ(reader.problem(), "");
  std::string nothing;
  for (int i = 0; i < 10'000; ++i) nothing += "$-1\r\n";
  size_t fed = 0;
  while (!reader.next(reply) && reader.problem().empty() && fed < ReplyReader::kMostReplyBytes) {
    reader.feed(view(nothing));
    fed += nothing.size();
  }
  EXPECT_EQ(reader.problem(), "a reply of more than 256 MiB");
  EXPECT_LT(fed, ReplyReader::kMostReplyBytes / 4);
}

}  // namespace
}  // namespace cairn
