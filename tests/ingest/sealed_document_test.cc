#include "ingest/document/sealed_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "ingest/document/document_source.h"
#include "ingest/document/sealed_recipe.h"
#include "store/error.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

using testing::HasSubstr;

constexpr std::string_view kKey = "0123456789abcdefghijklmnopqrstuv";
constexpr std::string_view kOtherKey = "0123456789abcdefghijklmnopqrstuV";

Secret key_of(std::string_view text) { return Secret::from(view(text)); }

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::function<size_t(std::span<uint8_t>)> reader(const std::string& text, size_t piece) {
  return [&text, piece, at = size_t{0}](std::span<uint8_t> into) mutable {
    const size_t size = std::min({into.size(), piece, text.size() - at});
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), size, into.begin());
    at += size;
    return size;
  };
}

std::string seal(const std::string& plain, std::string_view key = kKey, size_t piece = 100'000) {
  std::string out;
  DocumentSealer sealer(key_of(key), [&](ByteView bytes) { out += text(bytes); });
  for (size_t at = 0; at < plain.size(); at += piece) sealer.write(view(std::string_view(plain).substr(at, piece)));
  sealer.finish();
  EXPECT_EQ(out.size(), plain.size() + 28);
  return out;
}

// Parts with these names, in this order.
class NamedParts : public PartStream {
 public:
  explicit NamedParts(std::vector<std::string> names) : names_(std::move(names)) {}
  bool next(Part& part) override {
    if (at_ == names_.size()) return false;
    part = Part{names_[at_++], "section", {}, {{0, 1}}, {}};
    return true;
  }

 private:
  std::vector<std::string> names_;
  size_t at_ = 0;
};

// Stands for what finds a document's parts.
class PlainSource : public PartedSource {
 public:
  PlainSource(std::function<size_t(std::span<uint8_t>)> read, StreamParts parts)
      : read_(std::move(read)), parts_(std::move(parts)) {}
  size_t read(std::span<uint8_t> into) override {
    const size_t size = read_(into);
    settled_ += size;
    return size;
  }
  uint64_t settled() const override { return settled_; }
  void take_marks(std::vector<Mark>& marks) override { marks.push_back({settled_ / 2, false, true}); }
  StreamParts parts() override { return std::move(parts_); }

 private:
  std::function<size_t(std::span<uint8_t>)> read_;
  StreamParts parts_;
  uint64_t settled_ = 0;
};

struct Opened {
  std::string plain;
  StreamParts parts;
  std::vector<Part> sorted;
};

Opened open_sealed(const std::string& sealed, StreamParts inner = {}, size_t piece = 10'000, std::string_view key = kKey,
                   size_t into_bytes = 70'000) {
  const auto source = make_sealed_document_source(reader(sealed, piece), key_of(key), [&](std::function<size_t(std::span<uint8_t>)> plain) {
    return std::make_unique<PlainSource>(std::move(plain), std::move(inner));
  });
  Opened out;
  Bytes into(into_bytes);
  while (const size_t size = source->read(into)) out.plain += text(ByteView(into).first(size));
  EXPECT_EQ(source->settled(), out.plain.size());
  std::vector<Mark> marks;
  source->take_marks(marks);
  EXPECT_EQ(marks.size(), 1U);
  out.parts = source->parts();
  if (out.parts.sorted_parts) {
    Part part;
    while (out.parts.sorted_parts->next(part)) out.sorted.push_back(part);
  }
  return out;
}

ErrorCode document_refused(const std::string& sealed, std::string_view key = kKey) {
  try {
    open_sealed(sealed, {}, 10'000, key);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("nothing was recorded"));
    return error.code();
  }
  ADD_FAILURE() << "opened";
  return ErrorCode::kIo;
}

std::string rebuilt(ByteView recipe, const std::string& plain) {
  const auto rebuilder = make_sealed_document_rebuilder(recipe);
  std::string out;
  rebuilder->rebuild(
      0,
      [&](uint64_t offset, uint64_t length, const auto& write) {
        if (offset + length > plain.size()) throw Error(ErrorCode::kCorrupt, "beyond the end");
        for (const uint64_t end = offset + length; offset < end;) {
          const uint64_t size = std::min<uint64_t>(end - offset, 1 + offset % 7001);
          write(view(std::string_view(plain).substr(offset, size)));
          offset += size;
        }
      },
      [&](ByteView bytes) { out += text(bytes); });
  EXPECT_EQ(rebuilder->files().at(0).size_bytes, out.size());
  EXPECT_EQ(rebuilder->files().at(0).name, "");
  return out;
}

std::string document_of(size_t size) {
  std::string out = "{\"a\":[";
  for (size_t i = 0; out.size() + 10 < size; ++i) out += std::to_string(i * 7919) + ",";
  return out + "0]}";
}

TEST(SealedDocument, OpensAndIsMadeAgain) {
  for (const size_t size : {0U, 1U, 15U, 16U, 17U, 100U, 65'535U, 65'536U, 65'537U, 1'000'000U}) {
    const std::string plain = document_of(size).substr(0, size), sealed = seal(plain);
    for (const size_t piece : {1U, 13U, 4096U, 10'000'000U}) {
      if (piece == 1 && size > 100'000) continue;
      const Opened opened = open_sealed(sealed, {}, piece);
      EXPECT_TRUE(opened.plain == plain) << size << " " << piece;
      EXPECT_EQ(opened.parts.transform, "aes-256-gcm");
      EXPECT_TRUE(rebuilt(opened.parts.recipe, plain) == sealed) << size;
    }
    EXPECT_TRUE(open_sealed(sealed, {}, 1000, kKey, 1 + size / 10).plain == plain) << size;
  }
}

TEST(SealedDocument, EverySealIsAnother) { EXPECT_NE(seal("{}"), seal("{}")); }

TEST(SealedDocument, DamagedOrOfAnotherKeyIsRefused) {
  const std::string sealed = seal(document_of(3000));
  EXPECT_EQ(document_refused(sealed, kOtherKey), ErrorCode::kCorrupt);
  for (size_t at = 0; at < sealed.size(); at += 97) {
    std::string damaged = sealed;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    EXPECT_EQ(document_refused(damaged), ErrorCode::kCorrupt) << at;
  }
  for (const size_t size : {0U, 5U, 12U, 27U, 28U, 1000U}) EXPECT_EQ(document_refused(sealed.substr(0, size)), ErrorCode::kCorrupt) << size;
  EXPECT_EQ(document_refused(sealed + "x"), ErrorCode::kCorrupt);
}

TEST(SealedDocument, TheWholeDocumentIsAPart) {
  const std::string plain = document_of(200), sealed = seal(plain);
  const auto inner = [](std::vector<std::string> names) {
    StreamParts out;
    out.kind = ComponentKind::kDocument;
    out.properties = {{"original", "document.json"}, {"format", "json"}};
    out.sorted_parts = std::make_unique<NamedParts>(std::move(names));
    return out;
  };
  const auto names = [](const std::vector<Part>& parts) {
    std::vector<std::string> out;
    for (const Part& part : parts) out.push_back(part.name);
    return out;
  };
  using testing::ElementsAre;
  const Opened opened = open_sealed(sealed, inner({"Users.json", "a.json", "z.json"}));
  EXPECT_THAT(names(opened.sorted), ElementsAre("Users.json", "a.json", "document.json", "z.json"));
  EXPECT_EQ(opened.sorted[2].kind, "document");
  EXPECT_EQ(opened.sorted[2].extents, (std::vector<Extent>{{0, plain.size()}}));
  EXPECT_EQ(opened.sorted[0].kind, "section");
  EXPECT_EQ(opened.parts.kind, ComponentKind::kDocument);
  EXPECT_EQ(opened.parts.properties.at("original"), "document.json.sealed");
  EXPECT_EQ(opened.parts.properties.at("sealed"), "aes-256-gcm");
  EXPECT_EQ(opened.parts.properties.at("format"), "json");

  EXPECT_THAT(names(open_sealed(sealed, inner({})).sorted), ElementsAre("document.json"));
  EXPECT_THAT(names(open_sealed(sealed, inner({"z"})).sorted), ElementsAre("document.json", "z"));
  EXPECT_THAT(names(open_sealed(sealed, inner({"a", "b"})).sorted), ElementsAre("a", "b", "document.json"));
  EXPECT_THAT(names(open_sealed(sealed, inner({"a", "document.json", "z"})).sorted), ElementsAre("a", "document.json", "z"));
  EXPECT_THAT(names(open_sealed(sealed, inner({"document.json"})).sorted), ElementsAre("document.json"));

  StreamParts few;
  few.kind = ComponentKind::kDocument;
  few.properties["original"] = "document.ndjson";
  few.parts.push_back(Part{"1.json", "element", {}, {}, {}});
  const Opened lines = open_sealed(sealed, std::move(few));
  EXPECT_THAT(names(lines.parts.parts), ElementsAre("1.json", "document.ndjson"));
  EXPECT_EQ(lines.parts.properties.at("original"), "document.ndjson.sealed");
}

TEST(SealedDocument, WhatIsNoJsonIsKeptAllTheSame) {
  const Opened opened = open_sealed(seal("not JSON"));
  EXPECT_EQ(opened.parts.kind, ComponentKind::kDocument);
  EXPECT_EQ(opened.parts.parts.size(), 1U);
  EXPECT_THAT(opened.parts.warnings, testing::ElementsAre(HasSubstr("isn't JSON")));
  EXPECT_EQ(opened.parts.transform, kSealedDocument);
}

TEST(SealedDocument, IsRecognisedByItsKey) {
  for (const size_t size : {2U, 40U, 5000U, 100'000U}) {
    const std::string plain = size == 2 ? "{}" : document_of(size), sealed = seal(plain), beginning = sealed.substr(0, 16 << 10);
    EXPECT_TRUE(opens_as_document(key_of(kKey), view(beginning))) << size;
    if (size > 2) {
      EXPECT_FALSE(opens_as_document(key_of(kOtherKey), view(beginning))) << size;
    }
    EXPECT_FALSE(opens_as_document(key_of(kKey), view(plain))) << size;
  }
  EXPECT_FALSE(opens_as_document(key_of(kKey), {}));
  EXPECT_FALSE(opens_as_document(key_of(kKey), view(seal(""))));
  EXPECT_FALSE(opens_as_document(key_of(kKey), view(seal("no JSON at all"))));
}

// By chance one of a hundred short streams becomes a brace.
TEST(SealedDocument, AShortStreamIsNotRecognisedWithoutItsSeal) {
  for (const std::string plain : {"{", "[1", R"({"name":"something that is still short"})"}) {
    std::string other = seal(plain);
    EXPECT_TRUE(opens_as_document(key_of(kKey), view(other))) << plain;
    other.back() = static_cast<char>(other.back() ^ 1);
    EXPECT_FALSE(opens_as_document(key_of(kKey), view(other))) << plain;
  }
}

TEST(SealedDocument, DamagedRecipesAndContentsAreFound) {
  const std::string plain = document_of(1000), sealed = seal(plain);
  const Bytes recipe = open_sealed(sealed).parts.recipe;
  const auto code = [&](const Bytes& bytes, const std::string& content) {
    try {
      rebuilt(bytes, content);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kIo;
  };
  for (size_t at = 0; at < recipe.size(); ++at) {
    Bytes damaged = recipe;
    damaged[at] ^= 1;
    EXPECT_EQ(code(damaged, plain), ErrorCode::kCorrupt) << at;
    EXPECT_EQ(code(Bytes(recipe.begin(), recipe.begin() + static_cast<std::ptrdiff_t>(at)), plain), ErrorCode::kCorrupt) << at;
  }
  Bytes newer = recipe;
  newer[0] = 2;
  EXPECT_EQ(code(newer, plain), ErrorCode::kUnsupported);
  Bytes longer = recipe;
  longer.push_back(0);
  EXPECT_EQ(code(longer, plain), ErrorCode::kCorrupt);
  std::string other = plain;
  other[500] = 'x';
  EXPECT_EQ(code(recipe, other), ErrorCode::kCorrupt);
}

TEST(SealedDocument, KeysAre32BytesAsTheyStand) {
  TempDir dir;
  const auto file = [&](const std::string& text) {
    std::ofstream(dir / "key", std::ios::binary) << text;
    return dir / "key";
  };
  const std::string key(kKey);
  for (const std::string& text : {key, key + "\n", key + "\r\n"}) EXPECT_EQ(cairn::text(document_key_of_file(file(text)).view()), key);
  std::string odd = key;
  odd.back() = '\n';   // a byte like any other
  EXPECT_EQ(cairn::text(document_key_of_file(file(odd)).view()), odd);
  EXPECT_EQ(cairn::text(document_key_of_text(key, "X").view()), key);
  for (const std::string& text : {std::string(), key.substr(1), key + "x", key + "\n\n", std::string(100'000, 'k')}) {
    try {
      document_key_of_file(file(text));
      ADD_FAILURE() << text.size();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_THAT(error.what(), HasSubstr("32 bytes"));
      if (!text.empty()) {
        EXPECT_THAT(error.what(), testing::Not(HasSubstr(text.substr(0, 20))));
      }
    }
  }
  EXPECT_THROW(document_key_of_file(dir / "none"), Error);
  EXPECT_THROW(document_key_of_text("short", "CAIRN_DECRYPT_KEY"), Error);
}

// Python's `cryptography` opens what is sealed here, and the other way round.
class PythonPeer : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("python3 -c 'from cryptography.hazmat.primitives.ciphers.aead import AESGCM' 2>/dev/null") != 0)
      GTEST_SKIP() << "NOT TESTED: python3 has no module \"cryptography\" (Debian: python3-cryptography)";
    std::ofstream(dir_ / "key", std::ios::binary) << kKey;
  }
  TempDir dir_;
};

TEST_F(PythonPeer, SealsWhatIsOpenedHere) {
  const std::string knot = "python3 '" + std::string(CAIRN_TESTS) + "/knot/knot_backup.py' --users 50 ";
  ASSERT_EQ(std::system((knot + "--output " + (dir_ / "plain")).c_str()), 0);
  ASSERT_EQ(std::system((knot + "--seal " + (dir_ / "key") + " --output " + (dir_ / "sealed")).c_str()), 0);
  const std::string plain = contents(dir_ / "plain"), sealed = contents(dir_ / "sealed");
  EXPECT_TRUE(opens_as_document(document_key_of_file(dir_ / "key"), view(sealed.substr(0, 16 << 10))));
  const Opened opened = open_sealed(sealed);
  EXPECT_TRUE(opened.plain == plain);
  EXPECT_TRUE(rebuilt(opened.parts.recipe, plain) == sealed);

  // With what finds the parts of documents.
  const auto source = make_sealed_document_source(reader(sealed, 5000), key_of(kKey), [](std::function<size_t(std::span<uint8_t>)> read) {
    return make_document_source(std::move(read), {parse_document_profile(knot_profile(), "knot")});
  });
  std::string stored;
  Bytes into(30'000);
  while (const size_t size = source->read(into)) stored += text(ByteView(into).first(size));
  EXPECT_TRUE(stored == plain);
  StreamParts parts = source->parts();
  EXPECT_EQ(parts.properties["app"], "knot");
  EXPECT_EQ(parts.properties["original"], "document.json.sealed");
  ASSERT_TRUE(parts.sorted_parts);
  std::vector<std::string> names;
  for (Part part; parts.sorted_parts->next(part);) names.push_back(part.name);
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_THAT(names, testing::IsSupersetOf({"Users.json", "Users/alice.json", "document.json", "Templates/template0.json"}));
}

TEST_F(PythonPeer, OpensWhatIsSealedHere) {
  const std::string plain = document_of(300'000);
  std::ofstream(dir_ / "sealed", std::ios::binary) << seal(plain, kKey, 9973);
  std::ofstream(dir_ / "open.py") << "import sys\n"
                                     "from cryptography.hazmat.primitives.ciphers.aead import AESGCM\n"
                                     "key, data = open(sys.argv[1], 'rb').read(), open(sys.argv[2], 'rb').read()\n"
                                     "open(sys.argv[3], 'wb').write(AESGCM(key).decrypt(data[:12], data[12:], None))\n";
  const std::string command = "python3 " + (dir_ / "open.py") + " " + (dir_ / "key") + " " + (dir_ / "sealed") + " " + (dir_ / "plain");
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_TRUE(contents(dir_ / "plain") == plain);
}

}  // namespace
}  // namespace cairn
