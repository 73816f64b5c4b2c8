# Sourced by every scenario: a fresh directory to work in, settings, and words to say what is expected.
# The scenario gets the program as its first argument; exit code 77 means "skipped".
# shellcheck shell=sh disable=SC2034
set -eu
cairn=$(realpath "${1:?usage: $0 CAIRN}")
top=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d "${TMPDIR:-/tmp}/cairn-scenario.XXXXXX")
trap 'chmod -R u+rwX "$work" 2>/dev/null || true; rm -rf "$work"' EXIT
trap "exit 143" HUP INT TERM  # so that the trap for EXIT runs
cd "$work"
unset CAIRN_PASSWORD_FILE CAIRN_PASSWORD_COMMAND CAIRN_CONFIG XDG_CONFIG_HOME
export CAIRN_REPOSITORY="$work/repository" CAIRN_PASSWORD=correct-horse CAIRN_CACHE_DIR="$work/cache" HOME="$work" LC_ALL=C TZ=UTC

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# expect CODE COMMAND...: runs it, its output in the files out and err; complains about another exit code.
expect() {
  wanted=$1 status=0
  shift
  "$@" >out 2>err </dev/null || status=$?
  [ "$status" -eq "$wanted" ] || { cat out err >&2; fail "exit code $status, not $wanted: $*"; }
}

# says FILE WORDS, silent FILE WORDS: is there, is not there.
says() { grep -qF -- "$2" "$1" || { cat "$1" >&2; fail "$1 does not say: $2"; }; }
silent() { ! grep -qF -- "$2" "$1" || { cat "$1" >&2; fail "$1 says: $2"; }; }

snapshot_count() { "$cairn" snapshots --json | wc -l; }
skip() {
  echo "SKIPPED: $*" >&2
  exit 77
}
# wait_for COMMAND...: until it succeeds, at most a minute: sanitized programs share the machine.
wait_for() {
  for _ in $(seq 600); do
    if "$@"; then return 0; fi
    sleep 0.1
  done
  fail "waited in vain for: $*"
}
