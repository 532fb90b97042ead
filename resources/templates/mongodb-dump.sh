#!/usr/bin/env bash
# /// borgdesk
# name = "MongoDB: dump"
# description = "Writes an uncompressed mongodump archive of one database or of the whole server (restore with mongorestore --archive). Put the output folder among the sources."
# category = "Databases"
# hook = "pre-backup"
# run_on = "always"
# timeout = 3600
# needs = ["mongodump from the MongoDB database tools (or the container's)", "a MongoDB user with the built-in role backup", "room for the uncompressed dump"]
#
# [parameters.OUTPUT_DIR]
# description = "Folder for the dump"
# type = "path"
# required = true
#
# [parameters.DATABASE]
# description = "Name of the database; empty: all"
#
# [parameters.OPLOG]
# description = "Make the dump one point in time; only for a whole server that is a replica set member"
# type = "boolean"
# default = "false"
#
# [parameters.DB_URI]
# description = "Connection string with everything in it, instead of host, port, user and password"
# secret = true
#
# [parameters.DB_HOST]
# description = "Host name"
# default = "localhost"
#
# [parameters.DB_PORT]
# description = "Port"
# type = "integer"
# default = "27017"
#
# [parameters.DB_USER]
# description = "MongoDB user; empty: no authentication"
#
# [parameters.DB_PASSWORD]
# description = "Password of the MongoDB user"
# secret = true
#
# [parameters.AUTH_DATABASE]
# description = "Database that knows the user"
# default = "admin"
#
# [parameters.CONTAINER]
# description = "Run mongodump inside this Docker container"
# ///
set -euo pipefail
umask 077
export LC_ALL=C
# Secrets go where they are needed and nowhere else.
export -n DB_PASSWORD DB_URI

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

[[ -n ${OUTPUT_DIR:-} ]] || die "OUTPUT_DIR is empty: name the folder for the dump."
[[ $OUTPUT_DIR == /* ]] || die "OUTPUT_DIR must be an absolute path, not '$OUTPUT_DIR'."
if [[ ${OPLOG:-false} == true && -n ${DATABASE:-} ]]; then
  die "OPLOG needs a dump of the whole server: leave DATABASE empty."
fi
if [[ -n ${DB_USER:-} && -z ${DB_PASSWORD:-} ]]; then
  die "DB_PASSWORD is empty: mongodump would ask for it and wait for ever."
fi
[[ ${DB_URI:-}${DB_PASSWORD:-} != *[[:cntrl:]]* ]] || die "DB_URI or DB_PASSWORD has a control character in it."
if [[ -n ${CONTAINER:-} ]]; then
  [[ $CONTAINER =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || die "CONTAINER is not a container name: '$CONTAINER'."
  command -v docker >/dev/null || die "docker was not found: install the Docker command line on this machine."
else
  command -v mongodump >/dev/null || die "mongodump was not found: install the MongoDB database tools."
fi

# yaml KEY VALUE: one line of mongodump's configuration file.
yaml() {
  local value=${2//\\/"\\\\"}
  printf '%s: "%s"\n' "$1" "${value//\"/'\"'}"
}

secrets=''
options=()
if [[ -n ${DB_URI:-} ]]; then
  secrets=$(yaml uri "$DB_URI")
else
  options+=(--host "${DB_HOST:-localhost}" --port "${DB_PORT:-27017}")
  if [[ -n ${DB_USER:-} ]]; then
    secrets=$(yaml password "$DB_PASSWORD")
    options+=(--username "$DB_USER" --authenticationDatabase "${AUTH_DATABASE:-admin}")
  fi
fi
[[ -z ${DATABASE:-} ]] || options+=(--db "$DATABASE")
[[ ${OPLOG:-false} != true ]] || options+=(--oplog)

# The configuration is read from standard input: no file holds the password, here or in the container.
dump() {
  if [[ -n ${CONTAINER:-} ]]; then
    docker exec -i "$CONTAINER" mongodump --config=/dev/stdin "${options[@]}" --archive
  else
    mongodump --config=/dev/stdin "${options[@]}" --archive
  fi
}

mkdir -p -- "$OUTPUT_DIR"
name=${DATABASE:-all-databases}
name=${name//%/%25}
file=$OUTPUT_DIR/${name//\//%2F}.mongodump
partial=$file.partial
trap 'rm -f -- "$partial"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'exit 129' HUP

printf '%s\n' "$secrets" | dump >"$partial" || die "mongodump failed; an older dump was left as it is."
# An archive begins with a magic number, and each of its parts ends with four bytes of ones.
magic=$(head -c 4 -- "$partial" | od -An -tx1 | tr -d ' \n')
trailer=$(tail -c 4 -- "$partial" | od -An -tx1 | tr -d ' \n')
[[ $magic == 6de29981 && $trailer == ffffffff ]] ||
  die "mongodump reported success but its output is not a whole archive; an older dump was left as it is."
sync -- "$partial"
mv -f -- "$partial" "$file"
printf 'Wrote %s.\n' "$file"
