#!/usr/bin/env bash
# /// borgdesk
# name = "ZFS: create snapshot"
# description = "Makes a snapshot of one or more datasets in one instant, for Borg to read instead of the living files. Name MOUNTPOINT/.zfs/snapshot/NAME as the source; it is the same in every run."
# category = "Snapshots"
# hook = "pre-backup"
# run_on = "always"
# timeout = 300
# companion = "zfs-snapshot-drop.sh"
# needs = ["zfs", "root, or zfs allow USER snapshot,destroy,mount DATASET", "datasets that are mounted"]
#
# [parameters.DATASETS]
# description = "Datasets, for example tank/home. Child datasets have to be named too"
# required = true
#
# [parameters.SNAPSHOT]
# description = "Name of the snapshot, one for each repository; must begin with borgdesk-"
# default = "borgdesk-backup"
# ///
set -euo pipefail
umask 077
export LC_ALL=C

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
name=${SNAPSHOT:-borgdesk-backup}
[[ $name =~ ^borgdesk-[A-Za-z0-9_.:-]+$ ]] || die "SNAPSHOT must begin with borgdesk- and be made of letters, digits and _.:-, not '$name'."
read -r -d '' -a datasets <<<"${DATASETS:-}" || true
((${#datasets[@]})) || die "DATASETS is empty: name at least one dataset."
for dataset in "${datasets[@]}"; do
  [[ $dataset =~ ^[A-Za-z][A-Za-z0-9_.:/-]*$ ]] || die "This is not the name of a dataset: '$dataset'."
done
command -v zfs >/dev/null || die "zfs was not found: install the ZFS programs."
notes=$BORGDESK_STATE_DIR/zfs-snapshots

# Without its @ the same command would destroy the dataset itself, with % or a comma in it whole series of snapshots.
destroy_snapshot() {
  [[ $1 =~ ^[A-Za-z][A-Za-z0-9_.:/-]*@borgdesk-[A-Za-z0-9_.:-]+$ ]] || die "This is not a snapshot of BorgDesk: '$1'."
  zfs destroy -- "$1"
}

booted=$(sed -n 's/^btime //p' /proc/stat)
snapshots=()
for dataset in "${datasets[@]}"; do
  snapshot=$dataset@$name
  mountpoint=$(zfs get -H -o value mountpoint "$dataset") || die "There is no dataset '$dataset', or you may not look at it."
  [[ $mountpoint == /* ]] || die "The dataset '$dataset' is not mounted by ZFS (mountpoint is '$mountpoint'): there would be nothing to read."
  found=$(zfs list -H -d 1 -t snapshot -o name "$dataset")
  if [[ $'\n'$found$'\n' == *$'\n'"$snapshot"$'\n'* ]]; then
    # Left by a run that a power cut ended, or by this one. A younger one may be in use by another run.
    created=$(zfs get -Hp -o value creation "$snapshot")
    grep -Fqxs -e "$snapshot" "$notes" || ((created < booted)) ||
      die "'$snapshot' exists already: another run uses it, or has left it. If none does: zfs destroy '$snapshot'"
    destroy_snapshot "$snapshot" || die "The snapshot of an earlier run could not be destroyed: '$snapshot'."
  fi
  snapshots+=("$snapshot")
  printf 'To be read: %s/.zfs/snapshot/%s\n' "${mountpoint%/}" "$name"
done

printf '%s\n' "${snapshots[@]}" >>"$notes"
sync -- "$notes" "$BORGDESK_STATE_DIR"
zfs snapshot "${snapshots[@]}" || die "The snapshot could not be made."
