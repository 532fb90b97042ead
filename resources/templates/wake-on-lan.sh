#!/usr/bin/env bash
# /// borgdesk
# name = "Wake-on-LAN: wake and wait"
# description = "Wakes a machine in the local network and waits until its service answers. If it does not wake in time, the run is skipped."
# category = "Disks and power"
# hook = "pre-backup"
# run_on = "always"
# timeout = 400
# companion = "wake-on-lan-sleep.sh"
# needs = ["wakeonlan or python3", "Wake-on-LAN switched on in the firmware and the network card of the machine", "the machine in the same network: broadcasts do not pass routers or VPNs"]
#
# [parameters.MAC]
# description = "Hardware address of its network card, for example 00:11:22:33:44:55"
# required = true
#
# [parameters.WAKE_HOST]
# description = "Its name or address"
# required = true
#
# [parameters.SERVICE_PORT]
# description = "TCP port that must answer: 22 for SSH, 445 for a Windows share, 2049 for NFS"
# type = "integer"
# default = "22"
#
# [parameters.BROADCAST]
# description = "Broadcast address, if the usual one does not reach it, for example 192.168.1.255"
# default = "255.255.255.255"
#
# [parameters.WAKE_PORT]
# description = "UDP port for the wake-up packet"
# type = "integer"
# default = "9"
#
# [parameters.DEADLINE]
# description = "Seconds to wait for the service"
# type = "integer"
# default = "180"
# ///
set -euo pipefail
umask 077
export LC_ALL=C

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
mac=${MAC:-}
mac=${mac//-/:}
mac=${mac,,}
[[ $mac =~ ^([0-9a-f]{2}:){5}[0-9a-f]{2}$ ]] || die "MAC must look like 00:11:22:33:44:55, not '${MAC:-}'."
[[ ${WAKE_HOST:-} =~ ^[A-Za-z0-9.:_%-]+$ ]] || die "WAKE_HOST must be a name or an address, not '${WAKE_HOST:-}'."
[[ ${BROADCAST:-255.255.255.255} =~ ^[0-9.]+$ ]] || die "BROADCAST must be an IPv4 address, not '$BROADCAST'."
for number in "${SERVICE_PORT:-22}" "${WAKE_PORT:-9}" "${DEADLINE:-180}"; do
  [[ $number =~ ^[0-9]+$ ]] || die "SERVICE_PORT, WAKE_PORT and DEADLINE must be numbers, not '$number'."
done
if command -v wakeonlan >/dev/null; then
  tool=wakeonlan
elif command -v python3 >/dev/null; then
  tool=python3
else
  die "Neither wakeonlan nor python3 was found: install one of them."
fi
command -v flock >/dev/null || die "flock was not found: install util-linux."

answers() {
  # shellcheck disable=SC2016 # the positional parameters belong to the inner shell
  timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$WAKE_HOST" "${SERVICE_PORT:-22}" 2>/dev/null
}

# The operating system must be asked for permission to broadcast, which bash's own /dev/udp does not do.
wake() {
  if [[ $tool == wakeonlan ]]; then
    wakeonlan -i "${BROADCAST:-255.255.255.255}" -p "${WAKE_PORT:-9}" "$mac" >/dev/null
  else
    python3 -c '
import socket, sys
mac = bytes.fromhex(sys.argv[1].replace(":", ""))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sender.sendto(b"\xff" * 6 + mac * 16, (sys.argv[2], int(sys.argv[3])))
' "$mac" "${BROADCAST:-255.255.255.255}" "${WAKE_PORT:-9}"
  fi
}

# Several repositories may use the machine at once. Each run leaves a card here; who takes the last one away may send
# the machine to sleep, if one of us has woken it.
desk=${XDG_STATE_HOME:-$HOME/.local/state}/borgdesk-wake-on-lan/${mac//:/}
card=$(printf '%s' "$BORGDESK_STATE_DIR" | sha256sum)
mkdir -p -- "$desk/cards"
printf '%s\n' "$desk" >"$BORGDESK_STATE_DIR/wake-on-lan-${mac//:/}"
sync -- "$BORGDESK_STATE_DIR/wake-on-lan-${mac//:/}" "$BORGDESK_STATE_DIR"
exec 9>>"$desk/lock"
flock -w 120 9 || die "Another run has been busy with $WAKE_HOST for 120 s."
if answers; then
  # Awake, and none of us is using it: then somebody else woke it, whatever an older run has left here.
  [[ -n $(ls -A -- "$desk/cards") ]] || rm -f -- "$desk/woken"
  : >"$desk/cards/${card:0:32}"
  printf '%s is awake already.\n' "$WAKE_HOST"
  exit 0
fi
: >"$desk/woken"
: >"$desk/cards/${card:0:32}"
exec 9>&-

deadline=${DEADLINE:-180}
sent=-10
until answers; do
  if ((SECONDS >= deadline)); then
    printf '%s has not answered on port %s for %s s: not now.\n' "$WAKE_HOST" "${SERVICE_PORT:-22}" "$deadline" >&2
    exit 75
  fi
  # A packet may get lost: one every ten seconds.
  if ((SECONDS - sent >= 10)); then
    wake || die "The wake-up packet could not be sent."
    sent=$SECONDS
  fi
  sleep 1
done
printf '%s is awake after %s s.\n' "$WAKE_HOST" "$SECONDS"
