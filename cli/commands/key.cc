// cairn key: who may do what with the repository.
#include "cli/command.h"
#include "cli/key_file.h"
#include "cli/key_json.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "store/error.h"
#include "store/keys/key_admin.h"

namespace cairn {

namespace {

constexpr char kKeyDetails[] =
    "add      a key of its own for another person or machine.  --role: an owner may do everything; a writer backs up, and can\n"
    "         neither list nor read what is stored, nor remove anything; a reader lists and restores, and can't add anything\n"
    "list     all keys: their id, role, label, and what opens them; * is the one used now\n"
    "remove   ID (or its first digits).  Who had that key may have copied what it gives, and could then go on as\n"
    "         before wherever the files can be reached\n"
    "passwd   another password or key file in place of the one used now; role and author stay\n\n"
    "Only an owner adds and removes keys; the last owner's can't be removed.  A new password is asked for twice unless\n"
    "--new-password-file or --new-key-file is given; a key file is made unless it is there.\n\n"
    "Examples:\n"
    "  cairn key add --role writer --label web1 --new-key-file /etc/cairn/web1.key\n"
    "  cairn key list\n"
    "  cairn key passwd";

Role parse_role(const std::string& name) {
  return name == "owner" ? Role::kOwner : name == "writer" ? Role::kWriter : Role::kReader;
}

class Key : public Command {
 public:
  CommandHelp help() const override { return {"key", "[OPTIONS] add|list|remove|passwd [ID]", "passwords, key files and roles", kKeyDetails}; }
  void declare(Arguments& to) override {
    to.positionals(1, 2, words_, "what shall be done? one of: key add, key list, key remove ID, key passwd");
    to.choice("--role", {"owner", "reader", "writer"}, role_, "of a key to add: what it may do");
    to.text("--label", "TEXT", label_, "of a key to add: whose it is, shown by key list and snapshots");
    to.text("--new-password-file", "FILE", new_password_file_, "the new password is in FILE");
    to.text("--new-key-file", "FILE", new_key_file_, "FILE will open it, in place of a password; made if it isn't there");
  }
  IndexUse index_use() const override { return IndexUse::kNone; }

  int run(Session& session) override {
    const std::string& action = words_[0];
    const bool takes_id = action == "remove", makes = action == "add" || action == "passwd";
    if (!takes_id && !makes && action != "list")
      throw UsageError("key " + printable(action) + ": there is no such action; write add, list, remove or passwd");
    if (takes_id != (words_.size() == 2))
      throw UsageError(takes_id ? "key remove: which one? give its id (see: cairn key list)" : "key " + action + " takes no ID");
    if (!makes && (!new_password_file_.empty() || !new_key_file_.empty()))
      throw UsageError("--new-password-file and --new-key-file belong to key add and key passwd");
    if (action != "add" && (!role_.empty() || !label_.empty())) throw UsageError("--role and --label belong to key add");
    if (!new_password_file_.empty() && !new_key_file_.empty())
      throw UsageError("give one of --new-password-file and --new-key-file");
    if (new_password_file_ == "-" || new_key_file_ == "-")
      throw UsageError("a password is never read from standard input; write /dev/fd/N or a file");
    if (action == "add") return add(session);
    if (action == "remove") return remove(session);
    if (action == "passwd") return change(session);
    return list(session);
  }

 private:
  static void require_owner(const Keyring& keys) {
    if (!keys.maintenance_seed)
      throw Error(ErrorCode::kWrongKey, "this is a " + std::string(role_name(keys.role)) + "'s key: only an owner's may add and remove keys");
  }

  Password new_secret(const std::string& question, const std::string& place) const {
    if (!new_key_file_.empty()) return make_key_file(new_key_file_);
    if (!new_password_file_.empty()) return read_secret_file(new_password_file_, "the new password file");
    return ask_new_password(question, place);
  }

  int add(Session& session) {
    if (role_.empty()) throw UsageError("key add: which role? --role owner, writer or reader");
    Repository& repository = session.repository();
    require_owner(repository.keys());
    const Password secret = new_secret("Password for the new " + role_ + " of", session.backend().describe());
    session.progress.check_interrupted();
    const AddedKey added = add_key(repository.backend(), repository.keys(), parse_role(role_), label_, secret.unlock(),
                                   new_kdf_params(secret.kind()));
    if (session.options.json) session.out.line(key_added_json(added, secret.kind()));
    else if (!session.options.quiet)
      session.out.line("Added the key " + added.slot.hex().substr(0, 8) + (role_ == "owner" ? ", an " : ", a ") + role_ + "'s.");
    return kExitDone;
  }

  int list(Session& session) {
    const Repository& repository = session.repository();
    std::vector<std::string> problems;
    const auto slots = list_slots(repository.backend(), repository.keys(), &problems);
    Table table({{""}, {"ID"}, {"ROLE"}, {"LABEL"}, {"ADDED"}, {"OPENED BY"}});
    for (const SlotInfo& slot : slots) {
      const bool current = slot.id == repository.slot();
      // A slot without a card may be anybody's; of the one that was opened its content is known.
      const std::string role(slot.card ? role_name(slot.card->role) : current ? role_name(repository.keys().role) : "");
      if (session.options.json) {
        session.out.line(key_json(slot, role, current));
        continue;
      }
      table.add({current ? "*" : "", slot.id.hex().substr(0, 8), role.empty() ? "unknown" : role, slot.card ? printable(slot.card->label) : "",
                 slot.card ? local_time(slot.card->created_ns) : "", std::string(slot_kind_name(slot.kind))});
    }
    for (const std::string& problem : problems) session.progress.warning("a key can't be listed as it should: " + problem);
    if (session.options.json) session.out.line(key_list_summary_json(slots.size(), problems.size()));
    else session.out.write(table.text());
    return problems.empty() ? kExitDone : kExitFailed;
  }

  int remove(Session& session) {
    const Repository& repository = session.repository();
    require_owner(repository.keys());
    const SlotId slot = choose_slot(repository.backend(), words_[1]);
    remove_key(repository.backend(), repository.keys(), repository.slot(), slot);
    if (session.options.json) {
      session.out.line(key_removed_json(slot));
    } else if (!session.options.quiet) {
      session.out.line("Removed the key " + slot.hex().substr(0, 8) + ".");
      session.out.line("Who had it may have copied what it gives, and could then go on as before wherever the files can be reached;\n"
                       "if that is to be feared, take access to the storage away too, or begin a new repository.");
    }
    return kExitDone;
  }

  int change(Session& session) {
    const Repository& repository = session.repository();
    const Password secret = new_secret("New password for", session.backend().describe());
    session.progress.check_interrupted();
    const ChangedKey changed = change_unlock(repository.backend(), repository.keys(), repository.slot(), secret.unlock(),
                                             new_kdf_params(secret.kind()));
    if (!changed.not_removed.empty())
      session.progress.warning("the old one still opens the repository, because its slot could not be removed: " + changed.not_removed);
    if (session.options.json) session.out.line(key_changed_json(changed, repository.slot(), secret.kind()));
    else if (!session.options.quiet)
      session.out.line("The key is now " + changed.slot.hex().substr(0, 8) + ", opened by the new " +
                       std::string(slot_kind_name(secret.kind())) + ".");
    return kExitDone;
  }

  std::vector<std::string> words_;
  std::string role_, label_, new_password_file_, new_key_file_;
};

}  // namespace

std::unique_ptr<Command> make_key() { return std::make_unique<Key>(); }

}  // namespace cairn
