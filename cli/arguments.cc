#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>

namespace cairn {

namespace {

constexpr char kGlobalGroup[] = "Options for every command";
constexpr char kOptionGroup[] = "Options";

// Our usage lines instead of CLI11's, which doesn't know our positional arguments.
class HelpFormatter : public CLI::Formatter {
 public:
  std::map<const CLI::App*, std::string> usages;
  std::string make_usage(const CLI::App* app, std::string) const override {
    auto found = usages.find(app);
    return found == usages.end() ? "" : "\nUsage: " + found->second + "\n";
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string text = option->get_option_text();
    return text.starts_with("[=") ? text : CLI::Formatter::make_option_opts(option);
  }
};

CLI::Option* with_value(CLI::Option* option, const std::string& placeholder) {
  return option->option_text(placeholder)->allow_extra_args(false);
}

}  // namespace

void Arguments::flag(const std::string& names, bool& value, const std::string& help) { app_->add_flag(names, value, help); }

void Arguments::repeated_flag(const std::string& names, int& count, const std::string& help) {
  app_->add_flag_function(names, [&count](int64_t given) { count = static_cast<int>(given); }, help);
}

void Arguments::text(const std::string& names, const std::string& placeholder, std::string& value, const std::string& help) {
  with_value(app_->add_option(names, value, help), placeholder)->take_last();
}

void Arguments::list(const std::string& names, const std::string& placeholder, std::vector<std::string>& values,
                     const std::string& help) {
  with_value(app_->add_option(names, values, help), placeholder)->take_all();
}

void Arguments::choice(const std::string& names, const std::vector<std::string>& choices, std::string& value,
                       const std::string& help) {
  std::string all;
  for (const std::string& one : choices) all += (all.empty() ? "" : "|") + one;
  auto refuse = [choices, all](const std::string& given) {
    return std::ranges::find(choices, given) != choices.end() ? std::string() : "is one of " + all + ", not " + given;
  };
  with_value(app_->add_option(names, value, help), all)->take_last()->check(CLI::Validator(refuse, all));
}

void Arguments::number(const std::string& names, int least, int most, int& value, const std::string& help) {
  with_value(app_->add_option(names, value, help), "N")->take_last()->check(CLI::Range(least, most));
}

void Arguments::optional_text(const std::string& name, const std::string& placeholder, const std::string& without,
                              std::string& value, const std::string& help) {
  auto set = [&value, without](const std::string& given) { value = given.empty() || given == "true" ? without : given; };
  app_->add_flag_function("--" + name, [set](int64_t) { set(""); }, help)->option_text("[=" + placeholder + "]");
  // CLI11 would let an optional value take the next argument, so "=VALUE" is rewritten to a hidden option (Parser::parse).
  app_->add_option_function<std::string>("--" + name + "-value", set)->group("")->allow_extra_args(false)->take_last();
}

void Arguments::positionals(size_t least, size_t most, std::vector<std::string>& values, const std::string& missing) {
  least_ = least;
  most_ = most;
  positionals_ = &values;
  missing_ = missing;
}

void Arguments::words_after_dashes(const std::string& option, std::vector<std::string>& words) {
  dashes_option_ = option;
  dashes_words_ = &words;
}

struct Parser::State {
  CLI::App app;
  std::string name, version, config_variable;
  std::function<void(Arguments&)> declare_global = [](Arguments&) {};
  struct Global {
    std::string option, variable;
  };
  std::vector<Global> variables;
  std::deque<Arguments> commands;  // a deque: references stay valid
  std::unique_ptr<Arguments> globals;
  HelpFormatter* formatter = nullptr;  // owned by the app

  CLI::App& chosen() { return *app.get_subcommands().front(); }
  Arguments* arguments_of(const CLI::App* command) {
    auto found = std::ranges::find(commands, command, [](const Arguments& a) { return a.app_; });
    return found == commands.end() ? nullptr : &*found;
  }
  void add_global_options(CLI::App& to) {
    to.option_defaults()->group(kGlobalGroup);
    to.set_help_flag("-h,--help", "show this and exit");
    Arguments arguments(to);
    declare_global(arguments);
    to.option_defaults()->group(kOptionGroup);
  }
  // Behind their own options, so that help shows those first.
  void add_global_options_to_commands() {
    for (const Arguments& command : commands) add_global_options(*command.app_);
  }
  void require_known_command(const std::vector<std::string>& words);
  std::vector<std::string> prepare(const std::vector<std::string>& words);
  void take_positionals(const std::vector<std::string>& behind_dashes);
};

Parser::Parser(const std::string& name, const std::string& summary, const std::string& details, const std::string& version)
    : state_(std::make_unique<State>()) {
  state_->name = name;
  state_->version = version;
  CLI::App& app = state_->app;
  app.name(name);
  app.description(summary);
  app.footer(details);
  auto formatter = std::make_unique<HelpFormatter>();
  formatter->usages[&app] = name + " [OPTIONS] COMMAND ...";
  formatter->label("Subcommands", "Commands");
  formatter->column_width(34);
  state_->formatter = formatter.get();
  app.formatter(std::move(formatter));
  app.require_subcommand(0, 1);
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.set_version_flag("--version", version, "print the version and exit")->group(kGlobalGroup);
}
Parser::~Parser() = default;

void Parser::set_global(std::function<void(Arguments&)> declare) {
  state_->declare_global = std::move(declare);
  state_->add_global_options(state_->app);
}

void Parser::set_configuration_file(const std::string& default_path, const std::string& variable) {
  state_->config_variable = variable;
  state_->app.config_formatter(std::make_unique<CLI::ConfigTOML>());
  state_->app.set_config("--config", default_path, "options in a TOML file [" + variable + "]")
      ->option_text("FILE")
      ->group(kGlobalGroup);
}

void Parser::set_variable(const std::string& option, const std::string& variable) {
  state_->variables.push_back({option, variable});
}

Arguments& Parser::add_command(const CommandHelp& help) {
  CLI::App* command = state_->app.add_subcommand(help.name, help.summary);
  command->group("Commands");
  command->footer(help.details);
  command->allow_extras();
  command->set_help_flag();  // comes back with the global options
  state_->formatter->usages[command] = state_->name + " " + help.name + (help.usage.empty() ? "" : " ") + help.usage;
  return state_->commands.emplace_back(*command);
}

namespace {

bool starts_option(const std::string& word, const std::string& option) {
  return word == option || (word.size() > option.size() && word.starts_with(option) && word[option.size()] == '=');
}

// Takes "--config FILE" and "--config=FILE" out, wherever they stand: CLI11 knows them only before the command's name.
std::string extract_config(std::vector<std::string>& words) {
  std::string path;
  for (auto at = words.begin(); at != words.end();) {
    if (!starts_option(*at, "--config")) {
      ++at;
    } else if (at->size() > 9) {
      path = at->substr(9);
      at = words.erase(at);
    } else {
      at = words.erase(at);
      if (at == words.end()) throw UsageError("--config: a file must follow");
      path = *at;
      at = words.erase(at);
    }
  }
  return path;
}

}  // namespace

// What CLI11 shall see: variables as if they had been typed first, so that what was typed later overrides them.
std::vector<std::string> Parser::State::prepare(const std::vector<std::string>& words) {
  std::vector<std::string> typed = words, out;
  std::string config = extract_config(typed);
  const char* from_variable = config_variable.empty() ? nullptr : std::getenv(config_variable.c_str());
  if (config.empty() && from_variable) config = from_variable;
  if (!config.empty()) out.push_back("--config=" + config);
  for (const auto& [option, variable] : variables) {
    const char* value = std::getenv(variable.c_str());
    if (value && *value) out.push_back(option + "=" + value);
  }
  for (std::string& word : typed) {
    const size_t equals = word.find('=');
    // CLI11 would take the next word instead: --target="$UNSET" latest must not restore into a directory called latest.
    if (word.starts_with("--") && equals + 1 == word.size()) throw UsageError(word.substr(0, equals) + ": the value is empty");
    const bool has_hidden_twin = word.starts_with("--") && equals != std::string::npos &&
                                 std::ranges::any_of(commands, [&](const Arguments& command) {
                                   return command.app_->get_option_no_throw(word.substr(0, equals) + "-value") != nullptr;
                                 });
    if (has_hidden_twin) word.insert(equals, "-value");
    out.push_back(std::move(word));
  }
  return out;
}

void Parser::State::require_known_command(const std::vector<std::string>& words) {
  if (!app.get_subcommands().empty()) return;
  const std::vector<std::string> extra = app.remaining();
  if (!extra.empty()) throw UsageError("unknown command or option: " + extra.front() + " (see: " + name + " --help)");
  throw UsageError((words.empty() ? "which command? (see: " : "a command is missing (see: ") + name + " --help)");
}

void Parser::State::take_positionals(const std::vector<std::string>& behind_dashes) {
  Arguments& command = *arguments_of(&chosen());
  const std::string see = " (see: " + name + " " + chosen().get_name() + " --help)";
  std::vector<std::string> given = chosen().remaining();
  for (const std::string& word : given)
    if (word.size() > 1 && word[0] == '-') throw UsageError("unknown option: " + word + see);
  const bool takes_words = command.dashes_words_ && app.get_subcommand(chosen().get_name())->count(command.dashes_option_) > 0;
  auto& target = takes_words ? *command.dashes_words_ : given;
  target.insert(target.end(), behind_dashes.begin(), behind_dashes.end());
  if (given.size() < command.least_) throw UsageError(command.missing_ + see);
  if (given.size() > command.most_) throw UsageError("unexpected argument: " + given[command.most_] + see);
  if (command.positionals_) *command.positionals_ = std::move(given);
}

std::string Parser::parse(std::vector<std::string> words, std::string* answer) {
  auto dashes = std::ranges::find(words, "--");
  std::vector<std::string> behind(dashes == words.end() ? dashes : dashes + 1, words.end());
  words.erase(dashes, words.end());
  state_->add_global_options_to_commands();
  std::vector<std::string> seen = state_->prepare(words);
  std::ranges::reverse(seen);  // CLI11 takes them from the back
  CLI::App& app = state_->app;
  try {
    app.allow_extras();  // refused below, with better words
    app.parse(std::move(seen));
  } catch (const CLI::CallForHelp&) {
    *answer = CLI::detail::find_and_replace(app.help(), "\n\n\n", "\n\n");
    return "";
  } catch (const CLI::CallForVersion&) {
    *answer = state_->version + "\n";
    return "";
  } catch (const CLI::FileError&) {
    throw UsageError("--config: the file can't be read");
  } catch (const CLI::ArgumentMismatch& e) {
    const std::string option(e.what());
    throw UsageError(option.substr(0, option.find(':')) + ": a value must follow");
  } catch (const CLI::ParseError& e) {
    throw UsageError(e.what());
  }
  state_->require_known_command(words);
  if (!app.remaining().empty()) throw UsageError("unknown option: " + app.remaining().front());
  state_->take_positionals(behind);
  return state_->chosen().get_name();
}

namespace {

std::vector<OptionOutline> options_of(const CLI::App& app, bool global) {
  std::vector<OptionOutline> out;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty() || (option->get_group() == kGlobalGroup) != global) continue;
    OptionOutline outline;
    for (const std::string& name : option->get_snames()) outline.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) outline.names.push_back("--" + name);
    outline.summary = option->get_description();
    outline.takes_value = option->get_expected_min() > 0;
    const std::string text = option->get_option_text();
    if (text.find('|') != std::string::npos) outline.choices = CLI::detail::split(text, '|');
    out.push_back(std::move(outline));
  }
  return out;
}

}  // namespace

std::vector<OptionOutline> Parser::global_outline() const { return options_of(state_->app, true); }

std::vector<CommandOutline> Parser::outline() const {
  std::vector<CommandOutline> out;
  for (const CLI::App* command : state_->app.get_subcommands({}))
    out.push_back({command->get_name(), command->get_description(), options_of(*command, false)});
  return out;
}

}  // namespace cairn
