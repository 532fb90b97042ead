#!/usr/bin/env bash
# /// borgdesk
# name = "Nextcloud: maintenance mode on"
# description = "Puts Nextcloud into maintenance mode, so that files and database stand still. If it is in maintenance mode already (an upgrade!) it is left so, also afterwards."
# category = "Applications"
# hook = "pre-backup"
# run_on = "always"
# timeout = 300
# companion = "nextcloud-maintenance-off.sh"
# needs = ["native: the right to run occ as the web server's user (root, that user, or a password-free sudo rule)", "docker: the docker command and the right to use its socket"]
#
# [parameters.INSTALLATION]
# description = "How Nextcloud is installed"
# type = "choice"
# choices = ["native", "docker"]
# default = "native"
#
# [parameters.NEXTCLOUD_DIR]
# description = "native: folder with the file occ"
# type = "path"
# default = "/var/www/nextcloud"
#
# [parameters.CONTAINER]
# description = "docker: name of the Nextcloud container"
# default = "nextcloud"
#
# [parameters.WEB_USER]
# description = "User that Nextcloud runs as: www-data, apache, http; abc in linuxserver images"
# default = "www-data"
#
# [parameters.PHP]
# description = "PHP program of the version that the web server uses"
# default = "php"
# ///
set -euo pipefail
umask 077
export LC_ALL=C

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

: "${BORGDESK_STATE_DIR:?is not set: this script is meant to be run by BorgDesk}"
user=${WEB_USER:-www-data}
[[ $user =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]*$ ]] || die "WEB_USER is not a user name: '$user'."
php=${PHP:-php}

case ${INSTALLATION:-native} in
  docker)
    container=${CONTAINER:-nextcloud}
    [[ $container =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || die "CONTAINER is not a container name: '$container'."
    command -v docker >/dev/null || die "docker was not found: install the Docker command line on this machine."
    occ=(docker exec -u "$user" "$container" "$php" occ)
    ;;
  native)
    dir=${NEXTCLOUD_DIR:-/var/www/nextcloud}
    [[ $dir == /* ]] || die "NEXTCLOUD_DIR must be an absolute path, not '$dir'."
    command -v "$php" >/dev/null || die "PHP was not found as '$php': set PHP to the program that Nextcloud uses."
    occ=("$php" "$dir/occ")
    if [[ $(id -un) == "$user" ]]; then
      :
    elif ((EUID == 0)); then
      occ=(runuser -u "$user" -- "${occ[@]}")
    else
      command -v sudo >/dev/null || die "sudo was not found: it is needed to run occ as $user."
      occ=(sudo -n -u "$user" -- "${occ[@]}")
    fi
    ;;
  *) die "INSTALLATION must be native or docker, not '$INSTALLATION'." ;;
esac

key=$(printf '%s\n' "${occ[@]}" | sha256sum)
note=$BORGDESK_STATE_DIR/nextcloud-${key:0:16}
answer=$("${occ[@]}" maintenance:mode) ||
  die "occ could not be run: $answer"$'\n'"Is the container or the folder right, and may $(id -un) run it as $user?"
case $answer in
  *enabled*)
    [[ -e $note ]] || printf 'Nextcloud is in maintenance mode already and will be left so.\n'
    exit 0
    ;;
  *disabled*) ;;
  *) die "The answer of occ was not understood: $answer" ;;
esac

printf '%s\n' "${occ[@]}" >"$note.partial"
sync -- "$note.partial"
mv -f -- "$note.partial" "$note"
sync -- "$BORGDESK_STATE_DIR"
"${occ[@]}" maintenance:mode --on || die "Nextcloud could not be put into maintenance mode."
