#!/usr/bin/env bash
# /// borgdesk
# name = "Healthchecks: end ping"
# description = "Tells Healthchecks how the run ended: success, or failure; on request with the end of the log."
# category = "Monitoring"
# hook = "post-run"
# run_on = "always"
# timeout = 120
# companion = "healthchecks-start.sh"
# needs = ["curl", "a check made for this repository"]
#
# [parameters.PING_URL]
# description = "Ping address of the check: https://hc-ping.com/UUID or https://hc-ping.com/PING-KEY/NAME (with ?create=1 at the end it is made when missing)"
# required = true
# secret = true
#
# [parameters.ON_WARNING]
# description = "What a backup with warnings counts as, such as a file that changed while it was read. A script that fails after a good backup is always a failure"
# type = "choice"
# choices = ["success", "fail"]
# default = "fail"
#
# [parameters.ON_SKIPPED]
# description = "What a skipped run sends: success, or only a line in the check's log (then give the check a longer period)"
# type = "choice"
# choices = ["success", "log"]
# default = "success"
#
# [parameters.LOG_BYTES]
# description = "How much of the end of the log to send, at most 100000; 0 sends none. Logs hold names of your files"
# type = "integer"
# default = "0"
# ///
set -euo pipefail
umask 077
# The address is a secret: whoever knows it can send pings.
export -n PING_URL

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

[[ ${PING_URL:-} =~ ^https?://[^[:space:]\"\\]+$ ]] || die "PING_URL must be an address that begins with https:// or http://."
bytes=${LOG_BYTES:-0}
[[ $bytes =~ ^[0-9]+$ ]] || die "LOG_BYTES must be a number, not '$bytes'."
((bytes <= 100000)) || bytes=100000
command -v curl >/dev/null || die "curl was not found: install it."

# How the whole run went so far, not only the backup: a service that did not come up again is no success.
status=${BORGDESK_STATUS:-${BORGDESK_OUTCOME:-success}}
case $status in
  success) ending='' ;;
  warning) if [[ ${ON_WARNING:-fail} == fail || ${BORGDESK_OUTCOME:-warning} == success ]]; then ending=/fail; else ending=''; fi ;;
  skipped) if [[ ${ON_SKIPPED:-success} == log ]]; then ending=/log; else ending=''; fi ;;
  *) ending=/fail ;;
esac

# The start side may be missing, or may have died before it wrote the id.
run=''
notes=${BORGDESK_STATE_DIR:-/nonexistent}/healthchecks-run
[[ ! -s $notes ]] || run=$(<"$notes")
query=''
[[ ! $run =~ ^[0-9a-f-]{36}$ ]] || query=rid=$run
[[ $PING_URL != *\?* ]] || query+="${query:+&}${PING_URL#*\?}"
base=${PING_URL%%\?*}

# The text goes through standard input: a log is too long for an argument.
report() {
  printf 'BorgDesk: %s: %s\n' "${REPOSITORY_NAME:-test}" "$status"
  [[ -z ${BORGDESK_ERROR:-} ]] || printf '%s\n' "$BORGDESK_ERROR"
  ((bytes == 0)) || [[ ! -r ${BORGDESK_LOG_FILE:-} ]] || tail -c "$bytes" -- "$BORGDESK_LOG_FILE"
}
report | tail -c 100000 | curl --fail --silent --show-error --max-time 10 --retry 3 --output /dev/null --data-binary @- \
  --config <(printf 'url = "%s"\n' "${base%/}$ending${query:+?$query}") ||
  die "The end ping did not get through. The backup itself is not touched by this."
