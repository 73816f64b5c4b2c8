#!/usr/bin/env bash
# Builds cairn on a bare Debian 12 and does a whole round with it: init, backup, look, restore, compare.
#
#   scripts/quickstart.sh          with a small sample, in a temporary directory that is removed afterwards
#   scripts/quickstart.sh PATH     with your directory or file; the repository is kept, and you are told how to go on
#
# Needs root or sudo, and only if packages are missing.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/packages.sh
. "$top/scripts/packages.sh"

say() { printf '\n== %s\n' "$*"; }

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  exit 1
}

# run COMMAND...: shows the command the way a person would type it, on the terminal even when its output goes to a file.
exec 3>&1
run() {
  printf '\n$ %s\n' "$*" >&3
  "$@"
}

build() {
  say "Packages"
  install_packages "${BUILD_PACKAGES[@]}"
  say "Build"
  (cd "$top" && configure release && cmake --build --preset release --target cairn)
  PATH="$top/build:$PATH"
}

# make_sample DIRECTORY: a little of everything that a directory can hold.
make_sample() {
  mkdir -p "$1/documents/letters" "$1/pictures" "$1/database" "$1/empty"
  printf 'Dear reader,\n\nthis file is backed up.\n' >"$1/documents/letters/first.txt"
  ln -s letters/first.txt "$1/documents/link to first"
  ln "$1/documents/letters/first.txt" "$1/documents/same file again"
  head -c 3000000 /dev/urandom >"$1/pictures/photo.raw"
  cp "$1/pictures/photo.raw" "$1/pictures/copy of photo.raw"
  truncate -s 64M "$1/database/sparse.img"
  printf 'data in the middle of a hole' | dd of="$1/database/sparse.img" bs=1 seek=33554432 conv=notrunc status=none
  awk 'BEGIN { print "COPY public.users (id, name, score) FROM stdin;"
               for (i = 1; i <= 60000; i++) printf "%d\tuser-%06d\t%d\n", i, i, (i * 7919) % 104729
               print "\\." }' >"$1/database/dump.sql"
  chmod 750 "$1/documents"
  chmod 4755 "$1/pictures/photo.raw"
  touch -d '2001-02-03 04:05:06.789' "$1/documents/letters/first.txt" "$1/empty"
}

# make_dump: a small one as `pg_dump --create` writes it.
make_dump() {
  cat <<'END'
--
-- PostgreSQL database dump
--

-- Dumped from database version 15.18
-- Dumped by pg_dump version 15.18

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

--
-- Name: shop; Type: DATABASE; Schema: -; Owner: -
--

CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8';


\connect shop

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

--
-- Name: users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.users (
    id integer NOT NULL,
    name text
);


--
-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.users (id, name) FROM stdin;
END
  awk 'BEGIN { for (i = 1; i <= 20000; i++) printf "%d\tuser-%06d\n", i, i; print "\\.\n\n" }'
  printf '%s\n' '--' '-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: -' '--' '' \
    'ALTER TABLE ONLY public.users' '    ADD CONSTRAINT users_pkey PRIMARY KEY (id);' '' '' '--' \
    '-- PostgreSQL database dump complete' '--' ''
}

# one_table: out of a dump, without a server.
one_table() {
  make_dump >"$work/shop.sql"
  run cairn backup "db=$work/shop.sql"
  run cairn ls -l latest:db/shop/public
  run cairn cat latest:db/shop/public/users.copy >"$work/rows"
  head -n 3 "$work/rows"
  [ "$(wc -l <"$work/rows")" -eq 20000 ] || fail "rows are missing"
  run cairn cat latest:db >"$work/shop.copy"
  cmp "$work/shop.sql" "$work/shop.copy" || fail "the dump differs"
}

# A document that an application wrote, and one element of it.
one_element() {
  printf '{"version":9007199254740993,"users":[{"name":"alice","mail":"a@x"},{"name":"bob","mail":"b@x"}],"groups":[{"name":"dev"}]}' >"$work/app.json"
  run cairn backup "app=$work/app.json"
  run cairn ls -R latest:app
  run cairn cat latest:app/users/bob >"$work/bob"
  cat "$work/bob" && echo
  [ "$(cat "$work/bob")" = '{"name":"bob","mail":"b@x"}' ] || fail "the element differs"
  run cairn cat latest:app | cmp - "$work/app.json" || fail "the document differs"
}

# listing DIRECTORY: one NUL-terminated line about each entry.  Sizes of directories are the file system's business; sockets are
# not backed up; owners can only be restored by root; links to files outside of somebody's PATH can't be counted.
listing() {
  local owner='' links=''
  if [ "$(id -u)" -eq 0 ]; then owner=' %U:%G'; fi
  if [ -z "$given" ]; then links=' links=%n'; fi
  (cd "$1" && find . ! -type s \( -type d -printf "%p %y %m$owner %T@\0" -o \
    -printf "%p %y %m$owner %T@ %s$links %l\0" \) | LC_ALL=C sort -z)
}

# compare_trees SOURCE COPY: content with diff; which files there are, and their metadata, with find.
compare_trees() {
  # Left to the listing: entries on one side only, and special files, which diff calls different even from themselves.
  (LC_ALL=C diff -r --no-dereference "$1" "$2" || true) >"$work/diff" 2>&1
  if grep -v -E '^Only in |^File .* is a (fifo|socket|character special file|block special file) while file ' "$work/diff"; then
    fail "the contents differ"
  fi
  listing "$1" >"$work/listing.source"
  listing "$2" >"$work/listing.copy"
  if ! cmp -s "$work/listing.source" "$work/listing.copy"; then
    diff <(tr '\0' '\n' <"$work/listing.source") <(tr '\0' '\n' <"$work/listing.copy") | head -n 40 || true
    fail "names or metadata differ (< source, > restored)"
  fi
}

back_up() {
  local status=0
  run cairn backup "files=$source" || status=$?
  if [ "$status" -eq 3 ]; then
    fail "some files could not be read (see above); the rest is in the repository $CAIRN_REPOSITORY"
  fi
  if [ "$status" -ne 0 ]; then
    fail "backup ended with exit code $status"
  fi
}

restore_and_compare() {
  if [ -d "$source" ]; then
    run cairn restore latest:files --target "$work/restored"
    local copy=$work/restored
    if [ -d "$copy/files" ] && [ ! -e "$source/files" ]; then
      copy=$copy/files
    fi
    compare_trees "$source" "$copy"
  else
    run cairn cat latest:files >"$work/restored"
    cmp "$work/restored" "$source" || fail "the contents differ"
  fi
}

finish() {
  local status=$?
  if [ "$status" -ne 0 ] && [ -n "${work:-}" ]; then
    echo "Left for you to look at: $work" >&2
  fi
}

case "${1:-}" in
  -h | --help)
    sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
esac
[ "$#" -le 1 ] || fail "usage: scripts/quickstart.sh [PATH]"
given=${1:-}
if [ -n "$given" ]; then
  source=$(realpath -e -- "$given") || fail "$given: no such file or directory"
fi

build

trap finish EXIT
work=$(mktemp -d "${TMPDIR:-/tmp}/cairn-quickstart.XXXXXX")
if [ -z "$given" ]; then
  source=$work/sample
  make_sample "$source"
fi
unset CAIRN_PASSWORD CAIRN_PASSWORD_COMMAND CAIRN_CONFIG
export CAIRN_REPOSITORY=$work/repository CAIRN_PASSWORD_FILE=$work/password CAIRN_CACHE_DIR=$work/cache
(umask 077 && head -c 24 /dev/urandom | base64 >"$CAIRN_PASSWORD_FILE")

say "A repository in $CAIRN_REPOSITORY, its password in $CAIRN_PASSWORD_FILE"
run cairn init
back_up
run cairn snapshots
run cairn ls latest:files >"$work/ls"
head -n 20 "$work/ls"
restore_and_compare

say "The restored copy is identical."
if [ -z "$given" ]; then
  say "And one table out of a dump of PostgreSQL"
  one_table
  say "And one element of a JSON document (Redis likewise: docs/redis.md)"
  one_element
fi
if [ -z "$given" ]; then
  chmod -R u+rwX "$work"
  rm -rf "$work"
  echo "The sample and its repository are removed.  Next:  scripts/quickstart.sh PATH"
else
  rm -rf "$work/restored" "$work/ls" "$work/diff" "$work"/listing.*
  cat <<END
Your backup of $source is in $work.  To go on with it:

  export CAIRN_REPOSITORY=$CAIRN_REPOSITORY
  export CAIRN_PASSWORD_FILE=$CAIRN_PASSWORD_FILE  # keep a copy elsewhere: without it nothing can be restored
  export CAIRN_CACHE_DIR=$CAIRN_CACHE_DIR
  $top/build/cairn backup $(printf %q "files=$source")
  $top/build/cairn snapshots
  $top/build/cairn restore latest --target DIRECTORY

To be rid of it:  rm -rf $work
END
fi
