#include "store/keys/settings.h"

#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

struct Decoded {
  ContentSettings settings;
  Bytes others;
};
Decoded decode(const Bytes& bytes) {
  Decoder in(bytes, "options");
  Decoded out;
  out.settings = ContentSettings::decode(in, out.others);
  return out;
}
Bytes encode(const ContentSettings& settings) {
  Encoder out;
  settings.encode(out);
  return out.take();
}

TEST(Settings, EveryChoiceComesBack) {
  for (int choice = Compression::kAuto; choice <= Compression::kMostLevel; ++choice)
    for (ChunkSize files : {ChunkSize::kFine, ChunkSize::kNormal, ChunkSize::kCoarse})
      for (ChunkSize streams : {ChunkSize::kFine, ChunkSize::kNormal, ChunkSize::kCoarse}) {
        ContentSettings settings{{choice}, files, streams};
        Decoded again = decode(encode(settings));
        EXPECT_EQ(again.settings, settings) << choice;
        EXPECT_TRUE(again.others.empty());
      }
}

// So a config that chose nothing is the same as before there was a choice.
TEST(Settings, WhatIsUsualIsNotWritten) {
  EXPECT_TRUE(encode({}).empty());
  EXPECT_EQ(decode({}).settings, ContentSettings{});
  EXPECT_EQ(encode({{Compression::kOff}, ChunkSize::kCoarse, ChunkSize::kFine}), (Bytes{1, 1, 0, 2, 1, 2}));
}

TEST(Settings, WhatLaterVersionsAddIsKept) {
  const Bytes later = {9, 2, 7, 7, 1, 1, 19, 10, 0};
  Decoded read = decode(later);
  EXPECT_EQ(read.settings.compression.choice, 19);
  EXPECT_EQ(read.others, (Bytes{9, 2, 7, 7, 10, 0}));
  // Values too: one that is unknown is no choice, what follows a known one is skipped.
  EXPECT_EQ(decode({1, 1, 20, 2, 1, 3, 3, 1, 200}).settings, ContentSettings{});
  EXPECT_EQ(decode({2, 3, 0, 9, 9}).settings.file_chunks, ChunkSize::kFine);
}

TEST(Settings, DamageIsRefused) {
  for (const Bytes& bad : {Bytes{1}, Bytes{1, 2, 3}, Bytes{1, 0}, Bytes{0x80, 0, 0}})
    EXPECT_EQ(code_of([&] { decode(bad); }), ErrorCode::kCorrupt) << bad.size();
}

TEST(Settings, Words) {
  EXPECT_EQ(Compression::parse("auto"), Compression{Compression::kAuto});
  EXPECT_EQ(Compression::parse("off"), Compression{Compression::kOff});
  EXPECT_EQ(Compression::parse("19"), Compression{19});
  for (const char* bad : {"", "0", "20", "-1", "3x", " 3", "AUTO", "1e1"}) EXPECT_FALSE(Compression::parse(bad)) << bad;
  for (const char* word : {"auto", "off", "7"}) EXPECT_EQ(Compression::parse(word)->name(), word);
  for (const char* word : {"fine", "normal", "coarse"}) EXPECT_EQ(chunk_size_name(*parse_chunk_size(word)), word);
  EXPECT_FALSE(parse_chunk_size("medium"));
  EXPECT_EQ(Compression{}.level_for(3), 3);
  EXPECT_EQ(Compression{Compression::kOff}.level_for(3), 0);
  EXPECT_EQ(Compression{7}.level_for(3), 7);
}

// Signed with the rest of the config, and given to whoever opens the repository.
TEST(Settings, TravelInTheConfig) {
  MemoryBackend memory;
  InitOptions options = cheap_options();
  options.content = {{7}, ChunkSize::kCoarse, ChunkSize::kNormal};
  options.sizes = {4 << 10, 32 << 10, 2 << 20};
  Repository::init(memory, kTestPassword, options);
  Config config = read_config(memory);
  EXPECT_EQ(config.content, options.content);
  EXPECT_EQ(config.sizes, options.sizes);
  Keyring keys = make_keyring(config.repository, 1);
  config.maintenance_public = keys.maintenance_public;
  config.other_options = {9, 1, 5};
  Config again = Config::decode(config.encode(*keys.maintenance_seed));
  EXPECT_EQ(again.other_options, config.other_options);
  EXPECT_EQ(again.content, options.content);

  MemoryBackend another;
  options.sizes.fine_bytes = 5000;
  EXPECT_EQ(code_of([&] { Repository::init(another, kTestPassword, options); }), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(another.snapshot().empty());
}

}  // namespace
}  // namespace cairn
