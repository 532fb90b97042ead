#!/usr/bin/env bash
# /// borgdesk
# name = "Docker Compose: stop services"
# description = "Stops the running services of a Compose project, or some of them. Containers, networks and volumes stay; services that were down already are not touched."
# category = "Containers"
# hook = "pre-backup"
# run_on = "always"
# timeout = 1800
# companion = "compose-start.sh"
# needs = ["docker with the compose plugin (version 2)", "the right to use the Docker socket (which is as powerful as root)"]
#
# [parameters.PROJECT_DIR]
# description = "Folder of the project, where compose.yaml and .env are"
# type = "path"
# required = true
#
# [parameters.FILES]
# description = "Compose files, one per line, relative to the folder; empty: the usual names"
#
# [parameters.PROJECT_NAME]
# description = "Project name, if it is not the one that Compose would choose"
#
# [parameters.SERVICES]
# description = "Services to stop; empty: all that are running"
#
# [parameters.GRACE]
# description = "Seconds a service gets to end by itself before Docker kills it"
# type = "integer"
# default = "60"
# ///
set -euo pipefail
umask 077
export LC_ALL=C

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
[[ -n ${PROJECT_DIR:-} ]] || die "PROJECT_DIR is empty: name the folder of the Compose project."
[[ $PROJECT_DIR == /* ]] || die "PROJECT_DIR must be an absolute path, not '$PROJECT_DIR'."
grace=${GRACE:-60}
[[ $grace =~ ^[0-9]+$ ]] || die "GRACE must be a number of seconds, not '$grace'."
command -v docker >/dev/null || die "docker was not found: install the Docker command line on this machine."
docker compose version >/dev/null 2>&1 || die "'docker compose' does not work here: install the Compose plugin, version 2."
cd -- "$PROJECT_DIR" || die "The project folder '$PROJECT_DIR' cannot be entered."

compose=(docker compose --project-directory "$PROJECT_DIR")
[[ -z ${PROJECT_NAME:-} ]] || compose+=(-p "$PROJECT_NAME")
while IFS= read -r file; do
  [[ -z $file ]] || compose+=(-f "$file")
done <<<"${FILES:-}"

known=$("${compose[@]}" config --services) || die "Compose cannot read the project in '$PROJECT_DIR'."
up=$("${compose[@]}" ps --services --status running) || die "Compose cannot say what runs: is Docker running, and may $(id -un) use it?"
read -r -d '' -a wanted <<<"${SERVICES:-}" || true
for service in "${wanted[@]}"; do
  grep -Fqx -e "$service" <<<"$known" || die "The project has no service '$service'. Nothing was stopped."
done
running=()
while IFS= read -r service; do
  [[ -n $service ]] || continue
  ((${#wanted[@]} == 0)) || [[ " ${wanted[*]} " == *" $service "* ]] || continue
  running+=("$service")
done <<<"$up"
if ((${#running[@]} == 0)); then
  printf 'No service of the project is running.\n'
  exit 0
fi

# The notes are complete, and on the disk, before anything is stopped. Each assignment has notes of its own.
key=$(printf '%s\n' "${compose[@]}" "${wanted[@]}" | sha256sum)
notes=$BORGDESK_STATE_DIR/compose-${key:0:16}
if [[ ! -e $notes.services ]]; then
  printf '%s\n' "${compose[@]}" >"$notes.command"
  printf '%s\n' "${running[@]}" >"$notes.partial"
  sync -- "$notes.command" "$notes.partial"
  mv -f -- "$notes.partial" "$notes.services"
  sync -- "$BORGDESK_STATE_DIR"
fi
"${compose[@]}" stop -t "$grace" -- "${running[@]}" || die "Compose could not stop: ${running[*]}"
: >"$notes.stopped"
printf 'Stopped %s.\n' "${running[*]}"
