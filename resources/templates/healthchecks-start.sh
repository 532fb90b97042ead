#!/usr/bin/env bash
# /// borgdesk
# name = "Healthchecks: start ping"
# description = "Tells Healthchecks (hosted or your own) that a backup begins, so that it measures the time and notices when no end follows. A ping that does not get through never stops the backup."
# category = "Monitoring"
# hook = "pre-backup"
# run_on = "always"
# timeout = 120
# companion = "healthchecks-finish.sh"
# needs = ["curl", "a check made for this repository"]
#
# [parameters.PING_URL]
# description = "Ping address of the check: https://hc-ping.com/UUID or https://hc-ping.com/PING-KEY/NAME (with ?create=1 at the end it is made when missing)"
# required = true
# secret = true
# ///
set -euo pipefail
umask 077
# The address is a secret: whoever knows it can send pings.
export -n PING_URL

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
[[ ${PING_URL:-} =~ ^https?://[^[:space:]\"\\]+$ ]] || die "PING_URL must be an address that begins with https:// or http://."
command -v curl >/dev/null || die "curl was not found: install it."

# One id for both pings lets Healthchecks tell overlapping runs apart.
run=$(</proc/sys/kernel/random/uuid)
printf '%s\n' "$run" >"$BORGDESK_STATE_DIR/healthchecks-run"

base=${PING_URL%%\?*}
query=rid=$run
[[ $PING_URL != *\?* ]] || query+="&${PING_URL#*\?}"
curl --fail --silent --show-error --max-time 10 --retry 3 --output /dev/null \
  --config <(printf 'url = "%s"\n' "${base%/}/start?$query") ||
  printf 'The start ping did not get through. The backup goes on.\n' >&2
