# shellcheck shell=bash
# Sourced by every stub and spy: writes the call down, and does what BENCH_FAIL and BENCH_KILL say.
bench_path=$PATH
PATH=/usr/sbin:/usr/bin:/sbin:/bin
tool=${0##*/}
world=$BENCH_WORLD

bench_number=1
set -C
until { : >"$BENCH_CALLS/$bench_number.argv"; } 2>/dev/null; do bench_number=$((bench_number + 1)); done
set +C
printf '%s\0' "$tool" "$@" >>"$BENCH_CALLS/$bench_number.argv"
cat "/proc/$$/environ" >"$BENCH_CALLS/$bench_number.env"

# finish STATUS: ends the stub, or kills the whole script if it is to die after this call.
finish() {
  [[ $BENCH_KILL != "$bench_number:after" ]] || kill -KILL 0
  exit "$1"
}

refuse() {
  printf '%s: %s\n' "$tool" "$*" >&2
  finish 1
}

[[ $BENCH_KILL != "$bench_number:before" ]] || kill -KILL 0
# shellcheck disable=SC2053 # a glob on purpose
if [[ -n $BENCH_FAIL && "$tool $*" == $BENCH_FAIL ]]; then
  refuse "told to fail"
fi
