#!/bin/sh
# What is inside of dumps is mounted as files, beside the dumps as they were, also of those that are stored in another form.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/postgres.sh"
. "$top/tests/cli/mount.sh"
start_postgres
load_traps
expect 0 "$cairn" init
pg_dumpall --exclude-database=template1 >all.sql 2>/dev/null
pg_dump -Fc postgres >custom.dump
pg_dump -Ft postgres >tar.dump
expect 0 "$cairn" backup db=all.sql archive=custom.dump tape=tar.dump
mount_here
parts_are_mounted 11
original_is_mounted all.sql db/dump.sql
original_is_mounted custom.dump "archive/$(ls "$mnt/latest/archive" | grep dump)"
original_is_mounted tar.dump "tape/$(ls "$mnt/latest/tape" | grep dump)"
unmount_here
