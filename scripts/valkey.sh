#!/usr/bin/env bash
# Fetches Valkey 8 for the tests, from Debian's backports for Debian 12.
#
#   scripts/valkey.sh [DIR]    into DIR/bin; else $XDG_CACHE_HOME/cairn-tests/valkey, or that in ~/.cache
#
# 2 MB of download and 5 MB of disk, besides Debian's list of packages; what is there already is not fetched again.  Nothing is
# installed.  The programs need libjemalloc2, liblzf1 and libssl3, as Debian's redis-server does.
# apt checks the list's signature, and the packages against the list (SHA256).
# Needs apt and dpkg; no rights.  Exits 1 when it can't be had; tests that want it say so and are skipped.
set -euo pipefail

case "${1:-}" in -*)
  sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  [ "$1" = --help ] || [ "$1" = -h ] || exit 2
  exit 0
  ;;
esac

place=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/cairn-tests/valkey}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
mkdir -p "$place"
place=$(cd "$place" && pwd)

# runs FOLDER: prints what version it is; fails when it isn't there, or can't run here.
runs() { "$1/valkey-server" --version 2>&1 && "$1/valkey-cli" --version >/dev/null 2>&1; }

if runs "$place/bin" >/dev/null 2>&1; then
  echo "$place/bin: $(runs "$place/bin")"
  exit 0
fi
for needed in apt-get dpkg-deb; do
  if ! command -v "$needed" >/dev/null; then
    echo "Valkey: $needed is not here; this needs Debian, or a system made from it" >&2
    exit 1
  fi
done

root=$(mktemp -d "$place/.fetching.XXXXXX")
trap 'rm -rf "$root"' EXIT

# get: complete or not at all, also when interrupted.
get() {
  mkdir -p "$root"/{etc/none,cache/archives/partial,state/lists/partial,packages,files}
  echo "deb [signed-by=$keyring] http://deb.debian.org/debian bookworm-backports main" >"$root/etc/sources.list"
  : >"$root/state/status"
  local apt=(apt-get -q -q -y -o "Dir::State=$root/state" -o "Dir::State::status=$root/state/status" -o "Dir::Cache=$root/cache"
    -o "Dir::Etc::sourcelist=$root/etc/sources.list" -o "Dir::Etc::sourceparts=$root/etc/none" -o "Dir::Etc::preferencesparts=$root/etc/none"
    -o "APT::Sandbox::User=$(id -un)" -o Debug::NoLocking=true)
  "${apt[@]}" update || return 1
  (cd "$root/packages" && "${apt[@]}" download valkey-server valkey-tools) || return 1
  local package
  for package in "$root"/packages/*.deb; do dpkg-deb -x "$package" "$root/files" || return 1; done
  chmod -R a+rX "$root/files/usr/bin"
  runs "$root/files/usr/bin" || return 1
  rm -rf "${place:?}/bin"
  mv "$root/files/usr/bin" "$place/bin"
}

if ! said=$(get 2>&1); then
  echo "Valkey: could not get it (is deb.debian.org reachable; are libjemalloc2, liblzf1 and libssl3 installed?)" >&2
  echo "$said" >&2
  exit 1
fi
echo "$place/bin: $(runs "$place/bin")"
