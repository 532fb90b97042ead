#!/usr/bin/env bash
# /// borgdesk
# name = "Docker Compose: start services again"
# description = "Starts the services that the stop side has stopped in this run, and no others. Compose minds their dependencies."
# category = "Containers"
# hook = "post-backup"
# run_on = "always"
# timeout = 1800
# companion = "compose-stop.sh"
# needs = ["docker with the compose plugin (version 2)", "the right to use the Docker socket (which is as powerful as root)"]
#
# [parameters.GRACE]
# description = "Seconds a service gets to end by itself before Docker kills it"
# type = "integer"
# default = "60"
# ///
# Every project is tried, whatever happens to the others: so no errexit here.
set -uo pipefail
umask 077
export LC_ALL=C

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
shopt -s nullglob
status=0
for services in "$BORGDESK_STATE_DIR"/compose-*.services; do
  notes=${services%.services}
  mapfile -t names <"$services"
  mapfile -t compose <"$notes.command"
  if ! command -v docker >/dev/null; then
    printf 'docker was not found, so these services stay down: %s\n' "${names[*]}" >&2
    status=1
    continue
  fi
  # A stop whose end was not seen may still be at work inside Docker and would hit our start: let it finish first.
  [[ -e $notes.stopped ]] || "${compose[@]}" stop -t "${GRACE:-60}" -- "${names[@]}"
  if "${compose[@]}" start -- "${names[@]}"; then
    rm -f -- "$services" && rm -f -- "$notes.command" "$notes.stopped"
    printf 'Started %s.\n' "${names[*]}"
  else
    printf 'Compose could not start: %s\n' "${names[*]}" >&2
    status=1
  fi
done
exit "$status"
