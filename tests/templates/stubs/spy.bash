# shellcheck shell=bash
# The rest of a spy: the real program, recorded. Its folder's programs must not be called by the real one again.
source "$BENCH_STUBS/record.bash"
PATH=$bench_path
# shellcheck disable=SC2154 # set by the spy
"$real" "$@"
finish "$?"
