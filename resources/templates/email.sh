#!/usr/bin/env bash
# /// borgdesk
# name = "E-mail: send a message"
# description = "Sends the result of the run by e-mail over your provider's mail server; no mail program has to be set up on this machine."
# category = "Messages"
# hook = "post-run"
# run_on = "warning,failure"
# timeout = 180
# needs = ["curl", "a mail account; large providers want an app password"]
#
# [parameters.SERVER]
# description = "Mail server: smtps://mail.example.org (TLS from the start, port 465) or smtp://mail.example.org:587 (STARTTLS)"
# required = true
#
# [parameters.TLS]
# description = "Refuse to go on without encryption; switch off only for a server on this machine or your own network"
# type = "boolean"
# default = "true"
#
# [parameters.SMTP_USER]
# description = "Name of the mail account; empty: no login"
#
# [parameters.SMTP_PASSWORD]
# description = "Password of the mail account"
# secret = true
#
# [parameters.MAIL_FROM]
# description = "Address of the sender"
# required = true
#
# [parameters.MAIL_TO]
# description = "Addresses of the receivers"
# required = true
#
# [parameters.LOG_BYTES]
# description = "How much of the end of the log to add; 0 adds none. Logs hold names of your files"
# type = "integer"
# default = "0"
# ///
set -euo pipefail
umask 077
export LC_ALL=C
export -n SMTP_PASSWORD

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

[[ ${SERVER:-} =~ ^smtps?://[^[:space:]\"\\@]+$ ]] || die "SERVER must look like smtps://mail.example.org or smtp://mail.example.org:587."
address='^[^][:space:][:cntrl:]<>(),;:\"[]+@[^][:space:][:cntrl:]<>(),;:\"[]+$'
[[ ${MAIL_FROM:-} =~ $address ]] || die "MAIL_FROM is not a mail address: '${MAIL_FROM:-}'."
read -r -d '' -a receivers <<<"${MAIL_TO:-}" || true
((${#receivers[@]})) || die "MAIL_TO is empty: name at least one receiver."
for receiver in "${receivers[@]}"; do
  [[ $receiver =~ $address ]] || die "This is not a mail address: '$receiver'."
done
[[ ${SMTP_USER:-}${SMTP_PASSWORD:-} != *[[:cntrl:]]* ]] || die "SMTP_USER or SMTP_PASSWORD has a control character in it."
[[ ${SMTP_USER:-} != *:* ]] || die "SMTP_USER must not have a colon in it."
bytes=${LOG_BYTES:-0}
[[ $bytes =~ ^[0-9]+$ ]] || die "LOG_BYTES must be a number, not '$bytes'."
command -v curl >/dev/null || die "curl was not found: install it."

# encoded TEXT: a header's value. Other than plain ASCII goes in encoded words (RFC 2047), each at most 75 characters
# long and never cut inside a character: in UTF-8 the bytes 128 to 191 continue one.
encoded() {
  local text=$1 word='' byte separator='' i
  if [[ ! $text =~ [^\ -~] ]] && ((${#text} < 60)); then
    printf '%s' "$text"
    return
  fi
  for ((i = 0; i <= ${#text}; i++)); do
    byte=${text:i:1}
    if [[ -z $byte ]] || { ((${#word} >= 36)) && [[ $byte != [$'\x80'-$'\xbf'] ]]; }; then
      printf '%s=?UTF-8?B?%s?=' "$separator" "$(printf '%s' "$word" | base64 -w 0)"
      separator=$'\n '
      word=''
    fi
    word+=$byte
  done
}

body() {
  summary
  if ((bytes > 0)) && [[ -r ${BORGDESK_LOG_FILE:-} ]]; then
    printf '\nEnd of the log:\n\n'
    tail -c "$bytes" -- "$BORGDESK_LOG_FILE"
  fi
}

message() {
  local subject to
  subject=$(title)
  printf -v to '%s, ' "${receivers[@]}"
  printf 'Date: %s\n' "$(date -R)"
  printf 'From: BorgDesk <%s>\n' "$MAIL_FROM"
  printf 'To: %s\n' "${to%, }"
  printf 'Subject: %s\n' "$(encoded "${subject//[[:cntrl:]]/ }")"
  printf 'Message-ID: <%s@borgdesk.invalid>\n' "$(</proc/sys/kernel/random/uuid)"
  printf 'Auto-Submitted: auto-generated\nMIME-Version: 1.0\n'
  printf 'Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: base64\n\n'
  body | base64
}

quoted() {
  local text=${1//\\/"\\\\"}
  printf '"%s"' "${text//\"/'\"'}"
}
settings() {
  printf 'url = "%s"\n' "$SERVER"
  [[ -z ${SMTP_USER:-} ]] || printf 'user = %s\n' "$(quoted "$SMTP_USER:${SMTP_PASSWORD:-}")"
}
options=(--mail-from "$MAIL_FROM")
for receiver in "${receivers[@]}"; do
  options+=(--mail-rcpt "$receiver")
done
[[ ${TLS:-true} == false ]] || options+=(--ssl-reqd)
# Mail wants its lines ended by CR and LF.
message | sed 's/$/\r/' |
  curl --silent --show-error --max-time 60 --retry 2 "${options[@]}" --upload-file - --config <(settings) ||
  die "The mail server did not take the message."
