#!/usr/bin/env bash
# /// borgdesk
# name = "PostgreSQL: dump databases"
# description = "Writes one consistent, uncompressed dump per database (restore with pg_restore) and one file with roles and tablespaces, without stopping anything. Put the output folder among the sources."
# category = "Databases"
# hook = "pre-backup"
# run_on = "always"
# timeout = 3600
# needs = ["pg_dump, pg_dumpall and psql, at least as new as the server (or the container's)", "a role that may read everything: a superuser, or pg_read_all_data; roles with passwords need a superuser", "room for the uncompressed dumps"]
#
# [parameters.OUTPUT_DIR]
# description = "Folder for the dumps"
# type = "path"
# required = true
#
# [parameters.DATABASES]
# description = "Names of the databases; empty: all that accept connections, without the templates"
#
# [parameters.GLOBALS]
# description = "Also dump roles and tablespaces: yes, without the roles' passwords, or no"
# type = "choice"
# choices = ["yes", "without-passwords", "no"]
# default = "yes"
#
# [parameters.DB_HOST]
# description = "Host name or socket folder; empty: the local socket"
#
# [parameters.DB_PORT]
# description = "Port"
# type = "integer"
# default = "5432"
#
# [parameters.DB_USER]
# description = "Role to connect as; empty: like the user that runs the program"
#
# [parameters.DB_PASSWORD]
# description = "Password of the role; empty: peer, trust or your own .pgpass"
# secret = true
#
# [parameters.RUN_AS]
# description = "Local user to become for the dump, usually postgres; needs root or a password-free sudo rule"
#
# [parameters.CONTAINER]
# description = "Run the programs inside this Docker container"
#
# [parameters.LOCK_TIMEOUT]
# description = "Seconds to wait for a table that is being altered"
# type = "integer"
# default = "60"
# ///
set -euo pipefail
umask 077
export LC_ALL=C
# The password goes where it is needed and nowhere else.
export -n DB_PASSWORD

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

[[ -n ${OUTPUT_DIR:-} ]] || die "OUTPUT_DIR is empty: name the folder for the dumps."
[[ $OUTPUT_DIR == /* ]] || die "OUTPUT_DIR must be an absolute path, not '$OUTPUT_DIR'."
[[ ${LOCK_TIMEOUT:-60} =~ ^[0-9]+$ ]] || die "LOCK_TIMEOUT must be a number of seconds, not '$LOCK_TIMEOUT'."
[[ ${DB_PASSWORD:-} != *[$'\n\r']* ]] || die "DB_PASSWORD has a line break in it."

if [[ -n ${CONTAINER:-} ]]; then
  [[ $CONTAINER =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || die "CONTAINER is not a container name: '$CONTAINER'."
  command -v docker >/dev/null || die "docker was not found: install the Docker command line on this machine."
else
  for tool in psql pg_dump pg_dumpall; do
    command -v "$tool" >/dev/null || die "$tool was not found: install the PostgreSQL client programs."
  done
  [[ -z ${RUN_AS:-} || -z ${DB_PASSWORD:-} ]] || die "RUN_AS and DB_PASSWORD exclude each other: with RUN_AS the server knows the local user."
fi

partial=''
password_file=''
trap 'rm -f -- ${partial:+"$partial"} ${password_file:+"$password_file"}' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'exit 129' HUP

if [[ -z ${CONTAINER:-} && -n ${DB_PASSWORD:-} ]]; then
  : "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
  escaped=${DB_PASSWORD//\\/"\\\\"}
  escaped=${escaped//:/'\:'}
  password_file=$(mktemp -- "$BORGDESK_STATE_DIR/pgpass-XXXXXXXX")
  printf '*:*:*:*:%s\n' "$escaped" >"$password_file"
  export PGPASSFILE=$password_file
fi

# Runs a PostgreSQL program where it is to run.
pg() {
  local prefix=()
  if [[ -n ${CONTAINER:-} ]]; then
    prefix=(docker exec)
    [[ -z ${RUN_AS:-} ]] || prefix+=(-u "$RUN_AS")
    if [[ -n ${DB_PASSWORD:-} ]]; then
      PGPASSWORD=$DB_PASSWORD "${prefix[@]}" -e PGPASSWORD "$CONTAINER" "$@"
      return
    fi
    prefix+=("$CONTAINER")
  elif [[ -n ${RUN_AS:-} && $(id -un) != "$RUN_AS" ]]; then
    if ((EUID == 0)); then
      prefix=(runuser -u "$RUN_AS" --)
    else
      prefix=(sudo -n -u "$RUN_AS" --)
    fi
  fi
  ${prefix[@]+"${prefix[@]}"} "$@"
}

where=(-w)
[[ -z ${DB_HOST:-} ]] || where+=(-h "$DB_HOST")
[[ -z ${DB_PORT:-} ]] || where+=(-p "$DB_PORT")
[[ -z ${DB_USER:-} ]] || where+=(-U "$DB_USER")

# A bare name with = or :// in it would be taken for a connection string.
as_connection() {
  local name=${1//\\/"\\\\"}
  printf "dbname='%s'" "${name//\'/"\\'"}"
}

# keep FILE: gives the finished dump in $partial its final name.
keep() {
  sync -- "$partial" && mv -f -- "$partial" "$1" || return 1
  partial=''
  printf 'Wrote %s.\n' "$1"
}

dump_database() {
  local file=${1//%/%25}
  file=$OUTPUT_DIR/${file//\//%2F}.dump
  partial=$file.partial
  pg pg_dump "${where[@]}" -Fc -Z0 --lock-wait-timeout="${LOCK_TIMEOUT:-60}s" -d "$(as_connection "$1")" >"$partial" || return 1
  if [[ $(head -c 5 -- "$partial") != PGDMP ]]; then
    printf 'pg_dump reported success but its output is no dump.\n' >&2
    return 1
  fi
  keep "$file"
}

dump_globals() {
  local file=$OUTPUT_DIR/globals.sql options=(--globals-only)
  [[ $GLOBALS == yes ]] || options+=(--no-role-passwords)
  partial=$file.partial
  pg pg_dumpall "${where[@]}" "${options[@]}" >"$partial" || return 1
  if [[ $(tail -c 400 -- "$partial") != *'PostgreSQL database cluster dump complete'* ]]; then
    printf 'pg_dumpall reported success but its output is cut off.\n' >&2
    return 1
  fi
  keep "$file"
}

mkdir -p -- "$OUTPUT_DIR"
# The user to become need not be allowed to enter ours.
cd /
if [[ -n ${DATABASES:-} ]]; then
  read -r -d '' -a databases <<<"$DATABASES" || true
else
  names=$(pg psql "${where[@]}" -XAt -d postgres -c 'SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname') ||
    die "The server's databases cannot be listed."
  mapfile -t databases <<<"$names"
fi

status=0
for database in "${databases[@]}"; do
  dump_database "$database" || {
    rm -f -- "$partial"
    printf "The database '%s' was not dumped; an older dump was left as it is.\n" "$database" >&2
    status=1
  }
done
GLOBALS=${GLOBALS:-yes}
[[ $GLOBALS == no ]] || dump_globals || {
  printf 'Roles and tablespaces were not dumped; an older file was left as it is.\n' >&2
  status=1
}
exit "$status"
