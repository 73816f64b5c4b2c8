#include "ingest/document/json_scanner.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <vector>

#include "ingest/document/json_text.h"
#include "tests/ingest/json_events.h"
#include "tests/store/temp_dir.h"

namespace cairn {
namespace {

using namespace std::string_literals;

const std::vector<std::string> kValid = {
    "{}", "[]", " [ ] ", "{ }\n", "[[[]]]", R"({"":0})", R"({"a":{"a":1},"a":2})", "[1,2 , 3\t,\r\n4]", "null", "true", "false", "\"\"", "\"x\"", "0", "-0", "-1",
    "10", "0.5", "-0.0e-0", "1e5", "1E+5", "1.25e-10", "123456789012345678901234567890", R"(["\"\\\/\b\f\n\r\t\u0041\uD83D\uDE00\ud800"])",
    "[\"\x7f\xc3\xa4\xff\"]", "[true,false,null]", R"([{"a":[{}]},[]])", "\"\\u0000\"", "\xef\xbb\xbf{}", "[0]", "[0 ]", "[1.5]", "[-0]",
    "[" + std::string(100, ' ') + "1" + std::string(100, '\n') + "]"};

const std::vector<std::string> kInvalid = {
    "[1,]", "[,1]", "[1,,2]", "[1 2]", "[", "]", "{", "}", "[}", "{]", "{,}", R"({"a"})", R"({"a":})", R"({"a":1,})", R"({"a":1 "b":2})", R"({a:1})", R"({1:1})",
    R"({"a" 1})", R"({"a"::1})", "{'a':1}", "['a']", "[01]", "[-01]", "[00]", "[-]", "[+1]", "[1.]", "[.5]", "[1e]", "[1e+]", "[1.e5]", "[0x1]", "[1a]", "[1.5.5]", "[1e5.5]", "[1e5e5]",
    "[--1]", "[1-2]", "[NaN]", "[Infinity]", "[-Infinity]", "[nul]", "[nulll]", "[True]", "[truefalse]", "[t]", R"(["\x"])", R"(["\u12"])", R"(["\u12G4"])", R"(["\ "])", "[\"\\\0\"]"s,
    "[\"a\nb\"]", "[\"a\tb\"]", "[\"\0\"]"s, "[\"\x1f\"]", "[\"", "\"", "\"\\\"", "[\"a]", "[1]]", "{}}", "{}{}", "[][]", "1\"a\"", "\"a\"1", "[1]x", "[1],", "//\n1", "[1/**/]", "[\f1]", "[\v1]",
    "[\xc2\xa0 1]", "\xef\xbb[]", "\xef\xbb\xbf\xef\xbb\xbf[]", "[\xef\xbb\xbf]", "", " ", "\xef\xbb\xbf", "\xef", "-", "1.", "1e", "1e-", "nul", "[mysqld]\nport=1\n"};

TEST(JsonScanner, TakesWhatTheGrammarHas) {
  for (const std::string& json : kValid) EXPECT_TRUE(scan_json(json).valid()) << json << ": " << scan_json(json).why;
}

TEST(JsonScanner, RefusesEverythingElse) {
  for (const std::string& json : kInvalid) {
    const JsonScanned scanned = scan_json(json);
    EXPECT_TRUE(scanned.failed && !scanned.why.empty()) << json;
    for (int deepest : {-1, 0}) EXPECT_TRUE(scan_json(json, 0, deepest).failed) << json;
  }
}

TEST(JsonScanner, TellsTheSameHoweverTheTextIsSplit) {
  std::vector<std::string> all = kValid;
  all.insert(all.end(), kInvalid.begin(), kInvalid.end());
  all.push_back(R"({"name":"a\u00e4\\ long one that fills more than sixteen bytes \"quoted\" ","n":-12.5e+3,"l":[true,null,"x"],"o":{"p":{}}} [7] 8)");
  for (const std::string& json : all) {
    const JsonScanned whole = scan_json(json);
    for (size_t piece = 1; piece <= json.size(); ++piece) EXPECT_EQ(scan_json(json, piece), whole) << json << " in pieces of " << piece;
  }
}

TEST(JsonScanner, TellsWhereEverythingIs) {
  EXPECT_EQ(scan_json(R"( {"a":[1,"x\n"],"b\u0062":{"c":true}} )").told,
            "{@1 a:@2 [@6 =31@7 @8 =2x\n@9 @14 ]@15 bb:@16 {@26 c:@27 =4true@31 @35 }@36 }@37 ");
  EXPECT_EQ(scan_json("1 \n null").told, "=31@0 @1 =6null@4 @8 ");
  EXPECT_EQ(scan_json("{\"a\":\"b\"}", 0, 1000, false).told, "{@0 a:@1 =2@5 @8 }@9 ");   // nobody wants the text
}

TEST(JsonScanner, TellsNothingDeeperThanAsked) {
  const std::string json = R"([1,{"a":{"b":2},"c":"d"},[3]])";
  EXPECT_EQ(scan_json(json, 0, -1).told, "");
  EXPECT_EQ(scan_json(json, 0, 0).told, "[@0 ]@29 ");
  EXPECT_EQ(scan_json(json, 0, 1).told, "[@0 =31@1 @2 {@3 }@24 [@25 ]@28 ]@29 ");
  EXPECT_EQ(scan_json(json, 0, 2).told, "[@0 =31@1 @2 {@3 a:@4 {@8 }@15 c:@16 =2d@20 @23 }@24 [@25 =33@26 @27 ]@28 ]@29 ");
  EXPECT_EQ(scan_json(json, 0, 3).told, scan_json(json).told);
}

TEST(JsonScanner, TakesLinesOfValues) {
  EXPECT_EQ(scan_json("{}\n[]\r\n1 2\t\"x\" null\n").values, 6U);
  EXPECT_EQ(scan_json("{}\n{]").why, "byte 4: the name of a member, in quotes, was expected");
  EXPECT_EQ(scan_json("{}{}").why, "byte 2: something follows the end of a value");
}

TEST(JsonScanner, KnowsWhatBreaksOffFromWhatIsWrong) {
  for (const std::string json : {"[", "{\"a", "{\"a\":", "[1", "[1,", "[tr", "\"a\\", "[1.", "{} [", "\"\\u00"}) {
    EXPECT_TRUE(scan_json(json).cut) << json;
    EXPECT_TRUE(scan_json(json).why.starts_with("breaks off at byte " + std::to_string(json.size()))) << scan_json(json).why;
  }
  EXPECT_EQ(scan_json("[\"ab").why, "breaks off at byte 4 inside a string");
  for (const std::string json : {"[1}", "[01", "", "{} x"}) EXPECT_FALSE(scan_json(json).cut) << json;
  EXPECT_FALSE(scan_json("12").failed);
}

TEST(JsonScanner, GoesAThousandLevelsDeep) {
  const std::string deep = std::string(JsonScanner::kMostDepth, '[') + std::string(JsonScanner::kMostDepth, ']');
  EXPECT_TRUE(scan_json(deep).valid());
  EXPECT_EQ(scan_json("[" + deep + "]").why, "byte 1000: nested deeper than 1000 levels");
  EXPECT_EQ(scan_json(std::string(1 << 20, '[')).why, "byte 1000: nested deeper than 1000 levels");
  EXPECT_FALSE(scan_json(std::string(1 << 20, '[')).cut);
}

// Every length around the blocks that are passed at once, and whatever ends them at every place.
TEST(JsonScanner, PassesBlocksAndTheirRestsAlike) {
  for (size_t length = 0; length < 70; ++length) {
    const std::string plain(length, 'x'), blank(length, ' ');
    EXPECT_EQ(scan_json("\"" + plain + "\"").told, "=2" + plain + "@0 @" + std::to_string(length + 2) + " ");
    EXPECT_EQ(scan_json("[" + blank + "1" + blank + "]").told,
              "[@0 =31@" + std::to_string(length + 1) + " @" + std::to_string(length + 2) + " ]@" + std::to_string(2 * length + 3) + " ");
    for (size_t at = 0; at < length; ++at) {
      std::string other = plain;
      for (int c = length == 33 ? 0 : 0x1f; c < 256; c += length == 33 || c < 0x22 ? 1 : 0x3a) {   // 0x5c is the backslash
        other[at] = static_cast<char>(c);
        const std::string json = "\"" + other + "\"";
        EXPECT_EQ(scan_json(json).valid(), c >= 0x20 && c != '"' && c != '\\') << "byte " << c << " at " << at << " of " << length;
      }
      other = blank;
      other[at] = '\v';
      EXPECT_FALSE(scan_json("[" + other + "]").valid());
    }
  }
}

TEST(JsonScanner, GivesTheBeginningOfLongTexts) {
  const std::string all(10000, 'y'), kept(JsonScanner::kMostTextBytes, 'y');
  for (size_t piece : {0, 1, 4096, 9999}) {
    EXPECT_EQ(scan_json("\"" + all + "\"", piece).told, "=2" + kept + "@0 @10002 ");
    EXPECT_EQ(scan_json(std::string(10000, '1'), piece).told, "=3" + std::string(JsonScanner::kMostTextBytes, '1') + "@0 @10000 ");
  }
  std::string escaped;
  for (int i = 0; i < 10000; ++i) escaped += "\\u0079";
  for (size_t piece : {0, 1, 4099}) EXPECT_EQ(scan_json("\"" + escaped + "\"", piece).told, "=2" + kept + "@0 @60002 ");
}

TEST(JsonText, UnescapesWhatEscapesStandFor) {
  EXPECT_EQ(unescape_json(R"(\"\\\/\b\f\n\r\t)", 100), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(unescape_json(R"(\u0041\u00e4\u20AC\ud83d\ude00)", 100), "Aä€😀");
  EXPECT_EQ(unescape_json(R"(\u0000)", 100), "\0"s);
  EXPECT_EQ(unescape_json(R"(\ud83dx\ude00\ud83d\u0041)", 100), "\ufffdx\ufffd\ufffdA");
  EXPECT_EQ(unescape_json(R"(a\u0041bc)", 3), "aAb");
  EXPECT_EQ(unescape_json("ab\\", 100), "ab");
  EXPECT_EQ(unescape_json(R"(ab\u00)", 100), "ab");
}

// Documents and damaged ones; python3's json is the judge.
std::string random_json(std::mt19937_64& random, int depth) {
  auto blank = [&] { return std::string(random() % 8 == 0 ? random() % 20 : 0, " \n\t\r"[random() % 4]); };
  const std::vector<std::string> scalars = {"null", "true", "false", "0", "-1", "17", "2.50", "1e9", "-0.1E-7", "\"\"", "\"plain text of some length\"", R"("\"\\\/\b")",
                                            R"("\u00e4\uD83D\uDE00")", "51049267326419971", "\"\xc3\xa4 x\""};
  std::string out = blank();
  const uint64_t what = depth > 5 ? 9 : random() % 10;
  if (what < 3) {
    out += "[";
    for (uint64_t left = random() % 5; left > 0; --left) out += random_json(random, depth + 1) + (left > 1 ? "," : "");
    out += blank() + "]";
  } else if (what < 6) {
    out += "{";
    for (uint64_t left = random() % 5; left > 0; --left)
      out += blank() + "\"k" + std::to_string(random() % 9) + "\"" + blank() + ":" + random_json(random, depth + 1) + (left > 1 ? "," : "");
    out += blank() + "}";
  } else {
    out += scalars[random() % scalars.size()];
  }
  return out + blank();
}

std::string damaged(std::mt19937_64& random, std::string json) {
  constexpr std::string_view kLikely = "{}[]\",:\\eE+-.01 9untfalsr\n\x01\xff";
  for (uint64_t edits = 1 + random() % 2; edits > 0 && !json.empty(); --edits) {
    const size_t at = random() % json.size();
    switch (random() % 4) {
      case 0: json.erase(at, 1 + random() % 2); break;
      case 1: json.insert(at, 1, kLikely[random() % kLikely.size()]); break;
      case 2: json[at] = kLikely[random() % kLikely.size()]; break;
      case 3: json.resize(at); break;
    }
  }
  return json;
}

TEST(JsonScanner, AgreesWithPython) {
  const TempDir dir;
  const std::string documents = dir.path() / "documents", verdicts = dir.path() / "verdicts";
  std::mt19937_64 random(20261120);
  std::vector<std::string> all = kValid;
  all.insert(all.end(), kInvalid.begin(), kInvalid.end());
  std::erase_if(all, [](const std::string& json) { return json.starts_with("\xef\xbb\xbf"); });   // a mark is ours alone
  for (int i = 0; i < 20000; ++i) {
    std::string json = random_json(random, 0);
    all.push_back(i % 3 == 0 ? json : damaged(random, json));
  }
  std::ofstream out(documents, std::ios::binary);
  for (const std::string& json : all) out << json.size() << '\n' << json;
  out.close();
  const std::string judge =
      "python3 -c \"\nimport json, sys\ndef never(x): raise ValueError(x)\nf = open(sys.argv[1], 'rb')\nout = []\n"
      "while True:\n    n = f.readline()\n    if not n: break\n    t = f.read(int(n)).decode('latin-1')\n"
      "    try:\n        json.loads(t, strict=True, parse_constant=never); out.append('1')\n    except ValueError: out.append('0')\n"
      "open(sys.argv[2], 'w').write(''.join(out))\n\" '" + documents + "' '" + verdicts + "'";
  ASSERT_EQ(std::system(judge.c_str()), 0);
  std::stringstream said;
  said << std::ifstream(verdicts).rdbuf();
  ASSERT_EQ(said.str().size(), all.size());
  size_t valid = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    valid += said.str()[i] == '1';
    EXPECT_EQ(scan_json(all[i]).valid(), said.str()[i] == '1') << all[i];
    EXPECT_EQ(scan_json(all[i], 1 + i % 17, -1).valid(), said.str()[i] == '1') << all[i];
  }
  EXPECT_GT(valid, all.size() / 3);
  EXPECT_LT(valid, all.size());
}

}  // namespace
}  // namespace cairn
