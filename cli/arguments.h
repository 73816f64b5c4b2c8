// What the program and its commands accept, declared in a few verbs; CLI11 and its peculiarities are behind this.
//
// Options are long or short ("-l,--long").  Values come from the command line, else from the environment (global options), else
// from the configuration file.  Positional arguments are ours: CLI11 would take "[a]" for a list and lose what follows "--".
//
// Threads:  one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace cairn {

// The command line makes no sense: exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// One command's options; or, for Program, those of all commands.
// Lifetime: every variable given must live as long as the parser; it keeps its value unless the option is given.
class Arguments {
 public:
  explicit Arguments(CLI::App& app) : app_(&app) {}

  void flag(const std::string& names, bool& value, const std::string& help);
  void repeated_flag(const std::string& names, int& count, const std::string& help);
  void text(const std::string& names, const std::string& placeholder, std::string& value, const std::string& help);
  // May be given several times; each takes one value.
  void list(const std::string& names, const std::string& placeholder, std::vector<std::string>& values, const std::string& help);
  void choice(const std::string& names, const std::vector<std::string>& choices, std::string& value, const std::string& help);
  void number(const std::string& names, int least, int most, int& value, const std::string& help);
  // "--name" or "--name=VALUE"; `value` becomes `without` when there is none.
  void optional_text(const std::string& name, const std::string& placeholder, const std::string& without, std::string& value,
                     const std::string& help);
  // The arguments that are no options.  `missing`: what to say when there are fewer than `least`.
  void positionals(size_t least, size_t most, std::vector<std::string>& values, const std::string& missing);
  // When `option` is given, whatever follows "--" goes to `words` instead of being positional arguments.
  void words_after_dashes(const std::string& option, std::vector<std::string>& words);

 private:
  friend class Parser;
  CLI::App* app_;
  size_t least_ = 0, most_ = 0;
  std::vector<std::string>* positionals_ = nullptr;
  std::string missing_;
  std::string dashes_option_;
  std::vector<std::string>* dashes_words_ = nullptr;
};

struct CommandHelp {
  std::string name;      // "backup"
  std::string usage;     // "[OPTIONS] [NAME=]SOURCE..."
  std::string summary;   // one line
  std::string details;   // more lines, with an example; shown below the options
};

// What completions are made of.
struct OptionOutline {
  std::vector<std::string> names;    // "-l", "--long"
  std::string summary;
  bool takes_value = false;
  std::vector<std::string> choices;  // of its value
};
struct CommandOutline {
  std::string name, summary;
  std::vector<OptionOutline> options;
};

class Parser {
 public:
  Parser(const std::string& name, const std::string& summary, const std::string& details, const std::string& version);
  ~Parser();

  // Declares the options that are accepted before and after every command's name; called once for each of them.
  void set_global(std::function<void(Arguments&)> declare);
  // `default_path`: read when it is there.
  void set_configuration_file(const std::string& default_path, const std::string& variable);
  // An environment variable for a global option with a value; an empty one counts as unset.
  void set_variable(const std::string& option, const std::string& variable);
  // The new command's options; valid as long as this.
  Arguments& add_command(const CommandHelp& help);

  // The name of the chosen command; "" when help or version was asked for: *answer is to be printed.
  // Throws UsageError.   Requires: called once.
  std::string parse(std::vector<std::string> words, std::string* answer);

  std::vector<OptionOutline> global_outline() const;
  std::vector<CommandOutline> outline() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
