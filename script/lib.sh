# What the scripts share; sourced from the project's root.
export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$PWD  # a checkout elsewhere finds the same objects
# DuckDB's library is not instrumented: what TSan sees inside it is not a race of ours.
export TSAN_OPTIONS="ignore_noninstrumented_modules=1:halt_on_error=1:second_deadlock_stack=1${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"

say() { echo "${0#./}: $*" >&2; }
fail() { say "$*"; exit 1; }

sum_of() { cat "$@" | sha256sum | cut -d' ' -f1; }
stamped() { [ "$(cat "build/deps/.stamp-$1" 2>/dev/null)" = "$2" ]; }
stamp() { echo "$2" >"build/deps/.stamp-$1"; }

# configure_and_build <preset> [ninja targets]: configures once, afterwards ninja itself notices changed CMake files.
configure_and_build() {
  local preset=$1 dir=build/$1
  shift
  if [ ! -f "$dir/build.ninja" ]; then
    say "configuring $preset"
    cmake --preset "$preset" >"build/.configure-$preset.log" 2>&1 || { cat "build/.configure-$preset.log" >&2; return 1; }
  fi
  say "building $preset ($dir)"
  local status='[%f/%t %es] '
  [ -t 1 ] || status='[%f/%t] '
  NINJA_STATUS=$status ninja -C "$dir" -j"${AYBIZA_JOBS:-$(nproc)}" "$@"
}

# run_tests <build folder> [ctest options]: every test that these name. Of hundreds of checks in browsers and on whole servers one may
# meet a moment that nobody thought of (a minute that ends, a core that others have): up to three tests that failed are run once more, by
# themselves. What passes only then is told last, by name: it is a defect to be mended, but says nothing of the change at hand.
run_tests() {
  local dir=$1 failed
  shift
  ctest --test-dir "$dir" --output-on-failure -j"${AYBIZA_JOBS:-$(nproc)}" "$@" && return 0
  failed=$(sed -n 's/^[0-9]*://p' "$dir/Testing/Temporary/LastTestsFailed.log" 2>/dev/null | paste -sd' ')
  [ -n "$failed" ] && [ "$(wc -w <<<"$failed")" -le 3 ] || return 1
  say "failed, and run once more: $failed"
  ctest --test-dir "$dir" --output-on-failure --rerun-failed || return 1
  echo "all tests passed, but only when run again: $failed"
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# changed_sources <patterns>: tracked files that differ from the last commit, and new ones.
changed_sources() {
  { git diff --name-only --diff-filter=d HEAD -- "$@"; git ls-files --others --exclude-standard -- "$@"; } | sort -u
}
