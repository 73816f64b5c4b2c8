// What is known of the documents of knot (`knot admin backup`, v0.18 to v0.31).
#include "ingest/document/profile.h"

namespace cairn {

namespace {

// Whoever takes tokens or spaces out of a document takes the users' records, too: knot saves them first and can't load the others without.
constexpr std::string_view kKnot = R"toml(name = "knot"
detect = ["Templates", "Volumes", "Groups", "Roles", "Users"]

[[section]]
name = "users"
path = "Users"
member = "User"
label = ["User.username", "User.user_id"]
needs = [
  { from = "User.roles[]", section = "roles", by = "role_id" },
  { from = "User.groups[]", section = "groups", by = "group_id" },
]

[[section]]
name = "tokens"
path = "Users"
member = "Tokens"
keep = ["User"]
label = ["User.username", "User.user_id"]
warning = "knot loads tokens together with their users: the users' records are in the document, too, and will overwrite those knot has now"
needs = [
  { from = "User.roles[]", section = "roles", by = "role_id" },
  { from = "User.groups[]", section = "groups", by = "group_id" },
  { from = "Tokens[].user_id", section = "users", by = "User.user_id" },
]

[[section]]
name = "spaces"
path = "Users"
member = "Spaces"
keep = ["User"]
label = ["User.username", "User.user_id"]
warning = """knot loads spaces together with their users: the users' records are in the document, too, and will overwrite those knot has \
  now; a space that was never started (a zero started_at) counts as started when it is loaded"""
needs = [
  { from = "User.roles[]", section = "roles", by = "role_id" },
  { from = "User.groups[]", section = "groups", by = "group_id" },
  { from = "Spaces[].user_id", section = "users", by = "User.user_id" },
  { from = "Spaces[].shares[]", section = "users", by = "User.user_id" },
  { from = "Spaces[].template_id", section = "templates", by = "template_id" },
  { from = "Spaces[].startup_script_id", section = "scripts", by = "script_id" },
]

[[section]]
name = "groups"
path = "Groups"
label = ["name", "group_id"]
needs = [
  { from = "created_user_id", section = "users", by = "User.user_id" },
  { from = "updated_user_id", section = "users", by = "User.user_id" },
]

[[section]]
name = "roles"
path = "Roles"
label = ["name", "role_id"]
needs = [
  { from = "created_user_id", section = "users", by = "User.user_id" },
  { from = "updated_user_id", section = "users", by = "User.user_id" },
]

[[section]]
name = "templates"
path = "Templates"
label = ["name", "template_id"]
needs = [
  { from = "groups[]", section = "groups", by = "group_id" },
  { from = "startup_script_id", section = "scripts", by = "script_id" },
  { from = "shutdown_script_id", section = "scripts", by = "script_id" },
  { from = "created_user_id", section = "users", by = "User.user_id" },
  { from = "updated_user_id", section = "users", by = "User.user_id" },
]

[[section]]
name = "variables"
path = "TemplateVars"
label = ["name", "templatevar_id"]
needs = [
  { from = "created_user_id", section = "users", by = "User.user_id" },
  { from = "updated_user_id", section = "users", by = "User.user_id" },
]

[[section]]
name = "volumes"
path = "Volumes"
label = ["name", "volume_id"]
needs = [
  { from = "created_user_id", section = "users", by = "User.user_id" },
  { from = "updated_user_id", section = "users", by = "User.user_id" },
]

[[section]]
name = "scripts"
path = "Scripts"
label = ["name", "script_id"]
needs = [
  { from = "user_id", section = "users", by = "User.user_id" },
  { from = "groups[]", section = "groups", by = "group_id" },
  { from = "created_user_id", section = "users", by = "User.user_id" },
  { from = "updated_user_id", section = "users", by = "User.user_id" },
]

[[section]]
name = "skills"
path = "Skills"
label = ["name", "skill_id"]
needs = [
  { from = "user_id", section = "users", by = "User.user_id" },
  { from = "groups[]", section = "groups", by = "group_id" },
  { from = "created_user_id", section = "users", by = "User.user_id" },
  { from = "updated_user_id", section = "users", by = "User.user_id" },
]

[[section]]
name = "commands"
path = "Commands"
label = ["name", "command_id"]
needs = [
  { from = "user_id", section = "users", by = "User.user_id" },
  { from = "groups[]", section = "groups", by = "group_id" },
  { from = "created_user_id", section = "users", by = "User.user_id" },
  { from = "updated_user_id", section = "users", by = "User.user_id" },
]

[[section]]
name = "responses"
path = "Responses"
label = ["response_id"]
needs = [ { from = "user_id", section = "users", by = "User.user_id" } ]

[[section]]
name = "config"
path = "CfgValues"
label = ["name"]

[[section]]
name = "audit"
path = "AuditLogs"
label = ["audit_log_id"]
)toml";

}  // namespace

std::string_view knot_profile() { return kKnot; }

}  // namespace cairn
