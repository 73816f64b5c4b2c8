#!/usr/bin/env python3
"""Says whether a document is what should be left of another one; exit code 1 and why when it isn't.

  check_extract.py ORIGINAL EXTRACT [--with-dependencies] users groups Users/alice …

Knows knot's sections by itself, with Python's json, which keeps numbers as they are written here.
"""
import json
import sys

SECTIONS = {   # name: member at the top, members kept in its elements, labels, what it needs: path, section, by
    "users": ("Users", ["User"], ["User.username", "User.user_id"], [("User.roles[]", "roles"), ("User.groups[]", "groups")]),
    "tokens": ("Users", ["User", "Tokens"], ["User.username", "User.user_id"],
               [("User.roles[]", "roles"), ("User.groups[]", "groups"), ("Tokens[].user_id", "users")]),
    "spaces": ("Users", ["User", "Spaces"], ["User.username", "User.user_id"],
               [("User.roles[]", "roles"), ("User.groups[]", "groups"), ("Spaces[].user_id", "users"), ("Spaces[].shares[]", "users"),
                ("Spaces[].template_id", "templates"), ("Spaces[].startup_script_id", "scripts")]),
}
TRAIL = [("created_user_id", "users"), ("updated_user_id", "users")]
OWNED = [("user_id", "users"), ("groups[]", "groups")]
for name, member, ident, needs in [
        ("groups", "Groups", "group_id", TRAIL), ("roles", "Roles", "role_id", TRAIL),
        ("variables", "TemplateVars", "templatevar_id", TRAIL),
        ("templates", "Templates", "template_id",
         [("groups[]", "groups"), ("startup_script_id", "scripts"), ("shutdown_script_id", "scripts")] + TRAIL),
        ("volumes", "Volumes", "volume_id", TRAIL), ("scripts", "Scripts", "script_id", OWNED + TRAIL),
        ("skills", "Skills", "skill_id", OWNED + TRAIL),
        ("commands", "Commands", "command_id", OWNED + TRAIL), ("responses", "Responses", "response_id", [("user_id", "users")]),
        ("config", "CfgValues", "name", []), ("audit", "AuditLogs", "audit_log_id", [])]:
    SECTIONS[name] = (member, None, ["name", ident], needs)
IDS = {name: labels[-1] for name, (_, _, labels, _) in SECTIONS.items()}


def at(value, path):
    """The texts at a path."""
    step, _, rest = path.partition(".")
    name, many = (step[:-2], True) if step.endswith("[]") else (step, False)
    value = value.get(name) if isinstance(value, dict) else None
    for one in (value or []) if many else [value]:
        if rest:
            yield from at(one, rest)
        elif one is not None:
            yield one


def main():
    words = [word for word in sys.argv[3:] if word != "--with-dependencies"]
    with open(sys.argv[1], "rb") as file:
        original_bytes = file.read()
    with open(sys.argv[2], "rb") as file:
        extract_bytes = file.read()
    as_text = {"parse_int": lambda digits: ("int", digits), "parse_float": lambda digits: ("float", digits)}
    original, extract = json.loads(original_bytes, **as_text), json.loads(extract_bytes, **as_text)
    plain = json.loads(original_bytes)

    taken = {}   # section: places of elements
    for word in words:
        given, _, element = word.partition("/")
        given = given.lower()
        name = given if given in SECTIONS else next(name for name in SECTIONS if SECTIONS[name][0].lower() == given)
        member, _, labels, _ = SECTIONS[name]
        for place, one in enumerate(plain[member] or []):
            if not element or any(str(text) == element for label in labels for text in at(one, label)):
                taken.setdefault(name, set()).add(place)
        taken.setdefault(name, set())
    asked = set(taken)
    grown = "--with-dependencies" in sys.argv
    while grown:
        grown = False
        for name, places in list(taken.items()):
            for place in list(places):
                for path, other in SECTIONS[name][3]:
                    for ident in at(plain[SECTIONS[name][0]][place], path):
                        for there, one in enumerate(plain[SECTIONS[other][0]] or []):
                            if ident and list(at(one, IDS[other]))[:1] == [ident] and there not in taken.setdefault(other, set()):
                                taken[other].add(there)
                                grown = True

    expected = {}
    for member, value in original.items():
        names = [name for name in taken if SECTIONS[name][0] == member and (taken[name] or name in asked)]
        if not names or value is None:
            expected[member] = None
            continue
        expected[member] = []
        for place, one in enumerate(value):
            takers = [SECTIONS[name][1] for name in names if place in taken[name]]
            if not takers:
                continue
            if any(kept is None for kept in takers):
                expected[member].append(one)
            else:
                expected[member].append({key: content if any(key in kept for kept in takers) else None for key, content in one.items()})
    if list(extract) != list(expected):
        sys.exit(f"members differ: {list(extract)}")
    for member in expected:
        if extract[member] != expected[member]:
            sys.exit(f"{member} differs: {len(extract[member] or [])} elements where {len(expected[member] or [])} should be\n"
                     f"{json.dumps(extract[member])[:2000]}\n{json.dumps(expected[member])[:2000]}")

    # Every value that is left stands in the original byte for byte.
    spans = []
    collect(extract_bytes.decode(), json.JSONDecoder(), spans)
    for span in spans:
        if span.encode() not in original_bytes:
            sys.exit(f"not in the original: {span[:200]}")


def collect(text, decoder, spans):
    """Texts of the elements of sections, and of the members of those in Users."""
    position = text.index("{") + 1
    while True:
        while text[position] in " \t\r\n,":
            position += 1
        if text[position] == "}":
            return
        name, position = decoder.raw_decode(text, position)
        while text[position] in " \t\r\n:":
            position += 1
        if text[position] != "[":
            _, position = decoder.raw_decode(text, position)
            continue
        position += 1
        while True:
            while text[position] in " \t\r\n,":
                position += 1
            if text[position] == "]":
                position += 1
                break
            begin = position
            value, position = decoder.raw_decode(text, position)
            if name == "Users":
                members(text, begin, decoder, spans)
            else:
                spans.append(text[begin:position])


def members(text, position, decoder, spans):
    position += 1
    while True:
        while text[position] in " \t\r\n,":
            position += 1
        if text[position] == "}":
            return
        _, position = decoder.raw_decode(text, position)
        while text[position] in " \t\r\n:":
            position += 1
        begin = position
        value, position = decoder.raw_decode(text, position)
        if value is not None:
            spans.append(text[begin:position])


if __name__ == "__main__":
    main()
