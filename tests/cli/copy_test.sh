#!/bin/sh
# Snapshots go into a repository with another password: everything comes back, the source stays as it is, nothing is copied twice.
. "$(dirname "$0")/setup.sh"
mkdir -p src/a/b && seq 200000 >src/a/numbers && head -c 3000000 /dev/urandom >src/a/b/noise && echo short >src/short && : >src/empty
truncate -s 5M src/hole && ln src/short src/linked && ln -s short src/link && mkfifo src/fifo && touch -d '2001-02-03 04:05:06.789' src/empty
head -c 400000 /dev/zero >src/zeros
printf -- '--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.19\n-- Dumped by pg_dump version 15.19\n\n' >dump.sql
printf -- '--\n-- Name: t; Type: TABLE; Schema: public; Owner: o\n--\n\nCREATE TABLE public.t (\n    a integer\n);\n\n\n' >>dump.sql
printf -- '--\n-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: o\n--\n\nCOPY public.t (a) FROM stdin;\n' >>dump.sql
seq 100000 >>dump.sql
printf '\\.\n\n\n--\n-- PostgreSQL database dump complete\n--\n\n' >>dump.sql
printf '{"users": [{"name": "ada"}, {"name": "bob"}], "version": 1}\n' >document.json
expect 0 "$cairn" init
expect 0 "$cairn" backup src db=dump.sql doc=document.json --tag nightly --host here
echo more >>src/short
expect 0 "$cairn" backup src db=dump.sql doc=document.json --host here
one() { CAIRN_REPOSITORY=$work/repository CAIRN_PASSWORD=correct-horse "$cairn" "$@"; }
export CAIRN_REPOSITORY="$work/other" CAIRN_PASSWORD=another CAIRN_FROM_PASSWORD=correct-horse
plain() { grep -av '^\\\(un\)\?restrict '; }   # whose key each repository has its own
tree_hash() { (cd repository && find . -type f | sort | xargs sha256sum && find . -printf '%p %m %T@\n' | sort) | sha256sum; }
chmod -R a-w repository
before=$(tree_hash)
for how in '' --rechunk; do
  rm -rf other out.d
  expect 0 "$cairn" init
  # shellcheck disable=SC2086
  expect 0 "$cairn" copy $how --from repository
  says out "2 snapshots copied"
  [ "$(tree_hash)" = "$before" ] || fail "the source was changed"
  expect 0 "$cairn" check --read-data
  expect 0 "$cairn" restore latest:src --target out.d --verify
  rsync -aHAXn --delete --itemize-changes src/ out.d/src/ >changes
  [ ! -s changes ] || fail "$how: restored otherwise: $(cat changes)"
  for thing in db db/dump.sql db/db/public/t doc doc/users/ada; do
    one cat "latest:$thing" | plain >mine
    [ -s mine ] || fail "no $thing"
    "$cairn" cat "latest:$thing" | plain | cmp - mine || fail "$how: $thing differs"
  done
  "$cairn" cat latest~1:src/short | grep -qx short || fail "the older snapshot"
  "$cairn" snapshots --json --tag nightly | python3 -c "import json,sys; o = json.load(sys.stdin); assert o['host'] == 'here', o"
  # Again: nothing to do.  One snapshot more: only what is new in it is read.
  # shellcheck disable=SC2086
  expect 0 "$cairn" copy $how --from repository --json
  tail -n 1 out | python3 -c "import json,sys; o = json.load(sys.stdin); assert (o['copied'], o['skipped'], o['bytes_read']) == (0, 2, 0), o"
done
chmod -R u+w repository
echo another >src/new
expect 0 one backup src --host here
for how in --rechunk ''; do
  # shellcheck disable=SC2086
  [ -n "$how" ] || { rm -rf other && expect 0 "$cairn" init && expect 0 "$cairn" copy --from repository 'latest~1'; }
  # shellcheck disable=SC2086
  expect 0 "$cairn" copy $how --from repository latest --json
  tail -n 1 out | python3 -c "import json,sys; o = json.load(sys.stdin); assert o['copied'] == 1 and o['bytes_read'] < 1000, o"
done
expect 0 "$cairn" check --read-data
expect 2 "$cairn" copy
CAIRN_FROM_PASSWORD=another expect 2 "$cairn" copy --from other
CAIRN_FROM_PASSWORD=wrong expect 12 "$cairn" copy --from repository
