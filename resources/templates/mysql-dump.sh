#!/usr/bin/env bash
# /// borgdesk
# name = "MySQL / MariaDB: dump databases"
# description = "Writes one consistent SQL file per database, with routines, events and triggers, while the server goes on working. Put the output folder among the sources."
# category = "Databases"
# hook = "pre-backup"
# run_on = "always"
# timeout = 3600
# needs = ["mariadb-dump or mysqldump with its client program (or the container's)", "a database user with SELECT, SHOW VIEW, TRIGGER, LOCK TABLES and EVENT (MySQL 8: also PROCESS, or the option --no-tablespaces)", "room for the uncompressed dumps"]
#
# [parameters.OUTPUT_DIR]
# description = "Folder for the dumps"
# type = "path"
# required = true
#
# [parameters.DATABASES]
# description = "Names of the databases; empty: all but the server's own"
#
# [parameters.CONSISTENCY]
# description = "transaction suits InnoDB and blocks nobody; lock stops all writers and is needed for MyISAM and Aria"
# type = "choice"
# choices = ["transaction", "lock"]
# default = "transaction"
#
# [parameters.DB_HOST]
# description = "Host name; empty: the local socket"
#
# [parameters.DB_PORT]
# description = "Port, if not the usual one"
# type = "integer"
#
# [parameters.DB_SOCKET]
# description = "Socket, if not the usual one"
# type = "path"
#
# [parameters.DB_USER]
# description = "Database user; empty: as your own option files say"
#
# [parameters.DB_PASSWORD]
# description = "Password of the database user; empty: as your own option files say, or socket authentication"
# secret = true
#
# [parameters.CONTAINER]
# description = "Run the programs inside this Docker container"
#
# [parameters.EXTRA_OPTIONS]
# description = "More options for the dump program, for example --no-tablespaces or --column-statistics=0"
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
case ${CONSISTENCY:-transaction} in
  transaction) consistency=(--single-transaction --quick) ;;
  lock) consistency=(--lock-all-tables --quick) ;;
  *) die "CONSISTENCY must be transaction or lock, not '$CONSISTENCY'." ;;
esac
[[ ${DB_USER:-}${DB_PASSWORD:-} != *[$'\n\r']* ]] || die "DB_USER or DB_PASSWORD has a line break in it."

partial=''
option_file=''
trap 'rm -f -- ${partial:+"$partial"} ${option_file:+"$option_file"}' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'exit 129' HUP

# Runs a program where it is to run; inside a container it finds the password in MYSQL_PWD.
my() {
  if [[ -z ${CONTAINER:-} ]]; then
    "$@"
  elif [[ -n ${DB_PASSWORD:-} ]]; then
    MYSQL_PWD=$DB_PASSWORD docker exec -e MYSQL_PWD "$CONTAINER" "$@"
  else
    docker exec "$CONTAINER" "$@"
  fi
}

# The first of two names that exists: the mysql names are gone from newer MariaDB packages.
first_of() {
  # shellcheck disable=SC2016 # the positional parameters belong to the inner shell, maybe inside a container
  my sh -c 'for name; do command -v "$name" >/dev/null && echo "$name" && exit; done; exit 1' sh "$@"
}

if [[ -n ${CONTAINER:-} ]]; then
  [[ $CONTAINER =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || die "CONTAINER is not a container name: '$CONTAINER'."
  command -v docker >/dev/null || die "docker was not found: install the Docker command line on this machine."
fi
dump=$(first_of mariadb-dump mysqldump) || die "Neither mariadb-dump nor mysqldump was found: install the client programs."
client=$(first_of mariadb mysql) || die "Neither mariadb nor mysql was found: install the client programs."

login=()
if [[ -z ${CONTAINER:-} && -n ${DB_PASSWORD:-} ]]; then
  : "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
  escaped=${DB_PASSWORD//\\/"\\\\"}
  escaped=${escaped//\"/'\"'}
  option_file=$(mktemp -- "$BORGDESK_STATE_DIR/my-cnf-XXXXXXXX")
  printf '[client]\npassword="%s"\n' "$escaped" >"$option_file"
  # It has to be the first option, else it is refused.
  login+=(--defaults-extra-file="$option_file")
fi
[[ -z ${DB_HOST:-} ]] || login+=(--host="$DB_HOST")
[[ -z ${DB_PORT:-} ]] || login+=(--port="$DB_PORT")
[[ -z ${DB_SOCKET:-} ]] || login+=(--socket="$DB_SOCKET")
[[ -z ${DB_USER:-} ]] || login+=(--user="$DB_USER")
read -r -d '' -a extra <<<"${EXTRA_OPTIONS:-}" || true

dump_database() {
  local file=${1//%/%25}
  file=$OUTPUT_DIR/${file//\//%2F}.sql
  partial=$file.partial
  # Without dates and in the order of the keys, an unchanged table gives the same bytes: Borg stores them once.
  my "$dump" ${login[@]+"${login[@]}"} "${consistency[@]}" --routines --events --triggers --hex-blob \
    --skip-dump-date --order-by-primary "${extra[@]}" --databases -- "$1" >"$partial" || return 1
  if [[ $(tail -c 200 -- "$partial") != *'-- Dump completed'* ]]; then
    printf 'The dump program reported success but its output is cut off.\n' >&2
    return 1
  fi
  sync -- "$partial" && mv -f -- "$partial" "$file" || return 1
  partial=''
  printf 'Wrote %s.\n' "$file"
}

mkdir -p -- "$OUTPUT_DIR"
if [[ -n ${DATABASES:-} ]]; then
  read -r -d '' -a databases <<<"$DATABASES" || true
else
  names=$(my "$client" ${login[@]+"${login[@]}"} --batch --raw --skip-column-names -e 'SHOW DATABASES') ||
    die "The server's databases cannot be listed."
  databases=()
  while IFS= read -r name; do
    case $name in
      '' | information_schema | performance_schema | mysql | sys) ;;
      *) databases+=("$name") ;;
    esac
  done <<<"$names"
fi

status=0
for database in "${databases[@]}"; do
  dump_database "$database" || {
    rm -f -- "$partial"
    printf "The database '%s' was not dumped; an older dump was left as it is.\n" "$database" >&2
    status=1
  }
done
exit "$status"
