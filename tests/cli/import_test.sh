#!/bin/sh
# Archives that are no good: what breaks off or is damaged is not recorded; what is hostile is left out and told.
. "$(dirname "$0")/setup.sh"
mkdir -p src && seq 100000 >src/numbers && head -c 300000 /dev/urandom >src/noise && echo x >src/small
expect 0 "$cairn" init
tar -cf whole.tar src && gzip -k whole.tar && xz -k whole.tar
size=$(stat -c %s whole.tar)
nothing() { # nothing FILE: isn't recorded
  expect 1 "$cairn" import "$1" --name n
  [ "$(snapshot_count)" -eq 0 ] || fail "$1 was recorded"
}
for bytes in 0 100 512 1000 5120 200000 $((size - 11000)); do
  head -c "$bytes" whole.tar >cut.tar
  nothing cut.tar
done
# Cut where an entry ends: nothing but the end is missing.
tar --no-recursion -cf one.tar src && head -c 512 one.tar >cut.tar && nothing cut.tar
for packed in whole.tar.gz whole.tar.xz; do
  head -c $(($(stat -c %s $packed) - 5000)) $packed >cut && nothing cut
done
gzip -c cut.tar >cut.tar.gz && nothing cut.tar.gz
head -c 300000 /dev/urandom >noise && nothing noise
printf '\0%.0s' $(seq 2048) >zeros && nothing zeros
expect 1 "$cairn" import missing.tar
python3 - <<'END'
import io, tarfile
with tarfile.open("hostile.tar", "w", format=tarfile.PAX_FORMAT) as tar:
    def add(name, data=b"x", type=tarfile.REGTYPE, link=""):
        info = tarfile.TarInfo(name)
        info.size, info.type, info.linkname = len(data), type, link
        tar.addfile(info, io.BytesIO(data))
    add("../outside")
    add("a/../../outside")
    add("/absolute/passwd")
    add("etc", b"", tarfile.SYMTYPE, "/etc")
    add("etc/shadow")
    add("hard", b"", tarfile.LNKTYPE, "../../etc/passwd")
    add("lost", b"", tarfile.LNKTYPE, "nowhere")
    add("good")
    add("late/deep/file", b"y" * 100000)
    add("late", b"", tarfile.DIRTYPE)
END
expect 3 "$cairn" import hostile.tar
says out "5 things were left out"
says err "../outside"
says err "etc/shadow"
expect 0 "$cairn" restore latest --target r
(cd r && find . | sort) >found
printf '%s\n' . ./hostile ./hostile/absolute ./hostile/absolute/passwd ./hostile/etc ./hostile/good ./hostile/late ./hostile/late/deep \
  ./hostile/late/deep/file | sort | cmp - found || fail "other files: $(cat found)"
"$cairn" snapshots | grep -q incomplete || fail "not marked incomplete"
expect 2 "$cairn" import - <whole.tar
expect 2 "$cairn" import whole.tar --time soon
expect 2 "$cairn" import whole.tar --time name
cp whole.tar media-2024-05-06_0304.tar
expect 0 "$cairn" import media-2024-05-06_0304.tar --time name --json
python3 -c "import json; assert json.load(open('out'))['components'] == ['media-2024-05-06_0304']"
"$cairn" snapshots --json | head -n 1 | grep -q '"2024-05-06T03:04:00' || fail "not the time in the name"
expect 0 "$cairn" check --read-data
