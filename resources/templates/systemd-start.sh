#!/usr/bin/env bash
# /// borgdesk
# name = "systemd: start services again"
# description = "Starts the services that the stop side has stopped in this run, in reverse order. Services that were not running before stay down."
# category = "Services"
# hook = "post-backup"
# run_on = "always"
# timeout = 600
# companion = "systemd-stop.sh"
# needs = ["systemctl", "for services of the system: root, or a password-free sudo rule for systemctl"]
# ///
# Every service is tried, whatever happens to the others: so no errexit here.
set -uo pipefail
umask 077
export LC_ALL=C

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
notes=$BORGDESK_STATE_DIR/systemd-stopped
[[ -s $notes ]] || exit 0
if ! command -v systemctl >/dev/null; then
  printf 'systemctl was not found, so these services stay down:\n%s\n' "$(<"$notes")" >&2
  exit 1
fi
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}

lines=()
while IFS= read -r line; do lines+=("$line"); done <"$notes"
status=0
for ((i = ${#lines[@]} - 1; i >= 0; i--)); do
  unit=${lines[i]#* }
  systemctl=(systemctl --user)
  if [[ ${lines[i]%% *} == system ]]; then
    systemctl=(systemctl)
    ((EUID == 0)) || systemctl=(sudo -n -- systemctl)
  fi
  # Starting a service that runs does nothing.
  if "${systemctl[@]}" start -- "$unit"; then
    printf 'Started %s.\n' "$unit"
  else
    printf "The service '%s' could not be started.\n" "$unit" >&2
    status=1
  fi
done
((status)) || rm -f -- "$notes"
exit "$status"
