#!/usr/bin/env bash
# /// borgdesk
# name = "LVM: create snapshot"
# description = "Makes a snapshot of a logical volume and mounts it read-only, always at the same folder, for Borg to read instead of the living files. Name that folder as the source."
# category = "Snapshots"
# hook = "pre-backup"
# run_on = "always"
# timeout = 300
# companion = "lvm-snapshot-drop.sh"
# needs = ["lvm2, and free space in the volume group for what changes during the backup", "root"]
#
# [parameters.VOLUME]
# description = "Logical volume as GROUP/VOLUME, for example vg0/home"
# required = true
#
# [parameters.MOUNT_POINT]
# description = "Empty folder to mount the snapshot at, one for each repository"
# type = "path"
# required = true
#
# [parameters.SNAPSHOT]
# description = "Name of the snapshot, one for each repository; must begin with borgdesk-"
# default = "borgdesk-backup"
#
# [parameters.SIZE]
# description = "Room for changes during the backup: 5G, or 10%ORIGIN; when it is full, the snapshot is lost. Thin volumes need none"
# default = "10%ORIGIN"
# ///
set -euo pipefail
umask 077
export LC_ALL=C

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
[[ ${VOLUME:-} =~ ^[A-Za-z0-9_+.][A-Za-z0-9_+.-]*/[A-Za-z0-9_+.][A-Za-z0-9_+.-]*$ ]] || die "VOLUME must look like GROUP/VOLUME, not '${VOLUME:-}'."
name=${SNAPSHOT:-borgdesk-backup}
[[ $name =~ ^borgdesk-[A-Za-z0-9_+.-]+$ ]] || die "SNAPSHOT must begin with borgdesk- and be made of letters, digits and _+.-, not '$name'."
size=${SIZE:-10%ORIGIN}
[[ $size =~ ^[0-9.]+([A-Za-z]?|%[A-Za-z]+)$ ]] || die "SIZE must look like 5G or 10%ORIGIN, not '$size'."
[[ ${MOUNT_POINT:-} == /* && $MOUNT_POINT != *$'\n'* ]] || die "MOUNT_POINT must be an absolute path, not '${MOUNT_POINT:-}'."
for tool in lvs lvcreate lvremove; do
  command -v "$tool" >/dev/null || die "$tool was not found: install lvm2."
done
[[ -d $MOUNT_POINT ]] || die "The mount point '$MOUNT_POINT' is not a folder: make it once."

snapshot=${VOLUME%%/*}/$name
key=$(printf '%s' "$snapshot" | sha256sum)
note=$BORGDESK_STATE_DIR/lvm-${key:0:16}

# about VOLUME FIELDS: what lvs knows, separated by |, times as seconds.
about() {
  lvs --noheadings --separator '|' --config 'report/time_format="%s"' -o "$2" -- "$1"
}

facts=$(about "$VOLUME" lv_name,segtype) || die "There is no logical volume '$VOLUME', or you may not look at it (root may)."
thin=no
[[ $facts != *'|thin' ]] || thin=yes

if old=$(about "$snapshot" origin,lv_time 2>/dev/null); then
  old=${old//[[:space:]]/}
  [[ ${old%%|*} == "${VOLUME##*/}" ]] || die "'$snapshot' exists and is not a snapshot of '$VOLUME': choose another name."
  # Left by a run that a power cut ended, or by this one. A younger one may be in use by another run.
  booted=$(sed -n 's/^btime //p' /proc/stat)
  [[ -e $note ]] || ((${old##*|} < booted)) ||
    die "'$snapshot' exists already: another run uses it, or has left it. If none does, unmount it and: lvremove '$snapshot'"
  if findmnt -lnfo TARGET --mountpoint "$MOUNT_POINT" >/dev/null; then
    umount -- "$MOUNT_POINT" || die "The snapshot of an earlier run could not be unmounted from '$MOUNT_POINT'."
  fi
  lvremove --force --yes -- "$snapshot" || die "The snapshot of an earlier run could not be removed: '$snapshot'."
fi
! findmnt -lnfo TARGET --mountpoint "$MOUNT_POINT" >/dev/null || die "Something is mounted at '$MOUNT_POINT' already."

printf '%s\n%s\n%s\n' "$snapshot" "${VOLUME##*/}" "$MOUNT_POINT" >"$note.partial"
sync -- "$note.partial"
mv -f -- "$note.partial" "$note"
sync -- "$BORGDESK_STATE_DIR"

options=(--snapshot --name "$name")
if [[ $thin == yes ]]; then
  options+=(--setactivationskip n)
elif [[ $size == *%* ]]; then
  options+=(--extents "$size")
else
  options+=(--size "$size")
fi
lvcreate --yes "${options[@]}" -- "$VOLUME" || die "The snapshot could not be made: is there free space in the volume group?"

device=$(about "$snapshot" lv_path)
device=${device//[[:space:]]/}
mount_options=ro
case $(blkid -o value -s TYPE -- "$device") in
  # Its origin is mounted, and XFS refuses to mount two file systems with one UUID.
  xfs) mount_options=ro,nouuid ;;
  btrfs) die "btrfs mixes up a volume and its LVM snapshot: use the btrfs template instead." ;;
esac
mount -o "$mount_options" -- "$device" "$MOUNT_POINT" || die "The snapshot could not be mounted at '$MOUNT_POINT'."
printf 'Mounted %s at %s.\n' "$snapshot" "$MOUNT_POINT"
