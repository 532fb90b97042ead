#!/usr/bin/env bash
# /// borgdesk
# name = "Disk: mount by UUID"
# description = "Mounts a disk before the backup. If the disk is not plugged in, the run is skipped, without a failure and without Borg ever writing into an empty folder. A disk that is mounted already is used and left mounted."
# category = "Disks and power"
# hook = "pre-backup"
# run_on = "always"
# timeout = 120
# companion = "disk-unmount.sh"
# needs = ["for a disk that desktop users may mount: udisksctl", "with a mount point of its own: root, or an entry for users in /etc/fstab"]
#
# [parameters.UUID]
# description = "UUID of the file system, as lsblk -f shows it"
# required = true
#
# [parameters.MOUNT_POINT]
# description = "Folder to mount it at; empty: where the desktop mounts it, below /media or /run/media"
# type = "path"
#
# [parameters.MARKER]
# description = "File or folder that must be on the disk, for example backup/config; guards against a wrong disk"
# ///
set -euo pipefail
umask 077
export LC_ALL=C

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
[[ ${UUID:-} =~ ^[0-9A-Fa-f-]+$ ]] || die "UUID must be made of digits, letters a to f and -, not '${UUID:-}'."
[[ -z ${MOUNT_POINT:-} || $MOUNT_POINT == /* ]] || die "MOUNT_POINT must be an absolute path, not '$MOUNT_POINT'."
for tool in findfs findmnt; do
  command -v "$tool" >/dev/null || die "$tool was not found: install util-linux."
done
if [[ -z ${MOUNT_POINT:-} ]]; then
  command -v udisksctl >/dev/null || die "udisksctl was not found: install udisks2, or set MOUNT_POINT."
fi

if ! device=$(findfs "UUID=$UUID" 2>/dev/null) || [[ ! -e $device ]]; then
  printf 'The disk %s is not plugged in: not now.\n' "$UUID" >&2
  exit 75
fi

check_marker() {
  [[ -z ${MARKER:-} || -e $1/$MARKER ]] || die "The disk is mounted at '$1', but has no '$MARKER': is it the right one?"
}

# Empty when it is not mounted. findmnt says so with 1 as well, which is no error here.
target=$(findmnt -lnfo TARGET -S "$device") || true
if [[ -n $target ]]; then
  [[ -z ${MOUNT_POINT:-} || $target -ef $MOUNT_POINT ]] ||
    die "The disk is mounted already, but at '$target' and not at '$MOUNT_POINT'."
  check_marker "$target"
  printf 'The disk is mounted already at %s and will be left so.\n' "$target"
  exit 0
fi

note=$BORGDESK_STATE_DIR/disk-$UUID
printf '%s\n%s\n' "$device" "${MOUNT_POINT:-}" >"$note.partial"
mv -f -- "$note.partial" "$note"
sync -- "$note" "$BORGDESK_STATE_DIR"
if [[ -z ${MOUNT_POINT:-} ]]; then
  udisksctl mount -b "$device" --no-user-interaction || die "The disk could not be mounted."
elif ((EUID == 0)); then
  [[ -d $MOUNT_POINT ]] || die "The mount point '$MOUNT_POINT' is not a folder: make it once."
  mount -o nosuid,nodev -- "$device" "$MOUNT_POINT" || die "The disk could not be mounted at '$MOUNT_POINT'."
else
  mount -- "$MOUNT_POINT" || die "The disk could not be mounted: is there an entry with the option user for '$MOUNT_POINT' in /etc/fstab?"
fi

target=$(findmnt -lnfo TARGET -S "$device") || die "The disk was mounted, but is not to be found among the mounts."
[[ -z ${MOUNT_POINT:-} || $target -ef $MOUNT_POINT ]] || die "The disk came up at '$target' and not at '$MOUNT_POINT'."
check_marker "$target"
printf 'Mounted at %s.\n' "$target"
