#!/usr/bin/env bash
# /// borgdesk
# name = "Nextcloud: maintenance mode off"
# description = "Ends the maintenance mode that the other side has begun in this run. A maintenance mode that was on before is left on."
# category = "Applications"
# hook = "post-backup"
# run_on = "always"
# timeout = 300
# companion = "nextcloud-maintenance-on.sh"
# needs = ["the same rights as the other side"]
# ///
# Every Nextcloud is tried, whatever happens to the others: so no errexit here.
set -uo pipefail
umask 077
export LC_ALL=C

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
shopt -s nullglob
status=0
for note in "$BORGDESK_STATE_DIR"/nextcloud-*; do
  [[ $note != *.partial ]] || continue
  mapfile -t occ <"$note"
  if "${occ[@]}" maintenance:mode --off; then
    rm -f -- "$note"
  else
    printf '%s\n' "Nextcloud is still in maintenance mode: occ failed. If it cannot be repaired, set 'maintenance' => false in config/config.php by hand." >&2
    status=1
  fi
done
exit "$status"
