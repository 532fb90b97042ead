#!/usr/bin/env bash
# /// borgdesk
# name = "Disk: unmount by UUID"
# description = "Unmounts the disk if the other side has mounted it in this run, and on request switches it off. Everything is written out before; a busy disk is waited for and never torn away."
# category = "Disks and power"
# hook = "post-run"
# run_on = "always"
# timeout = 600
# companion = "disk-mount.sh"
# needs = ["the same rights as the other side", "to switch off: udisksctl"]
#
# [parameters.UUID]
# description = "UUID of the file system, as lsblk -f shows it"
# required = true
#
# [parameters.BUSY_TIMEOUT]
# description = "Seconds to wait for programs that still use the disk"
# type = "integer"
# default = "60"
#
# [parameters.POWER_OFF]
# description = "Switch the disk off afterwards, so that it can be unplugged"
# type = "boolean"
# default = "false"
# ///
# Each step is tried whatever the one before gave: so no errexit here.
set -uo pipefail
umask 077
export LC_ALL=C

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
[[ ${UUID:-} =~ ^[0-9A-Fa-f-]+$ ]] || die "UUID must be made of digits, letters a to f and -, not '${UUID:-}'."
note=$BORGDESK_STATE_DIR/disk-$UUID
[[ -s $note ]] || exit 0
busy=${BUSY_TIMEOUT:-60}
[[ $busy =~ ^[0-9]+$ ]] || die "BUSY_TIMEOUT must be a number of seconds, not '$busy'."
for tool in findfs findmnt umount; do
  command -v "$tool" >/dev/null || die "$tool was not found: install util-linux. The disk stays mounted."
done

{
  IFS= read -r device
  IFS= read -r mount_point
} <"$note"
# Plugged out and in again, a disk may have another device name.
now=$(findfs "UUID=$UUID" 2>/dev/null) && device=$now

deadline=$((SECONDS + busy))
while target=$(findmnt -lnfo TARGET -S "$device") && [[ -n $target ]]; do
  sync -f -- "$target"
  if [[ -n $mount_point ]]; then
    answer=$(umount -- "$target" 2>&1) && continue
  else
    answer=$(udisksctl unmount -b "$device" --no-user-interaction 2>&1) && continue
  fi
  if ((SECONDS >= deadline)); then
    printf 'The disk could not be unmounted from %s in %s s: %s\n' "$target" "$busy" "$answer" >&2
    # Who holds it; a help for the reader only.
    fuser -vm -- "$target" >&2 2>/dev/null || true
    exit 1
  fi
  sleep 1
done
printf 'The disk is not mounted any more.\n'

if [[ ${POWER_OFF:-false} == true && -e $device ]]; then
  udisksctl power-off -b "$device" --no-user-interaction || die "The disk is unmounted, but could not be switched off."
  printf 'The disk is switched off.\n'
fi
rm -f -- "$note"
