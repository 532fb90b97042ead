#!/usr/bin/env bash
# /// borgdesk
# name = "systemd: stop services"
# description = "Stops the named services of your own user or of the system. Only services that are running are stopped, and only those are started again afterwards."
# category = "Services"
# hook = "pre-backup"
# run_on = "always"
# timeout = 600
# companion = "systemd-start.sh"
# needs = ["systemctl", "for services of the system: root, or a password-free sudo rule for systemctl"]
#
# [parameters.UNITS]
# description = "Names of the services in the order to stop them, for example photoprism.service"
# required = true
#
# [parameters.MANAGER]
# description = "Whose services they are: those of your own user, or of the system"
# type = "choice"
# choices = ["user", "system"]
# default = "user"
# ///
set -euo pipefail
umask 077
export LC_ALL=C

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
read -r -d '' -a units <<<"${UNITS:-}" || true
((${#units[@]})) || die "UNITS is empty: name the services."
command -v systemctl >/dev/null || die "systemctl was not found: this machine does not use systemd."
manager=${MANAGER:-user}
case $manager in
  user)
    systemctl=(systemctl --user)
    export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
    ;;
  system)
    systemctl=(systemctl)
    ((EUID == 0)) || systemctl=(sudo -n -- systemctl)
    ;;
  *) die "MANAGER must be user or system, not '$manager'." ;;
esac
notes=$BORGDESK_STATE_DIR/systemd-stopped

# All are looked at before the first is stopped, so that a wrong name costs no downtime. Looking needs no rights.
look=(systemctl)
[[ $manager == system ]] || look+=(--user)
running=()
for unit in "${units[@]}"; do
  facts=$("${look[@]}" show --property=LoadState,ActiveState -- "$unit") ||
    die "systemd cannot be asked about '$unit'. Nothing was stopped."
  [[ $facts == *LoadState=loaded* ]] || die "There is no service '$unit'. Nothing was stopped."
  case $facts in
    *ActiveState=active* | *ActiveState=reloading* | *ActiveState=activating*) running+=("$unit") ;;
    *) printf '%s is not running and is left as it is.\n' "$unit" ;;
  esac
done

for unit in ${running[@]+"${running[@]}"}; do
  # A note must be on the disk before the deed: after a power cut it is all that is left.
  printf '%s %s\n' "$manager" "$unit" >>"$notes"
  sync -- "$notes" "$BORGDESK_STATE_DIR"
  "${systemctl[@]}" stop -- "$unit" || die "The service '$unit' could not be stopped."
  printf 'Stopped %s.\n' "$unit"
done
