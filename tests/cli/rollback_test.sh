#!/bin/sh
# What this machine saw and the storage doesn't show any more is told loudly; who writes refuses; --accept-rollback means it.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
for content in one two three; do
  echo $content >file
  expect 0 "$cairn" backup file
done
ids=$("$cairn" --json snapshots | python3 -c 'import json,sys; print(*[json.loads(l)["id"] for l in sys.stdin])')
first=${ids%% *} third=${ids##* }
second=$(echo "$ids" | cut -d' ' -f2)
cp -a repository whole
put_back() { rm -rf repository && cp -a whole repository; }

# A snapshot in the middle was deleted: both commands name it, reading goes on.
rm -f "repository/snapshots/$second"
expect 1 "$cairn" snapshots
says err "$(echo "$second" | cut -c1-16)"
says err --accept-rollback
says out "2 snapshots"
expect 1 "$cairn" check
says out "$second"
expect 0 "$cairn" cat "$third:file"
put_back
expect 0 "$cairn" snapshots
expect 0 "$cairn" check

# The newest is gone: as if an old copy of everything had been put back.
rm -f "repository/snapshots/$third"
expect 1 "$cairn" snapshots
says err "$(echo "$third" | cut -c1-16)"
expect 1 "$cairn" check
says out "$third"
expect 1 "$cairn" backup file
says err "nothing was written"
[ "$(find repository/snapshots -type f | wc -l)" -eq 2 ] || fail "something was written"
expect 0 "$cairn" backup file --dry-run
expect 0 env CAIRN_CACHE_DIR="$work/elsewhere" "$cairn" snapshots   # which never saw it
expect 0 "$cairn" --accept-rollback backup file
expect 0 "$cairn" snapshots
silent err "$(echo "$third" | cut -c1-16)"
says out "3 snapshots"
rm -rf cache/*/seen
expect 0 "$cairn" check

# Another repository in its place is refused before anybody gives it a password.
mv repository first-one
expect 0 env CAIRN_CACHE_DIR="$work/elsewhere" "$cairn" init
unset CAIRN_PASSWORD
expect 1 "$cairn" snapshots
says err "another repository"
says err --accept-rollback
export CAIRN_PASSWORD=correct-horse
expect 1 "$cairn" backup file
expect 1 "$cairn" -r ./repository/. snapshots
expect 0 "$cairn" --accept-rollback snapshots
expect 0 "$cairn" backup file
rm -rf repository
mv first-one repository   # both were accepted: disks that take turns
expect 0 "$cairn" snapshots
rm -rf cache
expect 0 "$cairn" snapshots
[ -n "$first" ]
