#!/usr/bin/env python3
"""Writes what pg_dumpall prints for an authentik-like database on a given night, byte for byte repeatable.

    dumpgen.py NIGHT [SCALE] > night.sql

Each night adds 10,000 events and drops the 5,000 oldest, updates 2 % of the users and 5 % of the sessions.  As in
PostgreSQL, an updated row leaves its place for one that an earlier night freed, or for the end of the table, and COPY
prints rows in that physical order.  A row is a function of (table, id, version), so nothing but places is remembered.
"""

import hashlib
import random
import sys
from base64 import b64encode

USERS, SESSIONS, EVENTS = 100_000, 20_000, 905_000
NEW_EVENTS, OLD_EVENTS, USERS_CHANGED, SESSIONS_CHANGED = 10_000, 5_000, 0.02, 0.05

ACTIONS = ["login", "login", "login", "authorize_application", "authorize_application", "authorize_application",
           "authorize_application", "model_updated", "login_failed", "logout", "password_set", "model_created",
           "policy_exception", "secret_view", "suspicious_request", "email_sent"]
APPS = ["authentik.events.signals", "authentik.core.auth", "authentik.providers.oauth2.views.authorize",
        "authentik.stages.password.stage", "authentik.core.signals", "authentik.flows.planner",
        "authentik.providers.saml.views.flows", "authentik.root.middleware"]
SERVICES = [f"{kind}-{place}" for kind in ("grafana", "nextcloud", "gitea", "wiki", "mail", "vault", "jira", "matrix")
            for place in ("prod", "stage", "berlin", "hamburg")]
GIVEN = "Anna Ben Clara David Emma Felix Greta Hanna Ida Jonas Karl Lea Max Nina Oskar Paula".split()
FAMILY = "Schmidt Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer Richter Klein Wolf Neumann Braun Krause".split()
AGENTS = [f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"
          for system in ("Windows NT 10.0; Win64; x64", "X11; Linux x86_64", "Macintosh; Intel Mac OS X 10_15_7",
                         "Linux; Android 13; SM-A536B") for major in range(120, 136)]
FIRST_NIGHT_S = 1_760_000_000


def noise(table, number, version=0, size=64):
    """Bytes that depend on the row alone."""
    return hashlib.blake2b(b"%s %d %d" % (table, number, version), digest_size=size).digest()


def uuid(raw):
    text = raw[:16].hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"


def timestamp(seconds, micros=0):
    days, rest = divmod(int(seconds), 86400)
    year, day = divmod(days, 372)  # not a calendar, but shaped and sorted like one
    return (f"{1970 + year:04}-{1 + day // 31:02}-{1 + day % 31:02} "
            f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}.{micros:06}+00")


def person(number):
    given, family = GIVEN[number % 16], FAMILY[number // 16 % 16]
    return f"{given.lower()}.{family.lower()}{number}", f"{given} {family}"


def user_row(number, version):
    r = noise(b"user", number, version)
    own = noise(b"user-key", number)  # what an update does not change
    username, name = person(number)
    salt = b64encode(own[16:28]).decode().replace("+", "a").replace("/", "b")
    password = f"pbkdf2_sha256$870000${salt}${b64encode(own[28:60]).decode()}"
    joined = timestamp(FIRST_NIGHT_S - 90_000_000 + number * 800, own[60] * 3000)
    login = timestamp(FIRST_NIGHT_S - 8_000_000 + (r[0] << 14) + (r[1] << 6) + version * 86400, int.from_bytes(r[2:4], "big") * 15)
    attributes = (f'{{"settings": {{"locale": "de_DE", "theme": {{"base": "automatic"}}}}, "department": "{SERVICES[own[0] % 32]}", '
                  f'"employeeNumber": "{100000 + number}", "goauthentik.io/user/can-change-email": false, '
                  f'"phone": "+49 40 {own[1] * 391:06}", "logins": {version * 7 + own[2]}}}')
    return (f"{number}\t{password}\t{login}\tf\t{username}\t{name}\t\t{username}@example.org\tf\tt\t{joined}\t"
            f"{uuid(own)}\t{name}\tusers/{username[:2]}\t{attributes}\t{login}\tinternal\n")


def session_row(number, version):
    r = noise(b"session", number, version)
    body = b64encode(noise(b"session-a", number, version) + noise(b"session-b", number, version) + r * 2
                     + b"authentik/flows/plan/default-authentication-flow" * 5 + noise(b"session-c", number)).decode()
    seen = FIRST_NIGHT_S - 500_000 + version * 86400 + r[0] * 300
    return (f"{uuid(noise(b'session-key', number))}\t{r[16:48].hex()}\t{timestamp(seen + 1_209_600)}\tt\t{number % 100_000}\t"
            f"10.{r[3] % 8}.{r[4]}.{r[5]}\t{AGENTS[r[6] % 64]}\t{timestamp(seen, r[7] * 3900)}\t{body}\n")


def event_row(number, version):
    r = noise(b"event", number, size=48)
    user = int.from_bytes(r[16:19], "big") % USERS
    username, name = person(user)
    action, service, agent = ACTIONS[r[20] % 16], SERVICES[r[21] % 32], AGENTS[r[22] % 64]
    created = FIRST_NIGHT_S - 9_158_400 + number * 8.64
    request = (f'"http_request": {{"args": {{"client_id": "{service}", "scope": "openid email profile", "response_type": "code"}}, '
               f'"path": "/application/o/authorize/", "method": "GET", "request_id": "{r[24:40].hex()}", "user_agent": "{agent}"}}')
    context = (f'{{{request}, "auth_method": "password", "auth_method_args": {{"mfa_devices": []}}, '
               f'"authorized_application": {{"app": "authentik_core", "name": "{service}", "model_name": "application"}}}}')
    who = f'{{"pk": {user}, "email": "{username}@example.org", "username": "{username}"}}'
    return (f"{uuid(r)}\t{action}\t{APPS[r[23] % 8]}\t{context}\t10.{r[40] % 8}.{r[41]}.{r[42]}\t"
            f"{timestamp(created, int.from_bytes(r[43:45], 'big') * 15)}\t{who}\t{timestamp(created + 31_536_000)}\t"
            '{"app": "authentik_brands", "name": "Default brand", "model_name": "brand"}\tt\n')


class Places:
    """The physical order of one table: place -> (id, version) or None."""

    def __init__(self, rows):
        self.rows = [(number, 0) for number in range(rows)]
        self.free = []       # places that a later night may use: vacuumed
        self.freed = []      # places freed tonight
        self.next = rows

    def put(self, row):
        if self.free:
            self.rows[self.free.pop()] = row
        else:
            self.rows.append(row)

    def take(self, place):
        row, self.rows[place] = self.rows[place], None
        self.freed.append(place)
        return row

    def update(self, choice, share):
        live = [place for place, row in enumerate(self.rows) if row]
        for place in choice.sample(live, int(len(live) * share)):
            number, version = self.take(place)
            self.put((number, version + 1))

    def grow(self, new, old):
        oldest = sorted((row[0], place) for place, row in enumerate(self.rows) if row)[:old]
        for _ in range(new):
            self.put((self.next, 0))
            self.next += 1
        for _, place in oldest:
            self.take(place)

    def vacuum(self):
        self.free += sorted(self.freed, reverse=True)
        self.freed = []


def tables_on(night, scale):
    """State after `night` nights, night 0 being the first dump."""
    choice = random.Random(7)
    users, sessions, events = (Places(int(n * scale)) for n in (USERS, SESSIONS, EVENTS))
    for _ in range(night):
        users.update(choice, USERS_CHANGED)
        sessions.update(choice, SESSIONS_CHANGED)
        events.grow(int(NEW_EVENTS * scale), int(OLD_EVENTS * scale))
        for table in (users, sessions, events):
            table.vacuum()
    return users, sessions, events


HEAD = """--
-- PostgreSQL database cluster dump
--

SET default_transaction_read_only = off;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

CREATE ROLE authentik;
ALTER ROLE authentik WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS;

--
-- Database "authentik" dump
--

CREATE DATABASE authentik WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8';
ALTER DATABASE authentik OWNER TO authentik;

\\connect authentik

--
-- PostgreSQL database dump
--

-- Dumped from database version 15.13
-- Dumped by pg_dump version 15.13

SET statement_timeout = 0;
SET check_function_bodies = false;
SET default_table_access_method = heap;

"""
TAIL = "--\n-- PostgreSQL database dump complete\n--\n\n--\n-- PostgreSQL database cluster dump complete\n--\n\n"
COLUMNS = {
    "authentik_core_user": "id, password, last_login, is_superuser, username, first_name, last_name, email, is_staff, is_active, "
                           "date_joined, uuid, name, path, attributes, password_change_date, type",
    "authentik_core_session": "uuid, session_key, expires, expiring, user_id, last_ip, last_user_agent, last_used, session_data",
    "authentik_events_event": "event_uuid, action, app, context, client_ip, created, \"user\", expires, brand, expiring",
}


def write_create(out, table):
    columns = ",\n".join(f"    {c} text" for c in COLUMNS[table].split(", "))
    out.write(f"--\n-- Name: {table}; Type: TABLE; Schema: public; Owner: authentik\n--\n\n"
              f"CREATE TABLE public.{table} (\n{columns}\n);\n\n\nALTER TABLE public.{table} OWNER TO authentik;\n\n")


def write_rows(out, table, places, row_text):
    out.write(f"--\n-- Data for Name: {table}; Type: TABLE DATA; Schema: public; Owner: authentik\n--\n\n"
              f"COPY public.{table} ({COLUMNS[table]}) FROM stdin;\n")
    out.writelines(row_text(*row) for row in places.rows if row)
    out.write("\\.\n\n\n")


def write_dump(out, night, scale):
    users, sessions, events = tables_on(night, scale)
    out.write(HEAD)
    for table in COLUMNS:
        write_create(out, table)
    write_rows(out, "authentik_core_session", sessions, session_row)
    write_rows(out, "authentik_core_user", users, user_row)
    write_rows(out, "authentik_events_event", events, event_row)
    out.write(TAIL)


if __name__ == "__main__":
    write_dump(open(sys.stdout.fileno(), "w", encoding="utf-8", buffering=1 << 20, closefd=False),
               int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 1.0)
