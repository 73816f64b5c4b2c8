#!/bin/sh
# An exported archive is extracted by GNU tar to what a restore makes; imported again it restores to the same.
. "$(dirname "$0")/setup.sh"
[ "$(id -u)" -eq 0 ] || skip "devices and owners need root"
mkdir -p src/a/b src/empty.d && seq 300000 >src/a/numbers && head -c 9000000 /dev/urandom >src/a/b/noise && echo short >src/short && : >src/empty
ln src/short src/a/linked && ln -s ../short src/a/link && mkfifo src/fifo && mknod src/device c 7 300 && ln -s "$(printf '\351\377')" src/odd.link
printf x >"$(printf 'src/\377odd')" && echo umlaut >src/ü && echo long >"src/$(printf '%0200d' 1)" && mkdir -p "src/$(printf '%0150d/%0150d' 1 2)"
truncate -s 3M src/hole && printf end >>src/hole && truncate -s 1M src/all-hole && chown 1234:5678 src/short && chmod 4711 src/a/numbers
touch -d '2001-02-03 04:05:06.789012345' src/empty && touch -h -d '1969-07-20 20:17:40.25' src/a/link && chmod 1777 src/empty.d
setfattr -n user.note -v remark src/short 2>/dev/null || skip "no extended attributes here"
setfattr -n user.binary -v 0x00ff0a src/a && setfacl -m u:1234:rw src/a/numbers && setfacl -d -m g:5678:r src/a
touch -d '2020-01-01 00:00:00.5' src/a src
same() { # same WHAT FROM TO: nothing to do for rsync
  rsync -aHAXn --delete --itemize-changes "$2/" "$3/" >changes
  [ ! -s changes ] || fail "$1: $(cat changes)"
}
expect 0 "$cairn" init
seq 5 >stream
expect 0 "$cairn" backup src raw=exec:'cat stream'
for end in tar tar.zst tar.gz tar.xz; do
  expect 0 "$cairn" export latest --to all.$end
  says out "Exported"
  rm -rf x && mkdir x
  tar --xattrs --xattrs-include='*' -C x -xpf all.$end 2>err || fail "tar: $(cat err)"
  same $end src x/src
  cmp stream x/raw || fail "the stream"
done
[ "$(stat -c %b x/src/hole)" -lt 100 ] || fail "the hole was filled"
"$cairn" export latest:src/a --to - >a.tar
rm -rf x && mkdir x && tar --xattrs --xattrs-include='*' -C x -xpf a.tar && same "a path" src/a x/a
expect 1 "$cairn" export latest:nowhere --to new.tar
expect 2 "$cairn" export latest --to all.tar
expect 2 "$cairn" export latest --to all.zip
expect 2 "$cairn" export latest:src latest:src --to new.tar
[ ! -e new.tar ] || fail "a file of an export that failed"
# In again, from every form and from standard input.
for end in tar tar.zst tar.gz tar.xz; do
  expect 0 "$cairn" import all.$end --name back --host there --time 2020-02-03T04:05Z --tag old
  expect 0 "$cairn" restore latest:back --host there --target r.$end   # all of them are alike
  same "import $end" src r.$end/back/src
done
"$cairn" snapshots --json --tag old | head -n 1 | grep -q '"2020-02-03T04:05:00.000000000' || fail "the time"
# What GNU tar makes, with its own way of holes and lists of access.
tar --xattrs --acls --sparse --format=pax -C src -cf gnu.tar . && tar --format=gnu --sparse -C src -cf old.tar .
expect 0 "$cairn" import gnu.tar --host gnu
expect 0 "$cairn" restore latest:gnu --host gnu --target r && same "GNU tar" src r/gnu
"$cairn" import - --name old --host old <old.tar >out || fail "from standard input"
expect 0 "$cairn" restore latest:old --host old --target r
rsync -aH --delete --itemize-changes src/ r/old/ | grep -v "^\.[fdLS]\.\.t" >changes || true   # its times are whole seconds
[ ! -s changes ] || fail "the old format: $(cat changes)"
expect 0 "$cairn" check --read-data
