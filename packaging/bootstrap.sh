#!/usr/bin/env bash
# Sets up what BorgDesk needs: Debian packages (apt-run.txt, apt-test.txt), then .venv with the pinned, hashed
# requirements. A second call finds everything in place and changes nothing.
#
# usage: bootstrap.sh run|test       run: what the application needs; test: what the gate and the tests need too
set -euo pipefail
export LC_ALL=C

say() { printf 'set-up: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
python=$venv/bin/python
purpose=${1:-}
case $purpose in
    run) package_lists=("$root/packaging/apt-run.txt") requirements=$root/packaging/requirements.txt ;;
    test) package_lists=("$root"/packaging/apt-{run,test}.txt) requirements=$root/packaging/requirements-dev.txt ;;
    *) echo "usage: bootstrap.sh run|test" >&2; exit 64 ;;
esac
stamp=$venv/.set-up-$purpose

# --- Debian packages -------------------------------------------------------------------------------------------------

missing_packages() {
    local -a wanted
    mapfile -t wanted < <(sed 's/#.*//; s/[[:space:]]//g; /^$/d' "${package_lists[@]}" | sort -u)
    # A package may have been renamed and provide the old name, as on Ubuntu 24.04: libglib2.0-0t64.
    comm -23 <(printf '%s\n' "${wanted[@]}") \
        <(dpkg-query -W -f='${db:Status-Status} ${Package}, ${Provides}\n' |
            sed -n 's/^installed //p' | tr ',' '\n' | sed 's/(.*//; s/ //g' | sort -u)
}

may_be_root() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# A service that a package starts must not inherit the lock.
apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >&2 {lock}<&-
}

# One source that cannot be reached is no reason to stop: apt-get install has the last word.
apt_update() { say "updating the package lists"; as_root apt-get update -q >&2 || true; }

enabled_services() {
    if [ -d /run/systemd/system ]; then
        systemctl list-unit-files --no-legend --type=service,socket --state=enabled | cut -d ' ' -f 1 | sort
    fi
}

# Tests start servers of their own: a package installed for them must not leave one running on the machine.
disable_services_except() {
    local -a extra
    mapfile -t extra < <(comm -13 <(printf '%s\n' "$1") <(enabled_services))
    [ ${#extra[@]} -gt 0 ] || return 0
    say "turning off the services that came along: ${extra[*]}"
    as_root systemctl --quiet disable --now "${extra[@]}"
}

install_packages() {
    local services package
    services=$(enabled_services)
    say "installing Debian packages: $*"
    for package in "$@"; do
        # Without lists, or with lists older than the package, apt does not know the name.
        if ! apt-cache show --no-all-versions "$package" >/dev/null 2>&1; then apt_update; break; fi
    done
    # Lists may be so old that the versions they name have left the mirror.
    apt_install "$@" || { apt_update; apt_install "$@"; } || fail "apt-get could not install: $*"
    [ "$purpose" = run ] || disable_services_except "$services"
}

provide_packages() {
    local -a missing
    if ! command -v dpkg-query >/dev/null; then
        [ -e "$stamp" ] || say "no dpkg here, so these are taken to be installed by their names elsewhere: ${package_lists[*]}"
        return
    fi
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} -gt 0 ] || return 0
    may_be_root || fail "Debian packages are missing; install them with:" \
        "sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
    install_packages "${missing[@]}"
}

# --- .venv -----------------------------------------------------------------------------------------------------------

fingerprint() {
    { echo "$root"; "$python" --version; cat "${BASH_SOURCE[0]}" "${package_lists[@]}" "$requirements"; } | sha256sum
}

# A moved folder leaves the old path in the programs of .venv; a new system Python leaves it without packages.
venv_works() {
    [ -x "$python" ] &&
        head -n 3 "$venv/bin/pip" 2>/dev/null | grep -qF -- "$venv/bin/" &&
        "$python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

make_venv() {
    local base=${PYTHON:-python3}
    "$base" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        fail "Python 3.11 or newer is needed and '$base' is not; PYTHON=/path/to/python3 chooses another"
    say "making .venv"
    "$base" -m venv --clear "$venv" >&2 || fail "'$base -m venv' failed"
}

install_requirements() {
    say "installing the Python packages of packaging/${requirements##*/}"
    "$python" -m pip install -q --disable-pip-version-check --no-input --require-hashes -r "$requirements" >&2 ||
        fail "pip could not install packaging/${requirements##*/}"
    # Programs started in any folder, such as the guardian, find the package in this tree.
    printf '%s\n' "$root" >"$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/borgdesk.pth"
}

# --- All of it, one set-up at a time ---------------------------------------------------------------------------------

exec {lock}<"$root"
flock "$lock"
provide_packages
venv_works || make_venv
if [ "$(cat "$stamp" 2>/dev/null)" != "$(fingerprint)" ]; then
    install_requirements
    fingerprint >"$stamp"
fi
