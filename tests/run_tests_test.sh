#!/usr/bin/env bash
# What script/lib.sh's run_tests says of tests that fail always, once, or in numbers.
set -euo pipefail
cd "$(dirname "$0")/.."
source script/lib.sh
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT

# suite <name> <ctest file>: a build folder with these tests.
suite() { mkdir -p "$room/$1" && cat >"$room/$1/CTestTestfile.cmake"; }
# One that fails the first time.
printf '[ -f "$1" ] && exit 0\ntouch "$1"\nexit 1\n' >"$room/fails_once.sh"
once() { echo "add_test($1 bash $room/fails_once.sh $room/ran_$1)"; }
check() { if eval "$2"; then echo "ok   $1"; else echo "FAIL $1"; cat "$room/said"; exit 1; fi; }
run() { status=0; run_tests "$room/$1" >"$room/said" 2>&1 || status=$?; }

suite good <<<'add_test(fine "true")'
run good
check "what passes passes" '[ $status = 0 ] && ! grep -q again "$room/said"'
{ echo 'add_test(fine "true")'; once chance; } | suite chance
run chance
check "what passes when run again passes, and is named last" '[ $status = 0 ] && [ "$(tail -n 1 "$room/said")" = "all tests passed, but only when run again: chance" ]'
{ echo 'add_test(broken "false")'; once luck; } | suite broken
run broken
check "what fails twice fails" '[ $status != 0 ] && ! grep -q "^all tests passed" "$room/said"'
{ once a; once b; once c; once d; } | suite many
run many
check "four that fail are no chance" '[ $status != 0 ] && ! grep -q "run once more" "$room/said"'
