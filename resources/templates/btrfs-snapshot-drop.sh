#!/usr/bin/env bash
# /// borgdesk
# name = "btrfs: drop snapshot"
# description = "Deletes the snapshot that the other side has made in this run. It makes sure that it is this snapshot and nothing else."
# category = "Snapshots"
# hook = "post-backup"
# run_on = "always"
# timeout = 300
# companion = "btrfs-snapshot-create.sh"
# needs = ["the same rights as the other side"]
# ///
# Every snapshot is tried, whatever happens to the others: so no errexit here.
set -uo pipefail
umask 077
export LC_ALL=C

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"

# field TEXT NAME: a line of what "btrfs subvolume show" prints.
field() {
  sed -n "s/^[[:space:]]*$2:[[:space:]]*//p" <<<"$1"
}

drop() {
  local uuid=$1 snapshot=$2 facts
  [[ -e $snapshot || -L $snapshot ]] || return 0
  if ! command -v btrfs >/dev/null; then
    printf 'btrfs was not found: install btrfs-progs.\n' >&2
    return 1
  fi
  facts=$(btrfs subvolume show -- "$snapshot") || return 1
  if [[ ${snapshot##*/} != borgdesk-?* || $(field "$facts" 'Parent UUID') != "$uuid" || $(field "$facts" Flags) != readonly ]]; then
    printf "'%s' is not the snapshot of this run.\n" "$snapshot" >&2
    return 1
  fi
  btrfs subvolume delete -- "$snapshot"
}

shopt -s nullglob
status=0
for note in "$BORGDESK_STATE_DIR"/btrfs-*; do
  [[ $note != *.partial ]] || continue
  {
    IFS= read -r uuid
    IFS= read -r snapshot
  } <"$note"
  if drop "$uuid" "$snapshot"; then
    rm -f -- "$note"
  else
    printf "The snapshot '%s' was not deleted.\n" "$snapshot" >&2
    status=1
  fi
done
exit "$status"
