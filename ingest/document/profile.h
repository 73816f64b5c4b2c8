// What is known of an application's documents: where its sections are, what their elements are called, what needs what.
//
// A profile is a small TOML file; knot's is built in as such a text.  Others lie in $CAIRN_DOCUMENT_PROFILES (a directory), else in
// ~/.config/cairn/documents/*.toml ($XDG_CONFIG_HOME), then /etc/cairn/documents; docs/documents.md describes them.
//
//   name = "knot"
//   detect = ["Users", "Templates", "Roles"]           # a document with all of these at its top is one of them
//   [[section]]
//   name = "users"                                     # what people say: --only users
//   path = "Users"                                     # the member at the top; compared without regard to case
//   member = "User"                                    # only this member of each element; the others become null …
//   keep = []                                          # … but these
//   label = ["User.username", "User.user_id"]          # what an element is called: the first that is there
//   needs = [ { from = "User.roles[]", section = "roles", by = "role_id" } ]     # for --with-dependencies
//
// Threads:  immutable.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

struct DocumentNeed {
  std::string from;       // path in the element: members joined by '.', "[]" behind an array
  std::string section;    // the name of another section
  std::string by;         // path of the id in its elements
};

struct DocumentSection {
  std::string name, path, member;
  std::vector<std::string> keep;
  std::vector<std::string> label;
  std::vector<DocumentNeed> needs;
  std::string warning;    // told when it is taken out alone
};

struct DocumentProfile {
  std::string name;
  std::vector<std::string> detect;
  std::vector<DocumentSection> sections;
  // The section of that name (without regard to case), or the one whose path is that; nullptr.
  const DocumentSection* section(std::string_view name) const;
};

// kInvalidArgument, naming `where`, the line and what is wrong.
DocumentProfile parse_document_profile(std::string_view toml, const std::string& where);
// The built-in ones and those of the configuration; of one name the configuration's counts.  A file that can't be understood: kInvalidArgument.
std::vector<DocumentProfile> document_profiles();
// Of the text that knot's profile is.
std::string_view knot_profile();

}  // namespace cairn
