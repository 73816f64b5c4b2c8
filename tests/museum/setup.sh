# Sourced by every scenario here: known failures of other programs, tried on this one.  Arguments: CAIRN SHIM (tests/faults/shim.cc).
# shellcheck shell=sh disable=SC2034,SC2154
. "$(dirname "$0")/../cli/setup.sh"
shim=$(realpath "${2:?usage: $0 CAIRN SHIM}")
"$cairn" --help | grep -q "^  forget " || skip "needs cairn forget"

# stop_at K CALL COMMAND...: runs it in the background; returns when it has stopped before its K-th call that contains CALL.
stop_at() {
  stop_k=$1 stop_call=$2
  shift 2
  env LD_PRELOAD="$shim" CAIRN_SHIM_ROOT="$CAIRN_REPOSITORY" CAIRN_SHIM_MATCH="$stop_call" CAIRN_SHIM_AT="$stop_k" \
    CAIRN_SHIM_ACTION=stop "$@" >stopped.out 2>stopped.err </dev/null &
  stopped=$!
  for _ in $(seq 600); do
    case $(sed 's/.*) //; s/ .*//' "/proc/$stopped/stat" 2>/dev/null || echo gone) in
      T) return 0 ;;
      gone | Z) cat stopped.out stopped.err >&2; fail "ended before it could be stopped at $stop_call: $*" ;;
    esac
    sleep 0.1
  done
  fail "waited in vain for the stop at $stop_call: $*"
}

# go_on CODE...: continues what was stopped, and complains about another exit code; leaves it in `status`.
go_on() {
  status=0
  kill -CONT "$stopped"
  wait "$stopped" || status=$?
  for code in "$@"; do [ "$status" -ne "$code" ] || return 0; done
  cat stopped.out stopped.err >&2
  fail "exit code $status, not one of $*, after the stop at $stop_call"
}

# Everybody who announced himself seems to have been silent for an hour: the age of a lease is that of its file.
age_leases() { find "$CAIRN_REPOSITORY/leases" -type f -exec touch -d '1 hour ago' {} +; }

packs() { find "$CAIRN_REPOSITORY/packs" -type f | sort; }
pack_bytes() { find "$CAIRN_REPOSITORY/packs" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }'; }
new_id() { sed -n 's/.*"snapshot_id":"\([0-9a-f]*\)".*/\1/p' out; }

# Another machine, with a cache of its own, that never saw anything of this.
elsewhere() { CAIRN_CACHE_DIR="$work/cache-elsewhere" "$@"; }

# whole SNAPSHOT NAME: comes back byte for byte.
whole() {
  rm -rf restored
  elsewhere "$cairn" restore "$1:$2" --target restored >out 2>err || { cat out err >&2; fail "$1 can't be restored"; }
  diff -r "$2" "restored/$2" >&2 || fail "$1 isn't what was put in"
}
