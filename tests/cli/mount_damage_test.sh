#!/bin/sh
# Damage is an input/output error with a name, never other bytes; a storage that goes away is one too, and comes back by itself.
. "$(dirname "$0")/setup.sh"
. "$top/tests/cli/mount.sh"
expect 0 "$cairn" init
mkdir src
seq 900000 >src/long
echo words >src/small
expect 0 "$cairn" backup src
pack=$(find repository/packs -type f -printf '%s %P\n' | sort -n | tail -1 | cut -d' ' -f2)
size=$(stat -c %s "repository/packs/$pack")
cp "repository/packs/$pack" whole
mount_here --timeout 2
cmp src/long "$mnt/latest/src/long" || fail "before anything happened"
unmount_here
chmod u+w "repository/packs/$pack"
printf '\377\376\375\374' | dd of="repository/packs/$pack" bs=1 seek=$((size / 2)) conv=notrunc status=none
mount_here --timeout 2
if cat "$mnt/latest/src/long" >got 2>err; then fail "damage was read"; fi
says err "Input/output error"
head -c "$(stat -c %s got)" src/long | cmp - got || fail "other bytes before the damage"
says words "$(basename "$pack")"
says words "src/long"
# What isn't hit can be read: of each 64 KiB either the right bytes come, or none.
good=0 bad=0 at=0
while [ $at -lt "$(stat -c %s src/long)" ]; do
  if dd if="$mnt/latest/src/long" bs=65536 skip=$((at / 65536)) count=1 iflag=fullblock 2>/dev/null >piece; then
    dd if=src/long bs=65536 skip=$((at / 65536)) count=1 2>/dev/null | cmp - piece || fail "other bytes at $at"
    good=$((good + 1))
  else
    bad=$((bad + 1))
  fi
  at=$((at + 65536))
done
[ $good -gt 0 ] && [ $bad -gt 0 ] || fail "$good pieces good, $bad bad"
# Right again: nobody needs to mount anew.
cp whole "repository/packs/$pack"
cmp src/long "$mnt/latest/src/long" || fail "after it was repaired"
unmount_here

# The storage goes away and comes back.
mount_here --timeout 2
[ "$(cat "$mnt/latest/src/small")" = words ] || fail "small"
mv repository away
began=$(date +%s)
if cat "$mnt/latest/src/long" >/dev/null 2>&1; then
  # What was opened may still be read (a folder that was moved); what is gone may not.
  mv away/packs away/packs.away
  echo 3 >/proc/sys/vm/drop_caches 2>/dev/null || true
fi
timeout 30 ls "$mnt" "$mnt/latest/" >/dev/null || fail "the names of snapshots went away with the storage"
[ $(($(date +%s) - began)) -lt 30 ] || fail "it took too long"
[ ! -d away/packs.away ] || mv away/packs.away away/packs
mv away repository
again() { cmp -s src/long "$mnt/latest/src/long"; }
wait_for again
unmount_here
