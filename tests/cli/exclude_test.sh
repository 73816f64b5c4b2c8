#!/bin/sh
# Every way to leave something out.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir -p src/cache src/keep src/logs
echo 'Signature: 8a477f597d28d172789f06886806bc55' >src/cache/CACHEDIR.TAG
for file in cache/junk keep/a.log keep/b.txt logs/x keep/c.tmp; do echo content >"src/$file"; done
truncate -s 2M src/large
contents() {
  expect 0 "$cairn" backup src "$@"
  expect 0 "$cairn" ls -R latest
}
contents --exclude '*.log' --exclude /logs
silent out a.log
silent out src/logs
says out src/keep/b.txt
contents --exclude "$work/src/keep/b.txt"
silent out b.txt
printf '# a remark\n\n*.tmp\n*.txt\n' >patterns
contents --exclude-file patterns --exclude '!b.txt'
silent out c.tmp
says out b.txt
contents --exclude-caches
silent out junk
says out src/cache
contents --exclude-larger-than 1M
silent out large
expect 1 "$cairn" backup src --exclude-file missing
expect 2 "$cairn" backup src --exclude '[unclosed'
expect 2 "$cairn" backup src --exclude-larger-than much
[ "$(snapshot_count)" -eq 5 ] || fail "a snapshot in spite of a wrong pattern"
