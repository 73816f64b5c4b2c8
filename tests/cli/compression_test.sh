#!/bin/sh
# How content is cut and compressed: chosen at init, overridden for one backup, by the command line before the file.
. "$(dirname "$0")/setup.sh"
mkdir src
seq 1000000 2000000 | head -c 3000000 >src/text
head -c 1500000 /dev/urandom >src/noise
bytes() { du -sb repository/packs | cut -f1; }
# fresh INIT-OPTIONS...
fresh() {
  rm -rf repository cache
  expect 0 "$cairn" init "$@"
}
comes_back() {
  rm -rf back
  expect 0 "$cairn" restore latest:src --target back --verify
  diff -r src back/src || fail "something else came back"
  expect 0 "$cairn" check --read-data
}

fresh
expect 0 "$cairn" backup src
[ "$(bytes)" -lt 3000000 ] || fail "nothing is compressed"
expect 0 "$cairn" stats
says out "compression auto, chunks of files normal (64.0 KiB), of streams fine (16.0 KiB)"
comes_back
expect 0 "$cairn" backup src --force --compression off
silent out "3.0 MiB stored"

fresh --compression off --chunk-sizes 4K,32K,256K --file-chunks coarse --stream-chunks normal
expect 0 "$cairn" backup src
[ "$(bytes)" -gt 4500000 ] || fail "off compresses"
expect 0 "$cairn" stats --json
says out '"compression":"off","chunk_bytes":[4096,32768,262144],"file_chunks":"coarse","stream_chunks":"normal"'
chunks=$(sed -n 's/.*"unique_chunks":\([0-9]*\).*/\1/p' out)
[ "$chunks" -lt 40 ] || fail "$chunks chunks are not coarse"
comes_back

# The command line before the file, the file before the repository.
fresh --compression off
expect 0 "$cairn" backup src --level 3
[ "$(bytes)" -lt 3000000 ] || fail "--level is not heeded"
fresh --compression off
printf '[backup]\ncompression = 1\nchunks = "fine"\n' >cairn.toml
expect 0 "$cairn" backup --config cairn.toml src
[ "$(bytes)" -lt 3000000 ] || fail "the file is not heeded"
expect 0 "$cairn" stats --json
chunks=$(sed -n 's/.*"unique_chunks":\([0-9]*\).*/\1/p' out)
[ "$chunks" -gt 60 ] || fail "$chunks chunks are not fine"
fresh
expect 0 "$cairn" backup --config cairn.toml src --compression off
[ "$(bytes)" -gt 4500000 ] || fail "the command line is not heeded"

for wrong in 0 20 best; do
  expect 2 "$cairn" backup src --compression $wrong
  says err "auto, off, or a level from 1 (fast) to 19 (small), not $wrong"
done
for wrong in 16K,64K 64K,16K,1M 16K,64K,8M 15K,64K,1M 16K,64K,1M,2M a,b,c; do
  expect 2 "$cairn" -r other init --chunk-sizes $wrong
  says err "powers of two from 1K to 4M"
done
[ ! -e other ] || fail "something was made"
