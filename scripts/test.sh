#!/usr/bin/env bash
# Everything that must hold before a change goes in.
#
#   scripts/test.sh           all tests; fast ones again under ASan and UBSan, those with threads under TSan; house rules
#   scripts/test.sh --fast    fast tests only, one build: for the loop while writing
#
# Goes on after a failure, so that one run shows all of them; exits 1 if anything failed.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/packages.sh
. "$top/scripts/packages.sh"

fast=no
case "${1:-}" in
  '') ;;
  --fast) fast=yes ;;
  *)
    sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    [ "$1" = --help ] || [ "$1" = -h ] || exit 2
    exit 0
    ;;
esac

jobs=$(nproc)
test_jobs=$((jobs + 1))   # servers start and stop, people are waited for
summary=()
reports=()       # of ctest, one for each step of tests
unscattered=()   # what a test is started by
failures=0

# step NAME COMMAND...: runs it, notes how it went and how long it took.
step() {
  local name=$1 began=$SECONDS status=0
  shift
  printf '\n== %s\n' "$name"
  "$@" || status=$?
  local word=ok
  if [ "$status" -ne 0 ]; then
    word=FAILED
    failures=$((failures + 1))
  fi
  summary+=("$(printf '%-7s %4d s  %s' "$word" "$((SECONDS - began))" "$name")")
  return "$status"
}

# build PRESET [TARGET...]
build() {
  local preset=$1 targets=()
  shift
  if [ "$#" -gt 0 ]; then targets=(--target "$@"); fi
  configure "$preset" && cmake --build --preset "$preset" -j "$jobs" "${targets[@]}"
}

# tests FOLDER [LABEL [WITHOUT]]: both are regular expressions.
tests() {
  local chosen=()
  if [ "$#" -gt 1 ]; then chosen=(-L "$2"); fi
  if [ "$#" -gt 2 ]; then chosen+=(-E "$3"); fi
  run_ctest "$1" "${chosen[@]}"
}

# run_ctest FOLDER ARGUMENT...: leaves a report of what failed.
run_ctest() {
  local report=$top/$1/tests.xml
  rm -f "$report"
  reports+=("$report")
  "${unscattered[@]}" ctest --test-dir "$@" --output-on-failure --no-tests=error -j "$test_jobs" --output-junit "$report"
}

# Long under ASan: whole databases once more, through code that the other scenarios of their kind run too; programs that are killed; the
# simulator's mutants, which are about its rules; single tests of a minute and more.
not_under_asan='cli.postgres_(archives_17|newer_servers|versions|formats|load|expect_version|incomplete|parts_load|dependencies|diff|sources)'
not_under_asan+='|cli.(copy|copy_killed|export|import|killed|mount_postgres)$|GcMutants|RestoreLong|HealingFault'
not_under_asan+='|AShorterStreamIsRefused|MemoryMakesNoDifference|MoreLinesThanFit|KilledAnywhere|FlipsTest|OfAHundredThousandTables'
not_under_asan+='|RoundTrip.*/1and|ManyChangesOfDatabase|CutAnywhere'

# Long under TSan, and repeat many times what the other tests with threads run once; the simulator has no threads, and stacks of its own that TSan doesn't know.
not_under_tsan='GcSimulator|GcMutants|KilledAnywhere|DyingAtAny|DamageMatrix|RestoreLong|FlipsTest|FaultTest|BackupFault|HealingFault|DamageTest|ADeepTree'

# TSan of g++ 12 gives up where the kernel scatters memory more widely than it expects; unscattered it always works.
unscattered_tests() {
  local unscattered=()
  if setarch -R true 2>/dev/null; then unscattered=(setarch -R); fi
  run_ctest "$1" -L "$2" -E "$not_under_tsan"
}

# A step whose build failed is not worth running; the build is already counted.
run_all() {
  if step "build release" build release; then
    if [ "$fast" = yes ]; then
      step "fast tests" tests build fast || true
      return 0
    fi
    step "all tests" tests build || true
  fi
  if [ "$fast" = yes ]; then return 0; fi
  if step "build with ASan and UBSan" build asan; then
    step "fast tests and scenarios with ASan and UBSan" tests build-asan 'fast|cli|redis' "$not_under_asan" || true
  fi
  if step "build with TSan" build tsan store_threads_tests ingest_threads_tests fuse_tests; then
    step "tests with threads, with TSan" unscattered_tests build-tsan threads || true
  fi
  step "house rules" python3 tests/tidy_test.py || true
  step "house rules bite" python3 tests/tidy_test.py --self-test || true
}

cd "$top"
# Sanitized frames are several times as large, and directories nest deeply.
ulimit -s 65536 2>/dev/null || true
# Without these a finding of UBSan is only printed.
export TSAN_OPTIONS=${TSAN_OPTIONS:-suppressions=$top/tests/tsan.supp}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
export PYTHONDONTWRITEBYTECODE=1
install_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
if [ "$fast" = no ]; then
  "$top/scripts/postgres-versions.sh" || echo "WARNING: tests with other versions of PostgreSQL than 15 will be skipped." >&2
  "$top/scripts/valkey.sh" || echo "WARNING: tests with Valkey will be skipped." >&2
fi
run_all

if [ "$failures" -ne 0 ]; then
  printf '\n== What failed\n'
  python3 scripts/failed_tests.py "${reports[@]}" || true
fi
printf '\n== Summary\n'
printf '%s\n' "${summary[@]}"
if [ "$failures" -ne 0 ]; then
  echo "$failures failed"
  python3 scripts/failed_tests.py --lines 4 "${reports[@]}" || true
  exit 1
fi
echo "All passed."
