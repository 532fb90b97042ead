#!/usr/bin/env bash
# /// borgdesk
# name = "Docker: start containers again"
# description = "Starts the containers that the stop side has stopped in this run, in reverse order. Containers that were not running before stay down."
# category = "Containers"
# hook = "post-backup"
# run_on = "always"
# timeout = 1800
# companion = "docker-stop.sh"
# needs = ["the docker command", "the right to use the Docker socket (which is as powerful as root)"]
#
# [parameters.GRACE]
# description = "Seconds a container gets to end by itself before Docker kills it; databases need 60 to 300"
# type = "integer"
# default = "60"
#
# [parameters.HEALTH_TIMEOUT]
# description = "Seconds to wait until each started container reports healthy; 0 does not wait"
# type = "integer"
# default = "0"
# ///
# Every container is tried, whatever happens to the others: so no errexit here.
set -uo pipefail
umask 077
export LC_ALL=C

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
notes=$BORGDESK_STATE_DIR/docker-stopped
[[ -s $notes ]] || exit 0
if ! command -v docker >/dev/null; then
  printf 'docker was not found, so these notes could not be acted on:\n%s\n' "$(<"$notes")" >&2
  exit 1
fi

names=()
declare -A stopped=()
while read -r word name; do
  if [[ $word == stopped ]]; then
    stopped[$name]=yes
  elif [[ " ${names[*]} " != *" $name "* ]]; then
    names+=("$name")
  fi
done <"$notes"

status=0
left=()
started=()
for ((i = ${#names[@]} - 1; i >= 0; i--)); do
  name=${names[i]}
  # A stop whose end was not seen may still be at work inside Docker and would hit our start: let it finish first.
  [[ -n ${stopped[$name]:-} ]] || docker stop -t "${GRACE:-60}" -- "$name" >/dev/null
  if docker start -- "$name" >/dev/null; then
    started+=("$name")
    printf 'Started %s.\n' "$name"
  else
    printf "The container '%s' could not be started.\n" "$name" >&2
    left=("$name" ${left[@]+"${left[@]}"})
    status=1
  fi
done

if ((${#left[@]})); then
  for name in "${left[@]}"; do
    printf 'stopping %s\nstopped %s\n' "$name" "$name"
  done >"$notes.partial" && mv -f -- "$notes.partial" "$notes"
else
  rm -f -- "$notes"
fi

health='{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}'
if ((${HEALTH_TIMEOUT:-0} > 0)); then
  for name in ${started[@]+"${started[@]}"}; do
    deadline=$((SECONDS + HEALTH_TIMEOUT))
    until [[ $(docker container inspect -f "$health" -- "$name") =~ ^(healthy|none)$ ]]; do
      if ((SECONDS >= deadline)); then
        printf "The container '%s' was started but is not healthy after %s s.\n" "$name" "$HEALTH_TIMEOUT" >&2
        status=1
        break
      fi
      sleep 1
    done
  done
fi
exit "$status"
