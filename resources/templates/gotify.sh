#!/usr/bin/env bash
# /// borgdesk
# name = "Gotify: send a message"
# description = "Sends the result of the run to your Gotify server."
# category = "Messages"
# hook = "post-run"
# run_on = "warning,failure"
# timeout = 120
# needs = ["curl", "an application made in Gotify, and its token"]
#
# [parameters.SERVER]
# description = "Address of the Gotify server, for example https://gotify.example.org"
# required = true
#
# [parameters.TOKEN]
# description = "Token of the application"
# required = true
# secret = true
#
# [parameters.PRIORITY]
# description = "Priority of a success, 0 to 10"
# type = "integer"
# default = "3"
#
# [parameters.PRIORITY_FAILURE]
# description = "Priority of everything else, 0 to 10; from 8 on phones ring"
# type = "integer"
# default = "8"
# ///
set -euo pipefail
umask 077
export LC_ALL=C
export -n TOKEN

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

[[ ${SERVER:-} =~ ^https?://[^[:space:]\"\\]+$ ]] || die "SERVER must be an address that begins with https:// or http://."
[[ ${TOKEN:-} =~ ^[A-Za-z0-9._-]+$ ]] || die "TOKEN must be the token of a Gotify application."
command -v curl >/dev/null || die "curl was not found: install it."

if [[ $status == success ]]; then
  priority=${PRIORITY:-3}
else
  priority=${PRIORITY_FAILURE:-8}
fi
[[ $priority =~ ^[0-9]+$ ]] || die "A priority is a number from 0 to 10, not '$priority'."

# The token in a header, not in the address: addresses end up in the logs of servers and proxies.
settings() {
  printf 'url = "%s"\n' "${SERVER%/}/message"
  printf 'header = "Content-Type: application/json"\n'
  printf 'header = "X-Gotify-Key: %s"\n' "$TOKEN"
}
printf '{"title":%s,"message":%s,"priority":%s}' "$(json "$(title)")" "$(json "$(summary)")" "$priority" |
  curl --fail --silent --show-error --max-time 10 --retry 3 --output /dev/null --data-binary @- --config <(settings) ||
  die "Gotify did not take the message."
