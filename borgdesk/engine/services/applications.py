"""Nextcloud, virtual machines, and the services that somebody set up with systemd."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from borgdesk.engine.services.machine import Machine, batched, without_spaces
from borgdesk.engine.services.service import Need, Service, ServiceKind

_NEXTCLOUD = (
    "/var/www/nextcloud",
    "/var/www/html/nextcloud",
    "/var/www/html",
    "/srv/www/nextcloud",
    "/srv/http/nextcloud",
    "/usr/share/webapps/nextcloud",
    "/usr/share/nextcloud",
)
_DATA_FOLDER = re.compile(r"""["']datadirectory["']\s*=>\s*["'](/[^"']*)["']""")
_MAINTENANCE = ("nextcloud-maintenance-on.sh", "nextcloud-maintenance-off.sh")
_SUSPEND = ("libvirt-suspend.sh", "libvirt-resume.sh")
_STOP = ("systemd-stop.sh", "systemd-start.sh")

_APPLICATIONS = re.compile(
    r"(?:audiobookshelf|calibre|emby|forgejo|gitea|gitlab|grafana|home-?assistant|immich|influxdb|invidious|jellyfin"
    r"|kavita|komga|lidarr|mastodon|matrix|mongod|navidrome|nextcloud|paperless|photoprism|plex|prowlarr|radarr|redis"
    r"|rocketchat|sonarr|syncthing|synapse|tautulli|transmission|valkey|vaultwarden|wikijs|zigbee2mqtt)[\w@.:-]*"
)
"""Services of distributions that keep data which should stand still."""


def nextcloud(machine: Machine) -> list[Service]:
    """Return each Nextcloud that is installed without containers."""
    folders = [folder for folder in _NEXTCLOUD if _is_nextcloud(machine.file(folder))]
    owners = {folder: _owner(machine.file(folder)) for folder in folders}
    return [
        Service(
            ServiceKind.NEXTCLOUD,
            _MAINTENANCE,
            {"INSTALLATION": "native", "NEXTCLOUD_DIR": folder, "WEB_USER": owners[folder]},
            folder,
            need=Need.NOTHING if machine.is_root else Need.SUDO,
            is_proposed=machine.is_root,
            data=_data_of_nextcloud(machine, folder),
        )
        for folder in folders
    ]


def _is_nextcloud(folder: Path) -> bool:
    try:
        return (folder / "occ").is_file() and (folder / "version.php").is_file()
    except OSError:
        return False


def _owner(folder: Path) -> str:
    """Return the user of the web server, who owns the configuration."""
    for path in (folder / "config", folder / "occ"):
        try:
            if (owner := path.owner()) != "root":
                return owner
        except (OSError, KeyError):
            continue
    return "www-data"


def _data_of_nextcloud(machine: Machine, folder: str) -> dict[str, tuple[str, ...]]:
    """Return its folder and that of its users' files; nothing if its configuration cannot be read."""
    try:
        config = (machine.file(folder) / "config" / "config.php").read_text(errors="replace")
    except OSError:
        return {}
    found = _DATA_FOLDER.search(config)
    return {"": (folder, found[1])} if found else {}


def machines(machine: Machine) -> list[Service]:
    """Return the running virtual machines of the system, and of the user's own libvirt if it runs."""
    return [*_domains(machine, "qemu:///system"), *_domains(machine, "qemu:///session")]


def _domains(machine: Machine, connection: str) -> Iterator[Service]:
    # Reading the list needs no password; asking for more would open a question of polkit.
    options = ["-r"]
    if connection.endswith("session"):
        # Without a socket, the question would start it.
        folder = Path(machine.environment.get("XDG_RUNTIME_DIR") or "/nowhere") / "libvirt"
        if not any((folder / name).exists() for name in ("libvirt-sock", "virtqemud-sock")):
            return
        options = []
    names = machine.ask("virsh", *options, "-c", connection, "list", "--name", "--state-running")
    if items := without_spaces([name.strip() for name in names]):
        values = {"DOMAINS": " ".join(items), "CONNECTION": connection}
        name = "" if connection.endswith("system") else connection
        # What matters is whether their images are backed up, which nobody knows here.
        yield Service(ServiceKind.MACHINES, _SUSPEND, values, name, items, "DOMAINS", is_proposed=False)


def units(machine: Machine) -> list[Service]:
    """Return the running services that somebody set up, or that are known to keep data: the user's and the system's."""
    found = []
    for kind, option in ((ServiceKind.USER_UNITS, "--user"), (ServiceKind.SYSTEM_UNITS, "--system")):
        if names := _set_up(machine, option):
            is_system = kind is ServiceKind.SYSTEM_UNITS
            values = {"UNITS": " ".join(names), "MANAGER": "system" if is_system else "user"}
            need = Need.SUDO if is_system and not machine.is_root else Need.NOTHING
            found.append(Service(kind, _STOP, values, "", names, "UNITS", need=need, is_proposed=False))
    return found


def _set_up(machine: Machine, option: str) -> tuple[str, ...]:
    listed = machine.ask(
        "systemctl", option, "list-units", "--type=service", "--state=running", "--plain", "--no-legend", "--no-pager"
    )
    running = [line.split()[0] for line in listed if line.strip()]
    if not running:
        return ()
    paths: dict[str, str] = {}
    for some in batched(running):
        paths.update(_pairs(machine.ask("systemctl", option, "show", "--property=Id,FragmentPath", "--", *some)))
    return tuple(name for name in running if _is_wanted(machine, name, paths.get(name, "")))


def _pairs(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    facts: dict[str, str] = {}
    for line in [*lines, ""]:
        name, _, value = line.partition("=")
        if line:
            facts[name] = value
        elif facts:
            yield facts.get("Id", ""), facts.get("FragmentPath", "")
            facts = {}


def _is_wanted(machine: Machine, name: str, path: str) -> bool:
    if name.startswith(("borgdesk", "dbus-")) or any(character.isspace() for character in name):
        return False
    own = (f"{machine.home}/.config/systemd/user/", f"{machine.home}/.local/share/systemd/user/")
    set_up = (*own, "/etc/systemd/user/", "/etc/systemd/system/")
    # Units made of the files of Podman.
    is_generated = "/systemd/generator/" in path
    return path.startswith(set_up) or is_generated or _APPLICATIONS.fullmatch(name) is not None
