#include "cli/completion.h"

namespace cairn {

namespace {

using Outlines = std::vector<OptionOutline>;
using Commands = std::vector<CommandOutline>;

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : std::string(between)) + word;
  return out;
}

std::string all_names(const Outlines& options) {
  std::vector<std::string> out;
  for (const OptionOutline& option : options) out.push_back(joined(option.names, " "));
  return joined(out, " ");
}

// As one word, in any of the three shells.
std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::vector<std::string> names(const Commands& commands) {
  std::vector<std::string> out;
  for (const CommandOutline& command : commands) out.push_back(command.name);
  return out;
}

// Lines of a bash `case "$command $previous"`: the choices of a value, or files.
std::string bash_values(const std::string& command, const Outlines& options) {
  std::string out;
  for (const OptionOutline& option : options) {
    if (!option.takes_value) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : option.names)
      patterns.push_back((command.empty() ? "*" : shell_word(command)) + "' '" + shell_word(name));
    const std::string reply = option.choices.empty() ? "compgen -f" : "compgen -W " + shell_word(joined(option.choices, " "));
    out += "    " + joined(patterns, "|") + ") mapfile -t COMPREPLY < <(" + reply + " -- \"$current\"); return ;;\n";
  }
  return out;
}

// Words that a command's first argument can be; "" for those that take paths and snapshots.
std::string first_words(const std::string& command) {
  return command == "completion" ? "bash zsh fish" : command == "key" ? "add list remove passwd" : "";
}

std::string bash(const Outlines& global, const Commands& commands) {
  std::string out =
      "# bash completion for cairn:  source <(cairn completion bash)\n"
      "_cairn() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command='' word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case $word in\n"
      "      " + joined(names(commands), "|") + ") command=$word; break ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$command $previous\" in\n";
  for (const CommandOutline& command : commands) out += bash_values(command.name, command.options);
  out += bash_values("", global);
  out += "  esac\n  local options=" + shell_word(all_names(global)) + "\n  case $command in\n";
  out += "    '') options+=" + shell_word(" " + joined(names(commands), " ")) + " ;;\n";
  for (const CommandOutline& command : commands)
    out += "    " + command.name + ") options+=" + shell_word(" " + all_names(command.options) + " " + first_words(command.name)) + " ;;\n";
  return out +
         "  esac\n"
         "  if [[ $current == -* || -z $command || $command == completion || $command == key ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")\n"
         "  else\n"
         "    mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -F _cairn cairn\n";
}

// 'name[summary]' or '(-l --long)'{-l,--long}'[summary]:value:(choices)' for zsh's _arguments.
std::string zsh_option(const OptionOutline& option) {
  std::string summary;
  for (const char c : option.summary) summary += c == '[' || c == ']' || c == ':' ? std::string("\\") + c : std::string(1, c);
  std::string spec = "[" + summary + "]";
  if (option.takes_value) spec += ":value:" + (option.choices.empty() ? "_files" : "(" + joined(option.choices, " ") + ")");
  std::string out;
  for (const std::string& name : option.names) out += " \\\n        " + shell_word("*" + name + spec);
  return out;
}

std::string zsh(const Outlines& global, const Commands& commands) {
  std::string out = "#compdef cairn\n# zsh completion for cairn: put this as _cairn into a directory of $fpath\n_cairn() {\n"
                    "  local -a commands global\n  commands=(\n";
  for (const CommandOutline& command : commands) out += "    " + shell_word(command.name + ":" + command.summary) + "\n";
  out += "  )\n  local word command=''\n  for word in ${words[2,CURRENT-1]}; do\n    case $word in\n      " +
         joined(names(commands), "|") + ") command=$word; break ;;\n    esac\n  done\n  global=(";
  for (const OptionOutline& option : global) out += zsh_option(option);
  out += " )\n  case $command in\n    '') _arguments \"${global[@]}\" '1:command:{_describe command commands}' ;;\n";
  for (const CommandOutline& command : commands) {
    out += "    " + command.name + ") _arguments \"${global[@]}\"";
    for (const OptionOutline& option : command.options) out += zsh_option(option);
    out += first_words(command.name).empty() ? " '*:path:_files' ;;\n" : " '*:word:(" + first_words(command.name) + ")' ;;\n";
  }
  return out + "  esac\n}\nif [[ $funcstack[1] == _cairn ]]; then _cairn \"$@\"; else compdef _cairn cairn; fi\n";
}

std::string fish_option(const std::string& condition, const OptionOutline& option) {
  std::string out = "complete -c cairn -n " + shell_word(condition);
  for (const std::string& name : option.names) out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!option.choices.empty()) {
    out += " -x -a " + shell_word(joined(option.choices, " "));
  } else if (option.takes_value) {
    out += " -r";
  }
  return out + " -d " + shell_word(option.summary) + "\n";
}

std::string fish(const Outlines& global, const Commands& commands) {
  std::string out = "# fish completion for cairn:  cairn completion fish | source\n";
  for (const CommandOutline& command : commands)
    out += "complete -c cairn -n __fish_use_subcommand -f -a " + command.name + " -d " + shell_word(command.summary) + "\n";
  for (const OptionOutline& option : global) out += fish_option("true", option);
  for (const CommandOutline& command : commands)
    for (const OptionOutline& option : command.options) out += fish_option("__fish_seen_subcommand_from " + command.name, option);
  for (const CommandOutline& command : commands)
    if (const std::string words = first_words(command.name); !words.empty())
      out += "complete -c cairn -n '__fish_seen_subcommand_from " + command.name + "' -f -a '" + words + "'\n";
  return out;
}

}  // namespace

std::string completion_script(std::string_view shell, const Outlines& global, const Commands& commands) {
  if (shell == "bash") return bash(global, commands);
  if (shell == "zsh") return zsh(global, commands);
  if (shell == "fish") return fish(global, commands);
  throw UsageError("completions are there for bash, zsh and fish");
}

}  // namespace cairn
