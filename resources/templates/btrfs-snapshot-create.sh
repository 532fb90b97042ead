#!/usr/bin/env bash
# /// borgdesk
# name = "btrfs: create snapshot"
# description = "Makes a read-only snapshot of a subvolume, always at the same path, for Borg to read instead of the living files. Name that path as the source."
# category = "Snapshots"
# hook = "pre-backup"
# run_on = "always"
# timeout = 300
# companion = "btrfs-snapshot-drop.sh"
# needs = ["btrfs (btrfs-progs)", "root; or a subvolume of your own on a file system mounted with user_subvol_rm_allowed"]
#
# [parameters.SUBVOLUME]
# description = "Path of the subvolume, for example /home. Subvolumes inside it come out as empty folders"
# type = "path"
# required = true
#
# [parameters.SNAPSHOT]
# description = "Path that the snapshot gets, in the same file system, one for each repository; its last part must begin with borgdesk-"
# type = "path"
# required = true
# ///
set -euo pipefail
umask 077
export LC_ALL=C

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
[[ ${SUBVOLUME:-} == /* ]] || die "SUBVOLUME must be an absolute path, not '${SUBVOLUME:-}'."
[[ ${SNAPSHOT:-} == /* && ${SNAPSHOT##*/} == borgdesk-?* && $SNAPSHOT != *$'\n'* ]] ||
  die "SNAPSHOT must be an absolute path whose last part begins with borgdesk-, not '${SNAPSHOT:-}'."
command -v btrfs >/dev/null || die "btrfs was not found: install btrfs-progs."

# field TEXT NAME: a line of what "btrfs subvolume show" prints.
field() {
  sed -n "s/^[[:space:]]*$2:[[:space:]]*//p" <<<"$1"
}

facts=$(btrfs subvolume show -- "$SUBVOLUME") || die "'$SUBVOLUME' is not a btrfs subvolume, or you may not look at it."
uuid=$(field "$facts" UUID)
[[ $uuid =~ ^[0-9a-f-]{36}$ ]] || die "btrfs does not tell the UUID of '$SUBVOLUME'."

key=$(printf '%s' "$SNAPSHOT" | sha256sum)
note=$BORGDESK_STATE_DIR/btrfs-${key:0:16}
if [[ -e $SNAPSHOT || -L $SNAPSHOT ]]; then
  facts=$(btrfs subvolume show -- "$SNAPSHOT") || die "'$SNAPSHOT' exists and is not a snapshot: choose another path."
  [[ $(field "$facts" 'Parent UUID') == "$uuid" && $(field "$facts" Flags) == readonly ]] ||
    die "'$SNAPSHOT' exists and is not a read-only snapshot of '$SUBVOLUME': choose another path."
  # Left by a run that a power cut ended, or by this one. A younger one may be in use by another run.
  created=$(date -d "$(field "$facts" 'Creation time')" +%s)
  booted=$(sed -n 's/^btime //p' /proc/stat)
  [[ -e $note ]] || ((created < booted)) ||
    die "'$SNAPSHOT' exists already: another run uses it, or has left it. If none does: btrfs subvolume delete '$SNAPSHOT'"
  btrfs subvolume delete -- "$SNAPSHOT" || die "The snapshot of an earlier run could not be deleted: '$SNAPSHOT'."
fi

printf '%s\n%s\n' "$uuid" "$SNAPSHOT" >"$note.partial"
sync -- "$note.partial"
mv -f -- "$note.partial" "$note"
sync -- "$BORGDESK_STATE_DIR"
btrfs subvolume snapshot -r -- "$SUBVOLUME" "$SNAPSHOT" ||
  die "The snapshot could not be made: is '$SNAPSHOT' in the same file system, and its folder there?"
