#!/usr/bin/env bash
# /// borgdesk
# name = "LVM: drop snapshot"
# description = "Unmounts and removes the snapshot that the other side has made in this run, and warns when it had run full: then the archive is not to be trusted."
# category = "Snapshots"
# hook = "post-backup"
# run_on = "always"
# timeout = 300
# companion = "lvm-snapshot-create.sh"
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
status=0

# about VOLUME FIELDS: what lvs knows, separated by |.
about() {
  lvs --noheadings --separator '|' -o "$2" -- "$1"
}

unmount() {
  local device=$1 folder=$2 source answer deadline=$((SECONDS + ${BUSY_TIMEOUT:-30}))
  while source=$(findmnt -lnfo SOURCE --mountpoint "$folder") && [[ $source == "$device" || $source -ef $device ]]; do
    answer=$(umount -- "$folder" 2>&1) && continue
    if ((SECONDS >= deadline)); then
      printf "The snapshot could not be unmounted from '%s': %s\n" "$folder" "$answer" >&2
      return 1
    fi
    sleep 1
  done
}

drop() {
  local snapshot=$1 origin=$2 folder=$3 facts device found attributes
  if ! command -v lvs >/dev/null || ! command -v lvremove >/dev/null; then
    printf 'lvs or lvremove was not found: install lvm2.\n' >&2
    return 1
  fi
  if ! facts=$(about "$snapshot" lv_path,origin,lv_attr 2>&1); then
    [[ $facts != *'Failed to find logical volume'* ]] || return 0
    printf '%s\n' "$facts" >&2
    return 1
  fi
  IFS='|' read -r device found attributes <<<"${facts//[[:space:]]/}"
  if [[ ! $snapshot =~ ^[A-Za-z0-9_+.-]+/borgdesk-[A-Za-z0-9_+.-]+$ || $found != "$origin" ]]; then
    printf "'%s' is not the snapshot of this run.\n" "$snapshot" >&2
    return 1
  fi
  unmount "$device" "$folder" || return 1
  # Removed before the complaint: a second look would not find out any more.
  lvremove --force --yes -- "$snapshot" || return 1
  if [[ ${attributes:4:1} == [IS] ]]; then
    printf 'The snapshot ran full during the backup: do not trust this archive. Give it a larger SIZE.\n' >&2
    status=1
  fi
}

shopt -s nullglob
for note in "$BORGDESK_STATE_DIR"/lvm-*; do
  [[ $note != *.partial ]] || continue
  {
    IFS= read -r snapshot
    IFS= read -r origin
    IFS= read -r folder
  } <"$note"
  if drop "$snapshot" "$origin" "$folder"; then
    rm -f -- "$note"
  else
    printf "The snapshot '%s' was not removed.\n" "$snapshot" >&2
    status=1
  fi
done
exit "$status"
