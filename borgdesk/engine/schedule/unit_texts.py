"""The text of the systemd units that start scheduled backups, and what can be read from units that are there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.ids import RepositoryId
from borgdesk.engine.processes.self_start import own_command
from borgdesk.paths import NAMES_OF_PATHS, with_absolute_paths
from borgdesk.translation import _

TIMER = "borgdesk-tick.timer"
TICK = "borgdesk-tick.service"
RUN = "borgdesk-run@.service"
"""A template; its instances are named by the id of a repository."""
NAMES = (TIMER, TICK, RUN)
"""The units that are always there."""
DISKS = "borgdesk-disk-*.service"
"""The units of disks, one for each repository with a backup when its disk is connected."""

_HEAD = f"""# Written by BorgDesk, which replaces changes. Make yours in a drop-in: systemctl --user edit {TIMER}
[Unit]
Description="""

# No Persistent, because BorgDesk knows what was missed. UTC, because a local time may be skipped in spring.
_TIMER_TEXT = """{head}BorgDesk: timer for scheduled backups

[Timer]
OnStartupSec=2min
OnCalendar=*:0/5 UTC
OnClockChange=true
OnTimezoneChange=true
AccuracySec=30s

[Install]
WantedBy=timers.target
"""

# KillMode=process: what the program leaves behind is to go on, such as a guardian that recovers a run that has died.
_TICK_TEXT = """{head}BorgDesk: start the backups that are due

[Service]
Type=oneshot
ExecStart=:{command} due --start
{environment}TimeoutStartSec=1min
KillMode=process
"""

# 1, 75 and 130 are the exit codes of warnings, skipped and cancelled runs. With any other KillMode, systemd kills the
# guardian together with the run that it guards.
_RUN_TEXT = """{head}BorgDesk: scheduled backup of repository %i

[Service]
Type=exec
ExecStart=:{command} run --scheduled %i
{environment}KillMode=process
TimeoutStopSec=15min
SuccessExitStatus=1 75 130
Nice=10
IOSchedulingClass=idle
OOMPolicy=continue
"""

# A user manager follows the mounts of the system, without root. Not ordered after the mount: it is there already.
_DISK_TEXT = """{head}BorgDesk: start the backup of repository {repository} when its disk is connected

[Service]
Type=oneshot
ExecStart=:{command} due --connected {repository}
{environment}TimeoutStartSec=1min
KillMode=process

[Install]
WantedBy={mount}
"""

HOME = "BORGDESK_HOME"
_OF_THE_SESSION = ("HOME", "TMPDIR")
"""Variables that the user manager has itself."""
_PASSED = (
    *(name for name in NAMES_OF_PATHS if name not in _OF_THE_SESSION),
    *("BORGDESK_BORG", "BORGDESK_SECRETS", "BORG_RSH", "TZ", "PATH"),
)
"""Variables that the services get as they are here. All users may read the units, so no secret is among them."""

Disks = Mapping[RepositoryId, str]
NO_DISKS: Disks = MappingProxyType({})
_WANTED_BY = "WantedBy="
_LONGEST_NAME = 255
"""Characters in the name of a unit."""

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\"'\\]")
"""Characters that systemd refuses in the path of a program."""


class UnitsUnusable(BorgDeskError):
    """The units cannot be written or used; the message says why. What was there before is there again."""


class ForeignUnits(UnitsUnusable):
    """They belong to a BorgDesk with another ``BORGDESK_HOME``."""


def render(environment: Mapping[str, str], disks: Disks = NO_DISKS) -> dict[str, str]:
    """Return the text of each unit by its name. *disks* are mount points; a backup starts each time one appears.

    Raises:
        UnitsUnusable: systemd cannot be told where the program is, or the value of a variable.
    """
    environment = with_absolute_paths(environment)
    lines = [f"Environment={_quoted(f'{name}={environment[name]}')}\n" for name in _PASSED if environment.get(name)]
    values = {"head": _HEAD, "command": _command(), "environment": "".join(lines)}
    texts = {
        name: text.format(**values) for name, text in zip(NAMES, (_TIMER_TEXT, _TICK_TEXT, _RUN_TEXT), strict=True)
    }
    for repository_id, path in disks.items():
        name = DISKS.replace("*", str(repository_id))
        texts[name] = _DISK_TEXT.format(**values, repository=repository_id, mount=mount_unit(path))
    return texts


def mount_unit(path: str) -> str:
    """Return the name of the unit that systemd has for a mount point, as ``systemd-escape --path`` does.

    Raises:
        UnitsUnusable: systemd cannot have a unit for it, because its name would be too long.
    """
    escaped = "-".join(_escaped(part) for part in path.split("/") if part)
    escaped = re.sub(r"\A\.", r"\\x2e", escaped) or "-"
    if len(name := f"{escaped}.mount") > _LONGEST_NAME:
        raise UnitsUnusable(_("systemd cannot watch {path}: the path is too long.").format(path=path))
    return name


def _escaped(part: str) -> str:
    plain = "".join(chr(byte) for byte in part.encode(errors="surrogateescape"))
    return re.sub(r"[^0-9A-Za-z:_.]", lambda match: f"\\x{ord(match[0]):02x}", plain)


def wanted_by(text: str) -> str:
    """Return the unit that starts the one with this text."""
    return next(line.removeprefix(_WANTED_BY) for line in text.split("\n") if line.startswith(_WANTED_BY))


def differ(found: Mapping[str, str], texts: Mapping[str, str]) -> bool:
    """Return whether units are outdated. The search path alone does not count: each terminal has another one."""

    def compared(units: Mapping[str, str]) -> dict[str, list[str]]:
        return {
            name: [line for line in text.split("\n") if not line.startswith('Environment="PATH=')]
            for name, text in units.items()
        }

    return compared(found) != compared(texts)


def home_in(found: Mapping[str, str]) -> str:
    """Return the ``BORGDESK_HOME`` that units have."""
    start = f'Environment="{HOME}='
    lines = (found.get(TICK) or found.get(RUN, "")).split("\n")
    return next((_unquoted(line.removeprefix(start)[:-1]) for line in lines if line.startswith(start)), "")


def _command() -> str:
    """Return the command that starts this BorgDesk; with ``:`` before it, systemd leaves every ``$`` alone."""
    words = own_command()
    if _UNSAFE.search(words[0]):
        words = ["/bin/sh", "-c", 'exec "$@"', "sh", *words]
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    """Quote a word for systemd, whose messages must be UTF-8."""
    try:
        word.encode()
    except UnicodeEncodeError as error:
        raise UnitsUnusable(_("systemd cannot be given {word}, which is not valid UTF-8.").format(word=word)) from error
    escaped = re.sub(r'[\\"]', r"\\\g<0>", word).replace("%", "%%")
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\x{ord(match[0]):02x}", escaped) + '"'


def _unquoted(word: str) -> str:
    """Reverse what :func:`_quoted` does, except for the quotation marks."""
    plain = re.sub(r"\\x([0-9a-f]{2})|\\(.)", lambda match: match[2] or chr(int(match[1], 16)), word)
    return plain.replace("%%", "%")
