#!/usr/bin/env bash
# /// borgdesk
# name = "Home Assistant: report"
# description = "Reports the result of the run to Home Assistant: as the state of a sensor, as an event, or to a webhook, for automations and dashboards."
# category = "Messages"
# hook = "post-run"
# run_on = "always"
# timeout = 120
# needs = ["curl", "sensor and event: a long-lived access token; webhook: an automation with a webhook trigger"]
#
# [parameters.SERVER]
# description = "Address of Home Assistant"
# default = "http://homeassistant.local:8123"
#
# [parameters.REPORT_AS]
# description = "sensor is forgotten when Home Assistant restarts; event and webhook start automations"
# type = "choice"
# choices = ["sensor", "event", "webhook"]
# default = "sensor"
#
# [parameters.TOKEN]
# description = "sensor and event: long-lived access token"
# secret = true
#
# [parameters.ENTITY]
# description = "sensor: its entity id, one for each repository"
# default = "sensor.borgdesk_backup"
#
# [parameters.EVENT_TYPE]
# description = "event: its type"
# default = "borgdesk_backup"
#
# [parameters.WEBHOOK_ID]
# description = "webhook: its id"
# secret = true
# ///
set -euo pipefail
umask 077
export LC_ALL=C
export -n TOKEN WEBHOOK_ID

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# How the whole run went so far, not only the backup: a service that did not come up again is no success.
status=${BORGDESK_STATUS:-${BORGDESK_OUTCOME:-success}}

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

server=${SERVER:-http://homeassistant.local:8123}
[[ $server =~ ^https?://[^[:space:]\"\\]+$ ]] || die "SERVER must be an address that begins with https:// or http://."
report_as=${REPORT_AS:-sensor}
case $report_as in
  sensor)
    [[ ${ENTITY:-sensor.borgdesk_backup} =~ ^[a-z_]+\.[a-z0-9_]+$ ]] || die "ENTITY must look like sensor.name, not '$ENTITY'."
    path=states/${ENTITY:-sensor.borgdesk_backup}
    ;;
  event)
    [[ ${EVENT_TYPE:-borgdesk_backup} =~ ^[A-Za-z0-9_.-]+$ ]] || die "EVENT_TYPE must be made of letters, digits and _, not '$EVENT_TYPE'."
    path=events/${EVENT_TYPE:-borgdesk_backup}
    ;;
  webhook)
    [[ ${WEBHOOK_ID:-} =~ ^[A-Za-z0-9_.~-]+$ ]] || die "WEBHOOK_ID is empty or has characters that no address takes."
    path=webhook/$WEBHOOK_ID
    ;;
  *) die "REPORT_AS must be sensor, event or webhook, not '$report_as'." ;;
esac
if [[ $report_as != webhook ]]; then
  [[ ${TOKEN:-} =~ ^[A-Za-z0-9._~+/=-]+$ ]] || die "TOKEN must be a long-lived access token (user profile, Security)."
fi
command -v curl >/dev/null || die "curl was not found: install it."

number() {
  if [[ ${1:-} =~ ^[0-9]+$ ]]; then printf '%s' "$1"; else printf 'null'; fi
}

facts() {
  printf '"friendly_name":%s,' "$(json "Backup of ${REPOSITORY_NAME:-test}")"
  printf '"repository":%s,' "$(json "${REPOSITORY_NAME:-test}")"
  printf '"status":%s,' "$(json "$status")"
  printf '"outcome":%s,' "$(json "${BORGDESK_OUTCOME:-$status}")"
  printf '"archive":%s,' "$(json "${BORGDESK_ARCHIVE:-}")"
  printf '"error":%s,' "$(json "${BORGDESK_ERROR:-}")"
  printf '"started":%s,' "$(json "${BACKUP_DATE:-}")"
  printf '"original_size":%s,' "$(number "${BORGDESK_ORIGINAL_SIZE:-}")"
  printf '"deduplicated_size":%s,' "$(number "${BORGDESK_DEDUPLICATED_SIZE:-}")"
  printf '"files":%s' "$(number "${BORGDESK_FILES:-}")"
}

if [[ $report_as == sensor ]]; then
  body="{\"state\":$(json "$status"),\"attributes\":{$(facts)}}"
else
  body="{$(facts)}"
fi
settings() {
  printf 'url = "%s"\n' "${server%/}/api/$path"
  printf 'header = "Content-Type: application/json"\n'
  [[ $report_as == webhook ]] || printf 'header = "Authorization: Bearer %s"\n' "$TOKEN"
}
# Home Assistant may take 10 s to answer.
printf '%s' "$body" |
  curl --fail --silent --show-error --max-time 20 --retry 3 --output /dev/null --data-binary @- --config <(settings) ||
  die "Home Assistant did not take the report."
