// Runs a fuzz target as an ordinary test: its corpus, what such inputs look like when they are cut, and seeded mutations of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Input = std::vector<uint8_t>;

std::vector<Input> corpus() {
  std::vector<Input> out = {{}, {0}, Input(64, 0), Input(64, 0xff)};
  std::vector<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator(FUZZ_CORPUS)) files.push_back(file.path());
  std::ranges::sort(files);
  for (const auto& path : files) {
    std::ifstream in(path, std::ios::binary);
    out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return out;
}

// An allocation of its own, so that a sanitizer sees a read beyond the end.
void run(const Input& input) {
  Input exact(input.begin(), input.end());
  exact.shrink_to_fit();
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

TEST(FuzzReplay, TheCorpusIsHandledWhole) {
  auto inputs = corpus();
  EXPECT_GT(inputs.size(), 4u) << "no corpus in " << FUZZ_CORPUS;
  for (const Input& input : inputs) run(input);
}

TEST(FuzzReplay, TheCorpusIsHandledCutAnywhere) {
  for (const Input& input : corpus()) {
    size_t step = 1 + input.size() / 300;
    for (size_t size = 0; size < input.size(); size += step) run(Input(input.begin(), input.begin() + static_cast<ptrdiff_t>(size)));
  }
}

TEST(FuzzReplay, ThousandsOfMutationsAreHandled) {
  auto inputs = corpus();
  std::mt19937_64 random(20261120);
  for (int i = 0; i < FUZZ_MUTATIONS; ++i) {
    SCOPED_TRACE("mutation " + std::to_string(i));
    Input input = inputs[random() % inputs.size()];
    for (size_t edits = 1 + random() % 4; edits > 0; --edits) {
      if (input.empty()) input.push_back(static_cast<uint8_t>(random()));
      size_t at = random() % input.size();
      switch (random() % 6) {
        case 0: input[at] ^= static_cast<uint8_t>(1u << random() % 8); break;
        case 1: input[at] = static_cast<uint8_t>(random()); break;
        case 2: input[at] = random() % 2 ? 0xff : 0x80; break;
        case 3: input.insert(input.begin() + static_cast<ptrdiff_t>(at), static_cast<uint8_t>(random())); break;
        case 4: input.erase(input.begin() + static_cast<ptrdiff_t>(at)); break;
        case 5: {   // a run from another place
          size_t from = random() % input.size(), length = std::min(input.size() - std::max(at, from), random() % 40);
          std::copy_n(Input(input).begin() + static_cast<ptrdiff_t>(from), length, input.begin() + static_cast<ptrdiff_t>(at));
          break;
        }
      }
    }
    run(input);
  }
}

}  // namespace
