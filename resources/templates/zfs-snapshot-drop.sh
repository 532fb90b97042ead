#!/usr/bin/env bash
# /// borgdesk
# name = "ZFS: drop snapshot"
# description = "Destroys the snapshots that the other side has made in this run. A name that is not one of BorgDesk's snapshots is refused, so that never a dataset is destroyed."
# category = "Snapshots"
# hook = "post-backup"
# run_on = "always"
# timeout = 300
# companion = "zfs-snapshot-create.sh"
# needs = ["the same rights as the other side"]
#
# [parameters.BUSY_TIMEOUT]
# description = "Seconds to wait for programs that still read the snapshot"
# type = "integer"
# default = "30"
# ///
# Every snapshot is tried, whatever happens to the others: so no errexit here.
set -uo pipefail
umask 077
export LC_ALL=C

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
notes=$BORGDESK_STATE_DIR/zfs-snapshots
[[ -s $notes ]] || exit 0
if ! command -v zfs >/dev/null; then
  printf 'zfs was not found, so these snapshots stay:\n%s\n' "$(<"$notes")" >&2
  exit 1
fi

drop() {
  local answer deadline=$((SECONDS + ${BUSY_TIMEOUT:-30}))
  # Without its @ the same command would destroy the dataset itself, with % or a comma in it whole series of snapshots.
  if [[ ! $1 =~ ^[A-Za-z][A-Za-z0-9_.:/-]*@borgdesk-[A-Za-z0-9_.:-]+$ ]]; then
    printf "This is not a snapshot of BorgDesk and is not touched: '%s'\n" "$1" >&2
    return 1
  fi
  until answer=$(zfs destroy -- "$1" 2>&1); do
    case $answer in
      *'could not find any snapshots'* | *'does not exist'*) return 0 ;;
      *busy*)
        if ((SECONDS < deadline)); then
          sleep 1
          continue
        fi
        ;;
    esac
    printf "The snapshot '%s' was not destroyed: %s\n" "$1" "$answer" >&2
    return 1
  done
}

status=0
while IFS= read -r snapshot; do
  drop "$snapshot" || status=1
done <"$notes"
((status)) || rm -f -- "$notes"
exit "$status"
