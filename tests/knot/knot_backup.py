#!/usr/bin/env python3
"""Writes a file as `knot admin backup` does: invented people, but every key, its place and its spelling as knot has them.

  knot_backup.py --users 20 --seed 1 > backup.json
  knot_backup.py --sections users,groups --seal KEYFILE --output backup.bin

One line of JSON as Go's encoding/json writes it: < > & as \\u003c \\u003e \\u0026, other text as UTF-8, a section that wasn't selected
null, one
without content [], lists that are nil null, 64-bit timestamps above 2^53 as numbers, no newline at the end.
"""
import argparse
import base64
import datetime
import json
import os
import random
import sys

SECTIONS = ["users", "tokens", "spaces", "groups", "roles", "templates", "variables", "volumes", "scripts", "skills", "commands",
    "responses",
            "config", "audit"]
ZERO_TIME = "0001-01-01T00:00:00Z"
ADMIN_ROLE = "00000000-0000-0000-0000-000000000000"   # built into knot, in no section
NAMES = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "niaj", "olivia", "peggy", "rupert",
         "sybil", "trent", "ursula", "victor", "walter"]
WORDS = ["php", "go", "node", "rust", "ubuntu", "postgres", "Übung", "日本", "a<b>&c", "tab\there", "quote\"d", "back\\slash",
    "line\u2028break"]


class Knot:
    def __init__(self, options):
        self.random = random.Random(options.seed)
        self.options = options
        self.micros = 546 * 86400 * 1_000_000   # since 2025-01-01
        self.user_ids = [self.uuid() for _ in range(options.users)]
        few = max(1, min(50, options.users // 4 + 2))
        self.groups = [self.group(i) for i in range(few)]
        self.roles = [self.role(i) for i in range(few)]
        self.scripts = [self.script(i) for i in range(few)]
        self.templates = [self.template(i) for i in range(few)]
        self.variables = [self.variable(i) for i in range(few)]
        self.volumes = [self.volume(i) for i in range(few)]
        self.skills = [self.skill(i) for i in range(few)]
        self.commands = [self.command(i) for i in range(few)]
        self.users = [self.user(i) for i in range(options.users)]
        self.responses = [self.response() for _ in range(few)]
        self.config = [{"name": "server_id", "value": self.uuid()}, {"name": "motd", "value": "<b>welcome</b> & \u00fc"}]
        self.audit = [self.audit_entry(i + 1) for i in range(options.users * 3)]
        for night in range(options.night):
            self.pass_night(night)

    # Values as knot makes them.
    def uuid(self):
        digits = "%032x" % self.random.getrandbits(128)
        return f"0197{digits[4:8]}-{digits[8:12]}-7{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def hlc(self):
        self.micros += self.random.randrange(1, 10_000_000)
        return self.micros << 10 | self.random.randrange(3)

    def time(self):
        moment = datetime.datetime(2025, 1, 1) + datetime.timedelta(microseconds=self.micros)
        nanos = self.random.choice(["", ".5", ".000000006", ".123456789"])
        return moment.strftime("%Y-%m-%dT%H:%M:%S") + nanos + "Z"

    def letters(self, count):
        return "".join(self.random.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./") for _ in range(count))

    def text(self, count=8):
        return " ".join(self.random.choice(WORDS) for _ in range(count))

    def some(self, things, key, most=3):
        chosen = self.random.sample(things, self.random.randrange(min(most, len(things)) + 1)) if things else []
        return [one[key] for one in chosen] or None

    def anybody(self):
        return self.random.choice(self.user_ids) if self.user_ids else ""

    def trail(self):
        return {"created_user_id": self.anybody(), "created_at": self.time(), "updated_user_id": self.anybody(), "updated_at": self.hlc()}

    # Sections.
    def group(self, number):
        return {"group_id": self.uuid(), "name": f"group{number}", "max_spaces": self.random.randrange(9), "compute_units": 0,
            "storage_units": 0,
                "max_tunnels": 0, "is_deleted": False, **self.trail()}

    def role(self, number):
        return {"role_id": self.uuid(), "name": f"role{number}", "permissions": sorted(self.random.sample(range(40), 5)),
            "is_deleted": False,
                **self.trail()}

    def owned(self, number, kind):
        return {f"{kind}_id": self.uuid(), "user_id": self.random.choice(["", self.anybody()]), "name": f"{kind}{number}",
            "description": self.text(3)}

    def script(self, number):
        return {**self.owned(number, "script"), "content": "#!/bin/sh\n" + self.text(20), "groups": self.some(self.groups, "group_id"),
            "zones": [],
                "active": True, "script_type": "script", "mcp_input_schema_toml": "", "mcp_keywords": None, "timeout": 30,
                "is_deleted": False,
                "is_managed": False, **self.trail()}

    def skill(self, number):
        return {**self.owned(number, "skill"), "content": self.text(20), "groups": None, "zones": None, "active": True, "is_deleted": False,
                "is_managed": False, **self.trail()}

    def command(self, number):
        return {**self.owned(number, "command"), "argument_hint": "<file>", "allowed_tools": ["read", "write"], "body": "Do $ARGUMENTS",
                "groups": self.some(self.groups, "group_id"), "zones": None, "active": True, "is_deleted": False, "is_managed": False,
                **self.trail()}

    def template(self, number):
        return {"template_id": self.uuid(), "name": f"template{number}", "description": self.text(3),
            "hash": "%032x" % self.random.getrandbits(128),
                "platform": self.random.choice(["docker", "nomad"]), "icon_url": "",
                "job": "job \"x\" <tag> {\n" + self.text(60) + "\n}", "volumes": "",
                "groups": self.some(self.groups, "group_id"), "active": True, "with_terminal": True, "with_vscode_tunnel": False,
                "with_code_server": False, "with_ssh": True, "with_run_command": True, "allow_node_migration": False,
                "startup_script_id": self.random.choice(["", self.random.choice(self.scripts)["script_id"]]), "shutdown_script_id": "",
                "compute_units": 1, "storage_units": 2, "schedule_enabled": False, "auto_start": False, "is_deleted": False,
                "is_managed": False,
                "schedule": self.random.choice([None, [{"enabled": True, "from": "9:00am", "to": "5:00pm"}]]), "zones": None,
                "custom_fields": [{"name": "branch", "description": "a & b"}], "max_uptime": 0, "max_uptime_unit": "disabled",
                "health_check_type": "none", "health_check_config": "", "health_check_skip_ssl_verify": False, "health_check_timeout": 10,
                "health_check_interval": 60, "health_check_max_failures": 3, "health_check_auto_restart": False,
                "disable_user_activity": False,
                "ports": [{"name": "web", "port": 8080, "protocol": "http"}], **self.trail()}

    def variable(self, number):
        return {"templatevar_id": self.uuid(), "name": f"variable{number}", "zones": None, "value": self.letters(20),
            "protected": number % 2 == 0,
                "local": False, "restricted": False, "is_deleted": False, "is_managed": False, **self.trail()}

    def volume(self, number):
        return {"volume_id": self.uuid(), "name": f"volume{number}", "zone": "", "node_id": "", "platform": "docker",
            "definition": self.text(10),
                "active": False, "is_deleted": False, **self.trail()}

    def username(self, number):
        return NAMES[number % len(NAMES)] + ("" if number < len(NAMES) else str(number // len(NAMES)))

    def user(self, number):
        name, ident = self.username(number), self.user_ids[number]
        providers = {"github": {"provider_uid": str(number), "username": name,
            "token": base64.b64encode(self.letters(30).encode()).decode()}}
        record = {"user_id": ident, "username": name, "email": f"{name}@example.org", "password": "$2a$10$" + self.letters(53),
            "totp_secret": "",
                  "service_password": self.letters(16), "ssh_public_key": "",
                  "ssh_private_key": base64.b64encode(self.letters(60).encode()).decode(),
                  "github_username": "", "external_auth_providers": self.random.choice([{}, providers]),
                  "roles": [ADMIN_ROLE] if number == 0 else self.some(self.roles, "role_id"), "groups": self.some(self.groups, "group_id"),
                  "active": True, "is_deleted": False, "max_spaces": 0, "compute_units": 0, "storage_units": 0, "max_tunnels": 0,
                  "preferred_shell": "bash", "timezone": "Europe/Berlin", "preferences": {}, "last_login_at": self.random.choice([None,
                  self.time()]),
                  "updated_at": self.hlc(), "created_at": self.time()}
        return {"User": record, "Tokens": [self.token(ident, i) for i in range(self.random.randrange(3))],
                "Spaces": [self.space(ident, i) for i in range(self.random.randrange(4))]}

    def token(self, user_id, number):
        scopes = {} if number == 0 else {"scopes": ["spaces:read", "spaces:write"]}
        return {"token_id": self.letters(40), "user_id": user_id, "name": f"token{number}", "expires_after": self.time(),
            "updated_at": self.hlc(),
                "is_deleted": False, **scopes}

    def space(self, user_id, number):
        node = {} if number == 0 else {"node_id": self.uuid()}
        return {"space_id": self.uuid(), "parent_space_id": "", "pool_id": "", "user_id": user_id,
                "template_id": self.random.choice(self.templates)["template_id"], "shares": [], "depends_on": [], "name": f"space{number}",
                "description": self.text(2), "note": "", "stack": "", "stack_prefix": "", "zone": "eu", **node, "shell": "bash",
                "startup_script_id": self.random.choice(["", self.random.choice(self.scripts)["script_id"]]), "template_hash": "",
                "nomad_namespace": "", "container_id": "%064x" % self.random.getrandbits(256), "icon_url": "",
                "volume_data": {"home": {"id": self.letters(12), "Namespace": "default"}, "work": {"id": "w", "Namespace": "",
                "type": "csi"}},
                "ssh_host_signer": "-----BEGIN PRIVATE KEY-----\n" + self.letters(64) + "\n-----END PRIVATE KEY-----\n",
                "is_deployed": False,
                "is_pending": False, "is_deleting": False, "is_deleted": False, "alt_names": None, "custom_fields": [{"name": "branch",
                "value": "main"}],
                "port_forwards": [], "started_at": self.random.choice([ZERO_TIME, self.time()]), "created_at": self.time(),
                "updated_at": self.hlc()}

    def response(self):
        return {"response_id": self.uuid(), "status": "completed", "request": {"input": self.text(5), "model": "m"},
            "response": {"output": [1, 2.50]},
                "user_id": self.anybody(), "is_deleted": False, "created_at": self.time(), "updated_at": self.hlc()}

    def audit_entry(self, number):
        return {"audit_log_id": number, "zone": "eu", "actor": self.username(self.random.randrange(max(1, self.options.users))),
            "actor_type": "User",
                "event": "Login Success", "created_at": self.time(), "details": self.text(3),
                "properties": {"source_ip": f"192.0.2.{number % 250}", "user_agent": "Mozilla/5.0 (X11; Linux) <bot>"}}

    def pass_night(self, night):
        """A few users log in, a few entries are added."""
        change = random.Random(f"{self.options.seed} {night}")
        for user in change.sample(self.users, min(len(self.users), 1 + len(self.users) // 100)):
            user["User"]["last_login_at"] = self.time()
            user["User"]["updated_at"] = self.hlc()
        for _ in range(1 + len(self.users) // 50):
            self.audit.append(self.audit_entry(len(self.audit) + 1))

    def document(self, sections):
        def of(name, value):
            return value if name in sections else None

        users = [{"User": one["User"], "Tokens": of("tokens", one["Tokens"]), "Spaces": of("spaces", one["Spaces"])} for one in self.users]
        return {"Templates": of("templates", self.templates), "TemplateVars": of("variables", self.variables), "Volumes": of("volumes",
            self.volumes),
                "Groups": of("groups", self.groups), "Roles": of("roles", self.roles), "Users": of("users", users),
                "Scripts": of("scripts", self.scripts), "Skills": of("skills", self.skills), "Commands": of("commands", self.commands),
                "Responses": of("responses", self.responses), "CfgValues": of("config", self.config), "AuditLogs": of("audit", self.audit)}


def as_go_writes(value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, "\\u%04x" % ord(char))
    return text.encode()


def sealed(plain, key_file):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    with open(key_file, "rb") as file:
        key = file.read().rstrip(b"\r\n")
    if len(key) != 32:
        sys.exit(f"{key_file}: a key must have 32 bytes")
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, plain, None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=20, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--night", type=int, default=0, metavar="K", help="so many nights later: a few users and entries differ")
    parser.add_argument("--sections", default=",".join(SECTIONS), metavar="A,B", help="of: " + ", ".join(SECTIONS))
    parser.add_argument("--seal", metavar="KEYFILE", help="AES-256-GCM with these 32 bytes and a random nonce")
    parser.add_argument("--output", metavar="FILE")
    options = parser.parse_args()
    sections = set(options.sections.split(",")) - {""}
    if sections - set(SECTIONS):
        parser.error("unknown sections: " + ", ".join(sorted(sections - set(SECTIONS))))
    data = as_go_writes(Knot(options).document(sections))
    if options.seal:
        data = sealed(data, options.seal)
    if options.output:
        with open(options.output, "wb") as file:
            file.write(data)
    else:
        sys.stdout.buffer.write(data)


if __name__ == "__main__":
    main()
