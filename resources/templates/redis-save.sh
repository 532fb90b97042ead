#!/usr/bin/env bash
# /// borgdesk
# name = "Redis / Valkey: save"
# description = "Fetches a snapshot of all keys into a file, or has the server write its own snapshot and copies it. Put the output folder among the sources."
# category = "Databases"
# hook = "pre-backup"
# run_on = "always"
# timeout = 900
# needs = ["redis-cli or valkey-cli (or the container's)", "free memory on the server for the fork", "method bgsave: the right to read the server's data folder, if the file is to be copied"]
#
# [parameters.METHOD]
# description = "transfer fetches the snapshot over the connection, from other machines too; bgsave has the server write it to its data folder"
# type = "choice"
# choices = ["transfer", "bgsave"]
# default = "transfer"
#
# [parameters.OUTPUT_DIR]
# description = "Folder for the copy; with bgsave it may stay empty, when the server's data folder is itself backed up"
# type = "path"
#
# [parameters.DB_HOST]
# description = "Host name"
# default = "127.0.0.1"
#
# [parameters.DB_PORT]
# description = "Port"
# type = "integer"
# default = "6379"
#
# [parameters.DB_SOCKET]
# description = "Unix socket, instead of host and port"
# type = "path"
#
# [parameters.DB_USER]
# description = "ACL user; empty: the default user"
#
# [parameters.DB_PASSWORD]
# description = "Password"
# secret = true
#
# [parameters.CONTAINER]
# description = "Run the client inside this Docker container (transfer only)"
#
# [parameters.DEADLINE]
# description = "Seconds to wait for the snapshot"
# type = "integer"
# default = "600"
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

method=${METHOD:-transfer}
deadline=${DEADLINE:-600}
[[ $deadline =~ ^[0-9]+$ ]] || die "DEADLINE must be a number of seconds, not '$deadline'."
[[ ${OUTPUT_DIR:-/} == /* ]] || die "OUTPUT_DIR must be an absolute path, not '$OUTPUT_DIR'."
case $method in
  transfer) [[ -n ${OUTPUT_DIR:-} ]] || die "OUTPUT_DIR is empty: name the folder for the copy." ;;
  bgsave) [[ -z ${CONTAINER:-} ]] || die "CONTAINER goes with the method transfer only." ;;
  *) die "METHOD must be transfer or bgsave, not '$method'." ;;
esac

if [[ -n ${CONTAINER:-} ]]; then
  [[ $CONTAINER =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || die "CONTAINER is not a container name: '$CONTAINER'."
  command -v docker >/dev/null || die "docker was not found: install the Docker command line on this machine."
  program=redis-cli
else
  program=$(command -v redis-cli || command -v valkey-cli) || die "Neither redis-cli nor valkey-cli was found: install the client program."
fi
client=(timeout --foreground "$deadline")
[[ -z ${CONTAINER:-} ]] || client+=(docker exec ${DB_PASSWORD:+-e REDISCLI_AUTH} "$CONTAINER")
if [[ -n ${DB_SOCKET:-} ]]; then
  client+=("$program" -s "$DB_SOCKET")
else
  client+=("$program" -h "${DB_HOST:-127.0.0.1}" -p "${DB_PORT:-6379}")
fi
[[ -z ${DB_USER:-} ]] || client+=(--user "$DB_USER")

# The client takes the password from its environment; an empty one must not be sent.
cli() {
  if [[ -n ${DB_PASSWORD:-} ]]; then
    REDISCLI_AUTH=$DB_PASSWORD "${client[@]}" "$@" </dev/null
  else
    "${client[@]}" "$@" </dev/null
  fi
}

number_from() {
  local text
  text=$(cli "$@") || die "The server did not answer $*: $text"
  # The client ends with 0 on an error reply as well: only the text tells.
  [[ $text =~ ^[0-9]+ ]] || die "The server refused $*: $text"
  printf '%s\n' "${BASH_REMATCH[0]}"
}

persistence() {
  local text
  text=$(cli INFO persistence) || die "The server did not answer INFO: $text"
  [[ $text =~ $1:([a-z0-9]+) ]] || die "The server's answer to INFO has no $1: $text"
  printf '%s\n' "${BASH_REMATCH[1]}"
}

wait_a_little() {
  ((SECONDS < deadline)) || die "The server has not saved in $deadline s."
  sleep 0.2
}

have_server_save() {
  local before now=0 busy reply last_status saved=no
  before=$(number_from LASTSAVE)
  busy=$(persistence rdb_bgsave_in_progress)$(persistence aof_rewrite_in_progress)
  # Times are whole seconds: a save in the second of the one before could not be told from it.
  until [[ $busy == 00 ]] && ((now > before)); do
    wait_a_little
    busy=$(persistence rdb_bgsave_in_progress)$(persistence aof_rewrite_in_progress)
    now=$(number_from TIME)
  done
  reply=$(cli BGSAVE SCHEDULE) || die "The server did not answer BGSAVE: $reply"
  [[ $reply == Background\ saving* ]] || die "The server refused BGSAVE: $reply"
  until [[ $saved == yes ]]; do
    wait_a_little
    busy=$(persistence rdb_bgsave_in_progress)
    last_status=$(persistence rdb_last_bgsave_status)
    [[ $busy == 1 || $last_status == ok ]] || die "The server could not save: see its own log (disk full, no memory for the fork?)."
    now=$(number_from LASTSAVE)
    [[ $busy == 1 ]] || ((now <= before)) || saved=yes
  done
}

setting() {
  local text
  text=$(cli CONFIG GET "$1") || die "The server did not answer CONFIG GET $1: $text"
  [[ $text == "$1"$'\n'* ]] || die "The server does not tell its $1 (managed servers hide it): $text"
  printf '%s\n' "${text#*$'\n'}"
}

if [[ $method == bgsave ]]; then
  have_server_save
  printf 'The server has saved.\n'
  [[ -n ${OUTPUT_DIR:-} ]] || exit 0
  dir=$(setting dir)
  dbfilename=$(setting dbfilename)
fi

# A snapshot begins with its format's name and ends with the end mark 0xff and an eight byte check sum.
is_whole() {
  [[ $(head -c 5 -- "$partial" | tr -d '\0') =~ ^(REDIS|VALKE)$ ]] &&
    [[ $(tail -c 9 -- "$partial" | head -c 1 | od -An -tx1) == ' ff' ]]
}

mkdir -p -- "$OUTPUT_DIR"
file=$OUTPUT_DIR/dump.rdb
partial=$file.partial
trap 'rm -f -- "$partial"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'exit 129' HUP

if [[ $method == bgsave ]]; then
  # The server replaces the file by renaming a new one over it, so reading it is safe at any time.
  cat -- "$dir/$dbfilename" >"$partial" || die "The server's file '$dir/$dbfilename' cannot be read from here."
elif [[ -z ${CONTAINER:-} ]]; then
  cli --rdb "$partial" || die "The snapshot could not be fetched in $deadline s; an older copy was left as it is."
else
  cli --rdb - >"$partial" || die "The snapshot could not be fetched in $deadline s; an older copy was left as it is."
  # From a server with diskless replication the client cannot cut off the 40 letters and digits that end the transfer.
  if ! is_whole && [[ $(tail -c 40 -- "$partial" | tr -d '\0') =~ ^[0-9a-f]{40}$ ]]; then
    truncate -s -40 -- "$partial"
  fi
fi
is_whole || die "What was received is not a whole snapshot; an older copy was left as it is."
sync -- "$partial"
mv -f -- "$partial" "$file"
printf 'Wrote %s.\n' "$file"
