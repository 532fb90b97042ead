#!/usr/bin/env bash
# /// borgdesk
# name = "ntfy: send a message"
# description = "Sends the result of the run to phones and browsers through ntfy.sh or your own ntfy server."
# category = "Messages"
# hook = "post-run"
# run_on = "warning,failure"
# timeout = 120
# needs = ["curl", "a topic that nobody can guess: on a public server the topic is the password"]
#
# [parameters.SERVER]
# description = "Address of the ntfy server"
# default = "https://ntfy.sh"
#
# [parameters.TOPIC]
# description = "Topic to send to"
# required = true
# secret = true
#
# [parameters.TOKEN]
# description = "Access token, if the topic is protected"
# secret = true
#
# [parameters.PRIORITY]
# description = "Priority of a success, 1 (lowest) to 5"
# type = "choice"
# choices = ["1", "2", "3", "4", "5"]
# default = "3"
#
# [parameters.PRIORITY_FAILURE]
# description = "Priority of everything else, 1 to 5 (highest)"
# type = "choice"
# choices = ["1", "2", "3", "4", "5"]
# default = "4"
# ///
set -euo pipefail
umask 077
export LC_ALL=C
export -n TOPIC TOKEN

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# How the whole run went so far, not only the backup: a service that did not come up again is no success.
status=${BORGDESK_STATUS:-${BORGDESK_OUTCOME:-success}}

title() {
  printf 'Backup of %s: %s' "${REPOSITORY_NAME:-test}" "$status"
}

summary() {
  printf 'Result: %s\n' "$status"
  [[ -z ${BORGDESK_ERROR:-} ]] || printf 'Reason: %s\n' "$BORGDESK_ERROR"
  [[ -z ${BORGDESK_ARCHIVE:-} ]] || printf 'Archive: %s\n' "$BORGDESK_ARCHIVE"
  [[ -z ${BORGDESK_FILES:-} ]] || printf 'Files: %s\n' "$BORGDESK_FILES"
  [[ ! ${BORGDESK_ORIGINAL_SIZE:-} =~ ^[0-9]+$ ]] || printf 'Size: %s\n' "$(numfmt --to=iec-i --suffix=B "$BORGDESK_ORIGINAL_SIZE")"
  [[ ! ${BORGDESK_DEDUPLICATED_SIZE:-} =~ ^[0-9]+$ ]] || printf 'New data: %s\n' "$(numfmt --to=iec-i --suffix=B "$BORGDESK_DEDUPLICATED_SIZE")"
  [[ -z ${BACKUP_DATE:-} ]] || printf 'Began: %s\n' "$BACKUP_DATE"
}

# json TEXT: as a JSON string. Bytes that are no UTF-8 would make the whole message invalid and are dropped.
json() {
  local text
  text=$(printf '%s' "$1" | iconv -c -f UTF-8 -t UTF-8) || true
  text=${text//\\/"\\\\"}
  text=${text//\"/'\"'}
  text=${text//$'\n'/'\n'}
  text=${text//[[:cntrl:]]/ }
  printf '"%s"' "$text"
}

server=${SERVER:-https://ntfy.sh}
[[ $server =~ ^https?://[^[:space:]\"\\]+$ ]] || die "SERVER must be an address that begins with https:// or http://."
[[ ${TOPIC:-} =~ ^[A-Za-z0-9_-]+$ ]] || die "TOPIC must be made of letters, digits, - and _."
[[ ${TOKEN:-} =~ ^[A-Za-z0-9._~+/=-]*$ ]] || die "TOKEN has characters that no token has."
command -v curl >/dev/null || die "curl was not found: install it."

if [[ $status == success ]]; then
  priority=${PRIORITY:-3} tag=white_check_mark
else
  priority=${PRIORITY_FAILURE:-4} tag=warning
fi
[[ $priority =~ ^[1-5]$ ]] || die "A priority is a number from 1 to 5, not '$priority'."

# As JSON to the root of the server: the topic stays out of the address, and any character is safe.
settings() {
  printf 'url = "%s"\n' "${server%/}/"
  printf 'header = "Content-Type: application/json"\n'
  [[ -z ${TOKEN:-} ]] || printf 'header = "Authorization: Bearer %s"\n' "$TOKEN"
}
printf '{"topic":%s,"title":%s,"message":%s,"priority":%s,"tags":["%s"]}' \
  "$(json "$TOPIC")" "$(json "$(title)")" "$(json "$(summary)")" "$priority" "$tag" |
  curl --fail --silent --show-error --max-time 10 --retry 3 --output /dev/null --data-binary @- --config <(settings) ||
  die "ntfy did not take the message."
