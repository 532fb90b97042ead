#!/usr/bin/env bash
# /// borgdesk
# name = "Docker: stop containers"
# description = "Stops the named containers, or those with a label, one after the other. Only containers that are running are stopped, and only those are started again afterwards."
# category = "Containers"
# hook = "pre-backup"
# run_on = "always"
# timeout = 1800
# companion = "docker-start.sh"
# needs = ["the docker command", "the right to use the Docker socket (which is as powerful as root)"]
#
# [parameters.CONTAINERS]
# description = "Names of the containers in the order to stop them: the application first, its database last"
#
# [parameters.LABEL]
# description = "Also stop every running container with this label, for example backup.stop=true"
#
# [parameters.GRACE]
# description = "Seconds a container gets to end by itself before Docker kills it; databases need 60 to 300"
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
notes=$BORGDESK_STATE_DIR/docker-stopped
grace=${GRACE:-60}
[[ $grace =~ ^[0-9]+$ ]] || die "GRACE must be a number of seconds, not '$grace'."
command -v docker >/dev/null || die "docker was not found: install the Docker command line on this machine."

# A note must be on the disk before the deed: after a power cut it is all that is left.
note() {
  printf '%s\n' "$*" >>"$notes"
  sync -- "$notes" "$BORGDESK_STATE_DIR"
}

read -r -d '' -a wanted <<<"${CONTAINERS:-}" || true
if [[ -n ${LABEL:-} ]]; then
  labelled=$(docker ps --filter "label=$LABEL" --filter status=running --format '{{.Names}}') ||
    die "Docker did not answer: is it running, and may $(id -un) use it?"
  while read -r name; do
    [[ -z $name || " ${wanted[*]} " == *" $name "* ]] || wanted+=("$name")
  done <<<"$labelled"
fi
[[ -n ${CONTAINERS:-}${LABEL:-} ]] || die "Nothing to stop: set CONTAINERS or LABEL."

# All are looked at before the first is stopped, so that a wrong name costs no downtime.
running=()
for name in "${wanted[@]}"; do
  facts=$(docker container inspect -f '{{.State.Running}} {{.State.Paused}} {{.HostConfig.AutoRemove}}' -- "$name") ||
    die "The container '$name' cannot be looked at: is the name right, is Docker running, and may $(id -un) use it?"
  case $facts in
    'true false true') die "The container '$name' was made with --rm and would be deleted when stopped. Nothing was stopped." ;;
    'true true '*) printf 'The container %s is paused and is left as it is.\n' "$name" ;;
    'true '*) running+=("$name") ;;
    'false '*) printf 'The container %s is not running and is left as it is.\n' "$name" ;;
    *) die "Docker's answer about '$name' was not understood: $facts" ;;
  esac
done

for name in "${running[@]}"; do
  note "stopping $name"
  docker stop -t "$grace" -- "$name" >/dev/null || die "The container '$name' could not be stopped."
  note "stopped $name"
  printf 'Stopped %s.\n' "$name"
done
