#include "cli/completion.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

const std::vector<OptionOutline> kGlobal = {{{"-r", "--repo"}, "where it's [kept]: here", true, {}}};
const std::vector<CommandOutline> kCommands = {
    {"save", "saves", {{{"--kind"}, "which", true, {"a", "b"}}, {{"-f"}, "force", false, {}}}}, {"completion", "completes", {}}};

std::string script(const char* shell) { return completion_script(shell, kGlobal, kCommands); }

TEST(Completion, BashOffersChoicesOfTheCommandsOptions) {
  const std::string line = "'save'' ''--kind') mapfile -t COMPREPLY < <(compgen -W 'a b' -- \"$current\")";
  EXPECT_NE(script("bash").find(line), std::string::npos) << script("bash");
}

TEST(Completion, QuotesAndBracketsInHelpAreEscaped) {
  EXPECT_NE(script("zsh").find("where it'\\''s \\[kept\\]\\: here"), std::string::npos) << script("zsh");
  EXPECT_NE(script("fish").find("-d 'where it'\\''s [kept]: here'"), std::string::npos) << script("fish");
}

TEST(Completion, EveryShellKnowsEveryOption) {
  for (const char* shell : {"bash", "zsh"})
    for (const char* word : {"save", "--kind", "-f", "--repo"})
      EXPECT_NE(script(shell).find(word), std::string::npos) << shell << word;
  for (const char* word : {"-a save", "-l kind", "-s f", "-l repo"})
    EXPECT_NE(script("fish").find(word), std::string::npos) << word;
  EXPECT_THROW(script("tcsh"), UsageError);
}

}  // namespace
}  // namespace cairn
