#!/bin/sh
# The password is in no process's command line or environment while cairn runs, its own and its commands' included.
. "$(dirname "$0")/setup.sh"
# The pattern doesn't match itself, nor what other scenarios do at the same time.
look="for f in /proc/[0-9]*/environ /proc/[0-9]*/cmdline; do tr '\\0' '\\n' <\$f; done 2>/dev/null |
  grep 'can[a]ry-$$' || echo clean"
secret="can""ary-$$"
unset CAIRN_PASSWORD
printf '%s' "$secret" >password
CAIRN_PASSWORD="$secret" "$cairn" init -q

seen() {
  "$cairn" cat --password-file password latest:look >found
  [ "$(cat found)" = clean ] || fail "$1: $(cat found)"
}
CAIRN_PASSWORD="$secret" "$cairn" backup -q look=exec:"$look"
seen "from the variable"
CAIRN_PASSWORD_FILE=$work/password "$cairn" backup -q --command look -- sh -c "$look"
seen "from a file"
CAIRN_PASSWORD_COMMAND="cat $work/password" "$cairn" backup -q look=exec:"$look"
seen "from a command"
"$cairn" backup -q --password-file password env=exec:'env'
"$cairn" cat --password-file password latest:env >out
silent out CAIRN_
! grep -rq "$secret" repository cache || fail "the password is stored"
