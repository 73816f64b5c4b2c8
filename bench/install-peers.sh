#!/bin/sh
# Installs what the benchmark measures cairn against, and the small tools it uses; only what is missing.
set -eu

missing=
need() { # need COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

need restic restic
need borg borgbackup
need bup bup
need rsync rsync
need b3sum b3sum
need zstd zstd
need xz xz-utils
need dpkg-deb dpkg
[ -x /usr/bin/time ] || missing="$missing time" # not the shell's own

[ -n "$missing" ] || { echo "nothing missing"; exit 0; }
echo "installing:$missing"
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
$sudo apt-get update -q
# shellcheck disable=SC2086  # a list of package names
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
