#!/bin/sh
# Every command and option is in the man page.
. "$(dirname "$0")/setup.sh"
sed 's/\\-/-/g' "$top/docs/cairn.1" >text
expect 0 "$cairn" completion fish
# complete -c cairn -n '__fish_seen_subcommand_from backup' -l tag -r -d '...'
sed -n "s/^complete .* -l \([a-z-]*\) .*/--\1/p" out | sort -u >options
sed -n "s/^complete .*__fish_use_subcommand .* -a \([a-z]*\) .*/cairn \1/p" out | sort -u >commands
[ "$(wc -l <options)" -ge 20 ] || fail "few options: $(cat options)"
[ "$(wc -l <commands)" -ge 14 ] || fail "few commands: $(cat commands)"
while read -r word; do
  grep -qF -- "$word" text || fail "docs/cairn.1 doesn't tell of: $word"
done <<END
$(cat options commands)
END
