#!/usr/bin/env bash
# /// borgdesk
# name = "libvirt: resume virtual machines"
# description = "Resumes the virtual machines that the other side has suspended in this run, and no others."
# category = "Virtual machines"
# hook = "post-backup"
# run_on = "always"
# timeout = 300
# companion = "libvirt-suspend.sh"
# needs = ["virsh", "membership in the group libvirt, or root"]
# ///
# Every machine is tried, whatever happens to the others: so no errexit here.
set -uo pipefail
umask 077
export LC_ALL=C

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
notes=$BORGDESK_STATE_DIR/libvirt-suspended
[[ -s $notes ]] || exit 0
if ! command -v virsh >/dev/null; then
  printf 'virsh was not found, so these machines stay suspended:\n%s\n' "$(<"$notes")" >&2
  exit 1
fi

lines=()
while IFS= read -r line; do lines+=("$line"); done <"$notes"
status=0
for ((i = ${#lines[@]} - 1; i >= 0; i--)); do
  connection=${lines[i]%% *}
  domain=${lines[i]#* }
  if ! state=$(virsh -c "$connection" domstate --domain "$domain"); then
    status=1
  elif [[ $state != paused* ]]; then
    printf '%s is %s.\n' "$domain" "${state%%$'\n'*}"
  elif virsh -c "$connection" resume --domain "$domain" >/dev/null; then
    printf 'Resumed %s.\n' "$domain"
  else
    printf "The virtual machine '%s' is still suspended.\n" "$domain" >&2
    status=1
  fi
done
((status)) || rm -f -- "$notes"
exit "$status"
