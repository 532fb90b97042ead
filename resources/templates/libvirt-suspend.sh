#!/usr/bin/env bash
# /// borgdesk
# name = "libvirt: suspend virtual machines"
# description = "Freezes running virtual machines while their disk images are read. Only those that run are suspended, and only those are resumed. Inside they keep their unwritten data in memory: the images are as after a power cut."
# category = "Virtual machines"
# hook = "pre-backup"
# run_on = "always"
# timeout = 300
# companion = "libvirt-resume.sh"
# needs = ["virsh", "membership in the group libvirt, or root"]
#
# [parameters.DOMAINS]
# description = "Names of the virtual machines, in the order to suspend them"
# required = true
#
# [parameters.CONNECTION]
# description = "libvirt connection; qemu:///session for machines of your own user"
# default = "qemu:///system"
# ///
set -euo pipefail
umask 077
export LC_ALL=C

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
read -r -d '' -a domains <<<"${DOMAINS:-}" || true
((${#domains[@]})) || die "DOMAINS is empty: name the virtual machines."
connection=${CONNECTION:-qemu:///system}
command -v virsh >/dev/null || die "virsh was not found: install the libvirt clients."
notes=$BORGDESK_STATE_DIR/libvirt-suspended

running=()
for domain in "${domains[@]}"; do
  state=$(virsh -c "$connection" domstate --domain "$domain") ||
    die "The virtual machine '$domain' cannot be asked: is the name right, and may $(id -un) use libvirt? Nothing was suspended."
  if [[ $state == running* ]]; then
    running+=("$domain")
  else
    printf '%s is %s and is left as it is.\n' "$domain" "${state%%$'\n'*}"
  fi
done

for domain in ${running[@]+"${running[@]}"}; do
  printf '%s %s\n' "$connection" "$domain" >>"$notes"
  sync -- "$notes" "$BORGDESK_STATE_DIR"
  virsh -c "$connection" suspend --domain "$domain" >/dev/null || die "The virtual machine '$domain' could not be suspended."
  printf 'Suspended %s.\n' "$domain"
done
