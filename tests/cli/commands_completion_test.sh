#!/bin/sh
# The scripts parse, and offer what the program really has.
. "$(dirname "$0")/setup.sh"
for shell in bash zsh fish; do
  expect 0 "$cairn" completion $shell
  cp out $shell
  for word in backup restore snapshots check; do says $shell "$word"; done
  if command -v $shell >/dev/null; then $shell -n ./$shell || fail "$shell can't read it"; fi
done
expect 2 "$cairn" completion tcsh
expect 2 "$cairn" completion
offers() {
  bash -c '. ./bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cairn; printf "%s\n" "${COMPREPLY[@]}"' bash "$@" >out
}
offers cairn ba
says out backup
silent out restore
offers cairn -q backup --exc
says out --exclude-caches
silent out --target
offers cairn restore --overwrite ''
says out changed
offers cairn completion z
says out zsh
touch some-file
offers cairn backup some
says out some-file
