#!/usr/bin/env bash
# /// borgdesk
# name = "SQLite: copy databases"
# description = "Makes a checked, consistent copy of SQLite files while applications go on writing to them. Put the output folder among the sources."
# category = "Databases"
# hook = "pre-backup"
# run_on = "always"
# timeout = 1800
# needs = ["the sqlite3 command", "the right to read the databases and their folders", "room for the copies"]
#
# [parameters.DATABASES]
# description = "Absolute paths of the database files, one per line"
# required = true
#
# [parameters.OUTPUT_DIR]
# description = "Folder for the copies; each keeps its full path below it"
# type = "path"
# required = true
#
# [parameters.BUSY_TIMEOUT]
# description = "Seconds to wait while another program locks the database"
# type = "integer"
# default = "10"
#
# [parameters.DEADLINE]
# description = "Seconds for one copy; every write by an application makes a copy begin anew"
# type = "integer"
# default = "600"
# ///
set -euo pipefail
umask 077
export LC_ALL=C

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

[[ -n ${DATABASES:-} ]] || die "DATABASES is empty: name the database files, one per line."
[[ -n ${OUTPUT_DIR:-} ]] || die "OUTPUT_DIR is empty: name the folder for the copies."
[[ $OUTPUT_DIR == /* ]] || die "OUTPUT_DIR must be an absolute path, not '$OUTPUT_DIR'."
busy=${BUSY_TIMEOUT:-10}
[[ $busy =~ ^[0-9]+$ ]] || die "BUSY_TIMEOUT must be a number of seconds, not '$busy'."
deadline=${DEADLINE:-600}
[[ $deadline =~ ^[0-9]+$ ]] || die "DEADLINE must be a number of seconds, not '$deadline'."
command -v sqlite3 >/dev/null || die "sqlite3 was not found: install the SQLite command line program."

# A fixed name, reached by changing into the folder: no path has to be quoted for sqlite3's own commands.
partial=.borgdesk-sqlite.partial
folder=''
tidy() {
  [[ -z $folder ]] || rm -f -- "$folder/$partial" "$folder/$partial"-{wal,shm,journal}
}
trap tidy EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'exit 129' HUP

copy_database() {
  local source=$1 target=$OUTPUT_DIR$1 verdict
  if [[ $source != /* || ! -f $source ]]; then
    printf 'There is no such file, or its path is not absolute.\n' >&2
    return 1
  fi
  [[ ! $source -ef $target ]] || return 1
  folder=${target%/*}
  mkdir -p -- "$folder" && cd -- "$folder" && tidy || return 1
  # Read-only, because sqlite3 would otherwise create a missing source and call an empty copy a success.
  timeout --foreground "$deadline" sqlite3 -batch -bail -readonly "$source" ".timeout $((busy * 1000))" ".backup $partial" </dev/null || {
    printf 'sqlite3 gave up (after at most %s s).\n' "$deadline" >&2
    return 1
  }
  verdict=$(sqlite3 -batch -bail "$partial" 'PRAGMA integrity_check' </dev/null) || return 1
  if [[ $verdict != ok ]]; then
    printf 'The copy is damaged, and so is the original:\n%s\n' "$verdict" >&2
    return 1
  fi
  sync -- "$partial" && mv -f -- "$partial" "${target##*/}" || return 1
  printf 'Copied %s.\n' "$source"
}

status=0
while IFS= read -r database; do
  [[ -n $database ]] || continue
  copy_database "$database" || {
    printf "The database '%s' was not copied; an older copy was left as it is.\n" "$database" >&2
    status=1
  }
done <<<"$DATABASES"
exit "$status"
