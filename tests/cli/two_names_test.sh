#!/bin/sh
# Two components of one name, and names that can't be: exit code 2, saying what to write.
. "$(dirname "$0")/setup.sh"
expect 0 "$cairn" init
mkdir -p a/data b/data
expect 2 "$cairn" backup a/data b/data
says err "data2=b/data"
expect 2 "$cairn" backup ..=a/data
expect 2 "$cairn" backup a/data data=exec:true
expect 2 "$cairn" backup - --stdin-name a/b
expect 2 "$cairn" backup s3://user:canary@host/0
says err "credentials don't belong there"
silent err canary
expect 2 "$cairn" backup gs://user:canary@host/0
says err "not supported"
silent err canary
expect 2 "$cairn" backup redis://user:canary@host:port/0
silent err canary
expect 2 "$cairn" backup a/data --format mysql
expect 2 "$cairn" backup
expect 2 "$cairn" backup --command db
[ "$(snapshot_count)" -eq 0 ] || fail "a snapshot in spite of the mistake"
expect 0 "$cairn" backup a/data data2=b/data
