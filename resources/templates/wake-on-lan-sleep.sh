#!/usr/bin/env bash
# /// borgdesk
# name = "Wake-on-LAN: sleep again"
# description = "Sends the machine back to sleep over SSH, if a run has woken it and no other run is using it."
# category = "Disks and power"
# hook = "post-run"
# run_on = "always"
# timeout = 300
# companion = "wake-on-lan.sh"
# needs = ["ssh with a key that needs no typing", "on the machine: the right to run the sleep command"]
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
# [parameters.SSH_TARGET]
# description = "Where to log in, for example backup@nas"
# required = true
#
# [parameters.SLEEP_COMMAND]
# description = "Command that sends it to sleep, or switches it off"
# default = "systemctl suspend"
#
# [parameters.SLEEP_TIMEOUT]
# description = "Seconds until its service must have gone silent"
# type = "integer"
# default = "60"
# ///
set -uo pipefail
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
note=$BORGDESK_STATE_DIR/wake-on-lan-${mac//:/}
[[ -s $note ]] || exit 0
[[ -n ${SSH_TARGET:-} ]] || die "SSH_TARGET is empty: name where to log in."
[[ ${WAKE_HOST:-} =~ ^[A-Za-z0-9.:_%-]+$ ]] || die "WAKE_HOST must be a name or an address, not '${WAKE_HOST:-}'."
for tool in ssh flock; do
  command -v "$tool" >/dev/null || die "$tool was not found: install it. $WAKE_HOST stays awake."
done

answers() {
  # shellcheck disable=SC2016 # the positional parameters belong to the inner shell
  timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$WAKE_HOST" "${SERVICE_PORT:-22}" 2>/dev/null
}

desk=$(<"$note")
card=$(printf '%s' "$BORGDESK_STATE_DIR" | sha256sum)
mkdir -p -- "$desk/cards"
# Held to the end: a run that comes now waits, finds the machine asleep and wakes it again.
exec 9>>"$desk/lock"
flock -w 120 9 || die "Another run has been busy with $WAKE_HOST for 120 s."
rm -f -- "$desk/cards/${card:0:32}"
if [[ -n $(ls -A -- "$desk/cards") ]]; then
  printf '%s is in use by another run, which will send it to sleep.\n' "$WAKE_HOST"
  rm -f -- "$note"
  exit 0
fi
if [[ ! -e $desk/woken ]]; then
  printf '%s was awake before and is left so.\n' "$WAKE_HOST"
  rm -f -- "$note"
  exit 0
fi

if answers; then
  # A machine that falls asleep may cut the connection: what counts is its silence, not the exit code.
  ssh -n -o BatchMode=yes -o ConnectTimeout=10 -- "$SSH_TARGET" "${SLEEP_COMMAND:-systemctl suspend}" 9>&-
  said=$?
  deadline=$((SECONDS + ${SLEEP_TIMEOUT:-60}))
  while answers; do
    if ((SECONDS >= deadline)); then
      die "$WAKE_HOST is still awake (ssh ended with $said)."
    fi
    sleep 1
  done
fi
rm -f -- "$desk/woken"
rm -f -- "$note"
printf '%s sleeps.\n' "$WAKE_HOST"
