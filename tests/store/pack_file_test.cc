#include "store/pack/pack_file.h"

#include "tests/store/fault_backend.h"
#include "tests/store/store_fixture.h"

namespace cairn {
namespace {

constexpr uint64_t kFrameBytes = 1000;

// One pack of five frames of equal length, in another order than their numbers.
class PackFileTest : public testing::TestWithParam<Suite> {
 protected:
  PackFileTest() : keys_(make_keyring(random_id<RepositoryId>(), 1)), pack_(make_pack()), name_(pack_name(pack_.id)) {
    file_ = memory_.snapshot().at(name_);
  }
  PackInfo make_pack() {
    PackWriter writer(memory_, keys_, ObjectType::kDataPack, GetParam());
    for (uint32_t i = 0; i < 5; ++i) EXPECT_EQ(writer.reserve(), i);
    for (uint32_t number : {3u, 0u, 4u, 1u, 2u}) {
      FrameInfo frame;
      frame.number = number;
      frame.plain_bytes = kFrameBytes;
      Bytes plain = plain_of(number);
      Buffer sealed = writer.seal_frame(frame, plain);
      EXPECT_EQ(sealed.size(), kFrameBytes + kTagBytes);
      writer.append(frame, sealed, {{keys_.chunk_id(plain), kFrameBytes}});
    }
    return writer.finish();
  }
  static Bytes plain_of(uint32_t number) { return noise(kFrameBytes, number); }

  // What is left of a changed file: nullopt when its directory doesn't open, else for each frame whether it opens, rightly.
  std::optional<std::vector<bool>> opens(const Bytes& file, const PackId& id) {
    MemoryBackend backend;
    backend.replace(pack_name(id), file);
    PackInfo pack;
    try {
      pack = read_directory(backend, keys_, id, file.size());
    } catch (const Error& e) {
      EXPECT_TRUE(e.code() == ErrorCode::kCorrupt || e.code() == ErrorCode::kUnsupported) << e.what();
      EXPECT_NE(std::string(e.what()).find(pack_name(id)), std::string::npos) << e.what();
      return std::nullopt;
    }
    EXPECT_EQ(pack.encode_body(), pack_.encode_body());
    EXPECT_EQ(pack.key_box, pack_.key_box);
    PackOpener opener(keys_, pack);
    std::vector<bool> out;
    for (const FrameInfo& frame : pack.frames) {
      try {
        Buffer plain = opener.open(frame, ByteView(file).subspan(frame.offset, frame.stored_bytes));
        EXPECT_TRUE(std::ranges::equal(plain.view(), plain_of(frame.number)));
        out.push_back(true);
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), ErrorCode::kCorrupt);
        out.push_back(false);
      }
      EXPECT_EQ(opens_in_place(opener, frame, ByteView(file).subspan(frame.offset, frame.stored_bytes)), out.back());
    }
    return out;
  }
  bool opens_in_place(const PackOpener& opener, const FrameInfo& frame, ByteView sealed) {
    try {
      const Buffer plain = opener.open(frame, Buffer::copy_of(sealed));
      EXPECT_TRUE(std::ranges::equal(plain.view(), plain_of(frame.number)));
      return true;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kCorrupt);
      return false;
    }
  }
  std::optional<std::vector<bool>> opens(const Bytes& file) { return opens(file, pack_.id); }
  bool whole(const Bytes& file) {
    return !code_of([&] { parse_pack(file, keys_, pack_.id); });
  }
  Bytes flipped(size_t at) {
    Bytes out = file_;
    out[at] ^= 0x40;
    return out;
  }
  // Flips bytes of [begin, end): `keeps` says what must still open.
  void flip_all(size_t begin, size_t end, const std::optional<std::vector<bool>>& keeps, size_t step = 1) {
    ASSERT_LT(begin, end);
    for (size_t at = begin; at < end; at += step) {
      Bytes bad = flipped(at);
      EXPECT_EQ(opens(bad), keeps) << at;
      EXPECT_FALSE(whole(bad)) << at;
    }
  }
  size_t directory_begin() {
    Decoder footer(ByteView(file_).last(kTrailerBytes + 8), "footer");
    return file_.size() - kPackFooterBytes - footer.u32();
  }

  MemoryBackend memory_;
  Keyring keys_;
  PackInfo pack_;
  std::string name_;
  Bytes file_;
  const std::vector<bool> kAll = std::vector<bool>(5, true);
};

INSTANTIATE_TEST_SUITE_P(BothSuites, PackFileTest,
                         testing::Values(Suite::kXChaCha20Poly1305, best_suite()),
                         [](const auto& i) { return std::string(i.index ? "Best" : "XChaCha20"); });

TEST_P(PackFileTest, FramesComeBackWhateverTheOrderOfTheirNumbers) {
  EXPECT_EQ(opens(file_), kAll);
  EXPECT_TRUE(whole(file_));
  EXPECT_EQ(file_.size(), pack_.size_bytes);
  EXPECT_EQ(file_.size(), padded_bytes(file_.size()));
  std::vector<uint32_t> numbers;
  for (const FrameInfo& frame : pack_.frames) numbers.push_back(frame.number);
  EXPECT_EQ(numbers, (std::vector<uint32_t>{3, 0, 4, 1, 2}));
  // Equal plaintext never looks equal, and no plaintext shows.
  EXPECT_EQ(std::search(file_.begin(), file_.end(), plain_of(0).begin(), plain_of(0).begin() + 16), file_.end());
}

TEST_P(PackFileTest, AFlipInTheHeaderIsRefused) { flip_all(0, kHeaderBytes, std::nullopt); }
TEST_P(PackFileTest, AFlipInTheFirstKeyBoxCostsNothing) { flip_all(kHeaderBytes, kFirstFrameOffset, kAll); }
TEST_P(PackFileTest, AFlipInAFrameCostsThatFrame) {
  for (size_t i = 0; i < pack_.frames.size(); ++i) {
    std::vector<bool> others = kAll;
    others[i] = false;
    size_t begin = pack_.frames[i].offset, end = begin + pack_.frames[i].stored_bytes;
    flip_all(begin, end, others, 97);
    flip_all(end - 1, end, others);
  }
}
TEST_P(PackFileTest, AFlipInThePaddingCostsNothing) {
  flip_all(pack_.frames.back().offset + pack_.frames.back().stored_bytes, directory_begin(), kAll, 31);
}
TEST_P(PackFileTest, AFlipInTheDirectoryIsRefused) { flip_all(directory_begin(), file_.size() - kPackFooterBytes, std::nullopt, 7); }
TEST_P(PackFileTest, AFlipInTheSecondKeyBoxCostsNothing) {
  flip_all(file_.size() - kPackFooterBytes, file_.size() - kPackFooterBytes + kKeyBoxBytes, kAll);
}
TEST_P(PackFileTest, AFlipInTheDirectorysLengthIsRefused) {
  flip_all(file_.size() - kTrailerBytes - 8, file_.size() - kTrailerBytes, std::nullopt);
}
TEST_P(PackFileTest, AFlipInTheTrailerCostsNothing) { flip_all(file_.size() - kTrailerBytes, file_.size(), kAll); }

TEST_P(PackFileTest, BothKeyBoxesFlippedAreRefused) {
  Bytes bad = flipped(kHeaderBytes + 5);
  bad[file_.size() - kPackFooterBytes + 60] ^= 1;
  EXPECT_EQ(opens(bad), std::nullopt);
}

TEST_P(PackFileTest, ATruncatedFileIsRefusedWhereverItEnds) {
  for (size_t size = 0; size < file_.size(); size += 512) {
    EXPECT_EQ(opens(Bytes(file_.begin(), file_.begin() + static_cast<ptrdiff_t>(size))), std::nullopt) << size;
    EXPECT_FALSE(whole(Bytes(file_.begin(), file_.begin() + static_cast<ptrdiff_t>(size))));
  }
  EXPECT_EQ(opens(Bytes(file_.begin(), file_.end() - 1)), std::nullopt);
}

TEST_P(PackFileTest, ALongerFileIsRefused) {
  for (size_t more : {1u, 120u, 4096u}) {
    Bytes longer = file_;
    longer.resize(file_.size() + more);
    EXPECT_EQ(opens(longer), std::nullopt);
    // Even with all of its end in place again: the length is in the associated data.
    std::copy(file_.begin() + static_cast<ptrdiff_t>(directory_begin()), file_.end(), longer.end() - static_cast<ptrdiff_t>(file_.size() - directory_begin()));
    EXPECT_EQ(opens(longer), std::nullopt);
  }
}

TEST_P(PackFileTest, APackUnderAnotherNameIsRefused) {
  EXPECT_EQ(opens(file_, random_id<PackId>()), std::nullopt);
  Bytes renamed = file_;
  auto id = random_id<PackId>();
  std::ranges::copy(id.bytes, renamed.begin() + 48);
  EXPECT_EQ(opens(renamed, id), std::nullopt);
}

TEST_P(PackFileTest, SwappedFramesAreRefused) {
  Bytes bad = file_;
  auto at = [&](size_t frame) { return bad.begin() + static_cast<ptrdiff_t>(pack_.frames[frame].offset); };
  std::swap_ranges(at(1), at(1) + kFrameBytes + kTagBytes, at(3));
  EXPECT_EQ(opens(bad), (std::vector<bool>{true, false, true, false, true}));
}

TEST_P(PackFileTest, AFrameIsBoundToItsNumberLengthCodecAndBases) {
  PackOpener opener(keys_, pack_);
  auto with = [&](auto change) {
    FrameInfo frame = pack_.frames[0];
    change(frame);
    return code_of([&] { opener.open(frame, ByteView(file_).subspan(kFirstFrameOffset, kFrameBytes + kTagBytes)); });
  };
  for (size_t length = 0; length < kTagBytes; ++length) {
    EXPECT_EQ(code_of([&] { opener.open(pack_.frames[0], ByteView(file_).first(length)); }), ErrorCode::kCorrupt);
    EXPECT_EQ(code_of([&] { opener.open(pack_.frames[0], Buffer(length)); }), ErrorCode::kCorrupt);
  }
  EXPECT_EQ(with([](FrameInfo&) {}), std::nullopt);
  EXPECT_EQ(with([](FrameInfo& f) { f.number = 0; }), ErrorCode::kCorrupt);
  EXPECT_EQ(with([](FrameInfo& f) { --f.plain_bytes; }), ErrorCode::kCorrupt);
  EXPECT_EQ(with([](FrameInfo& f) { f.codec = Codec::kZstd; }), ErrorCode::kCorrupt);
  EXPECT_EQ(with([](FrameInfo& f) { f.bases.push_back(ChunkId{{1}}); }), ErrorCode::kCorrupt);
}

TEST_P(PackFileTest, AnotherRepositoryOrARoleWithoutTheReadKeyOpensNothing) {
  Keyring other = make_keyring(keys_.repository, 1);
  EXPECT_EQ(code_of([&] { read_directory(memory_, other, pack_.id, file_.size()); }), ErrorCode::kCorrupt);
  Keyring writer = Keyring::decode(keys_.encode(), keys_.repository, "copy");
  writer.read_secret.reset();
  PackInfo pack = read_directory(memory_, writer, pack_.id, file_.size());
  EXPECT_EQ(pack.chunks.size(), 5u);
  EXPECT_EQ(code_of([&] { PackOpener(writer, pack); }), ErrorCode::kWrongKey);
}

// A key box that opens to another key than the pack was made with is noticed before anything is opened.
TEST_P(PackFileTest, TheCommitmentTiesTheKeyToThePack) {
  PackInfo pack = pack_;
  pack.key_box = seal_key(Secret::random(), keys_.box_public);
  EXPECT_EQ(code_of([&] { PackOpener(keys_, pack); }), ErrorCode::kCorrupt);
}

TEST_P(PackFileTest, NothingIsVisibleUntilItIsFinishedNorAfterAFailure) {
  FaultBackend faults(memory_);
  size_t before = memory_.snapshot().size();
  {
    PackWriter writer(faults, keys_, ObjectType::kTreePack, GetParam());
    EXPECT_EQ(memory_.snapshot().size(), before);
    faults.fail_at(faults.count() + 1, ErrorCode::kNoSpace, true);
    EXPECT_EQ(code_of([&] { writer.finish(); }), ErrorCode::kNoSpace);
  }
  EXPECT_EQ(memory_.snapshot().size(), before);
}

// Whichever worker's error is told, it must be why the first one failed.
TEST_P(PackFileTest, AfterAFailureEveryoneHearsItsReason) {
  FaultBackend faults(memory_);
  PackWriter writer(faults, keys_, ObjectType::kDataPack, GetParam());
  faults.fail_at(faults.count() + 1, ErrorCode::kNoSpace);
  for (int worker = 0; worker < 3; ++worker) EXPECT_EQ(code_of([&] { writer.finish(); }), ErrorCode::kNoSpace) << worker;
}

}  // namespace
}  // namespace cairn
