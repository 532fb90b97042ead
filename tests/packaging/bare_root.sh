#!/bin/sh
# What a user does with the Debian package, in a bare Debian that has its requirements, and no network.
#
# usage: bare_root.sh PACKAGE NEWER_PACKAGE      prints what it does; fails at the first thing that is not as it must be
set -eu

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'bare_root.sh: %s\n' "$*" >&2; exit 1; }

# As another user, with nothing of our environment.
as_ann() {
    setpriv --reuid=ann --regid=ann --clear-groups \
        env -i HOME=/home/ann PATH=/usr/bin:/bin LANG=C.UTF-8 DISPLAY=:7 XDG_RUNTIME_DIR=/home/ann/run BORGDESK_SECRETS=file "$@"
}

wait_for() {
    limit=$(($(date +%s) + 90))
    until eval "$1"; do
        [ "$(date +%s)" -lt "$limit" ] || fail "this did not happen: $1"
        sleep 0.1
    done
}

say "installed without a network"
dpkg -i "$1"
[ "$(readlink /usr/lib/borgdesk/current)" = 0.1.0 ] || fail "0.1.0 is not the current version"
useradd --create-home ann
cd /home/ann
as_ann mkdir -m 700 run
as_ann borgdesk --version
as_ann test -r /usr/share/doc/borgdesk/html/index.html
as_ann test -r /usr/lib/borgdesk/current/borgdesk/docs/html/chapter-overview.html

say "opened by the menu entry, with what it executes"
Xvfb :7 -screen 0 1280x800x24 -nolisten tcp >/dev/null 2>&1 &
display=$!
wait_for '[ -e /tmp/.X11-unix/X7 ]'
as_ann dbus-run-session -- sh -ec '
    $(sed -n "/^Exec=/{s///;s/ %f$//p;q}" /usr/share/applications/org.borgdesk.BorgDesk.desktop) &
    timeout 90 xdotool search --sync --onlyvisible --name "^BorgDesk$" getwindowname %1
    kill -TERM $!
    wait $!
'
kill "$display"

say "a backup by the schedule, with scripts"
as_ann mkdir documents
as_ann sh -c 'echo hello > documents/letter'
as_ann sh -c 'echo correct-horse-battery | borgdesk repo add Docs --location /home/ann/repository --source /home/ann/documents \
    --init repokey --passphrase-stdin'
as_ann sh -c 'printf "#!/bin/sh\ntouch stopped\nif [ -p gate ]; then cat gate; fi\n" | sed "2i cd /home/ann" > stop.sh'
as_ann sh -c 'printf "#!/bin/sh\ncd /home/ann\nrm stopped\necho again >> started\n" > start.sh'
as_ann borgdesk script add stop.sh --name Stop
as_ann borgdesk script add start.sh --name Start
as_ann borgdesk assignment add Docs Stop --hook pre-backup
as_ann borgdesk assignment add Docs Start --hook post-backup --run-on always
as_ann borgdesk schedule set Docs --cron '* * * * *'
wait_for 'as_ann borgdesk due --start >/dev/null; [ -e started ]'
wait_for 'as_ann borgdesk history | grep -q success'
as_ann borgdesk schedule clear Docs
as_ann borgdesk history

say "upgraded while a run is under way"
rm started
as_ann mkfifo gate
as_ann borgdesk run Docs &
wait_for '[ -e stopped ]'
run=$(pgrep -f '^/usr/bin/python3 -IS /usr/bin/borgdesk run')
dpkg -i "$2"
[ "$(readlink /usr/lib/borgdesk/current)" = 0.2.0 ] || fail "0.2.0 is not the current version"
[ -d /usr/lib/borgdesk/0.1.0/vendor ] || fail "the version that runs was removed"
kill -KILL "$run"
# Its guardian imports the rest of the old version now, and does what is owed.
wait_for '[ -e started ]'
[ "$(cat started)" = again ] || fail "the start script ran more than once"
wait_for 'as_ann borgdesk owed'
as_ann borgdesk history
wait_for '! [ -e /usr/lib/borgdesk/0.1.0 ]'
rm gate
as_ann borgdesk run Docs

say "removed, with nothing left but what belongs to the user"
dpkg --remove borgdesk
wait_for '! [ -e /usr/lib/borgdesk ]'
left=$(find / -xdev \( -path /proc -o -path /home/ann -o -path /var/lib/dpkg -o -path /var/log \) -prune -o -iname '*borgdesk*' -print |
    grep -v -e '^/tmp/borgdesk_' -e '^/bare_root' || true)
[ -z "$left" ] || fail "this is left: $left"
[ -e /home/ann/.local/share/borgdesk/borgdesk.db ] || fail "the user's data is gone"

say "installed again, and everything is there"
dpkg -i "$2"
as_ann borgdesk archive list Docs
dpkg --purge borgdesk
say "good"
