"""The environment Borg is started with: the user's, without anything in it that would change what Borg does.

A desktop session may carry ``BORG_REPO``, ``BORG_PASSPHRASE`` and the like, set for somebody's own scripts. None of
them may leak into a backup of another repository, so every ``BORG_*`` variable is dropped except those in
:data:`INHERITED`, and what BorgDesk wants is set explicitly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from borgdesk.domain.errors import InvalidInput

INHERITED = frozenset(
    {
        "BORG_BASE_DIR",
        "BORG_CACHE_DIR",
        "BORG_CONFIG_DIR",
        "BORG_SECURITY_DIR",
        "BORG_KEYS_DIR",
        "BORG_HOST_ID",
        "BORG_SELFTEST",
    }
)
"""The user's own variables that Borg still sees.

They say where Borg keeps its state, who this machine is in a lock, and whether Borg tests itself at start; none of
them chooses a repository, a secret or an answer. ``BORG_RSH``, ``BORG_REMOTE_PATH`` and ``BORG_KEY_FILE`` belong to one
repository and are therefore not inherited.
"""

_BATCH_SSH = "ssh -o BatchMode=yes"


class Consent(StrEnum):
    """A question of Borg that the user has answered with yes, by the variable that carries the answer.

    Give one only for the call the user was asked about: Borg remembers the answer where that makes sense.
    """

    RELOCATED_REPOSITORY = "BORG_RELOCATED_REPO_ACCESS_IS_OK"
    UNKNOWN_UNENCRYPTED_REPOSITORY = "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK"


@dataclass(frozen=True, slots=True)
class PassphraseDescriptor:
    """Borg reads the passphrase from an inherited file descriptor: in nobody's argv or environment, nor on disk."""

    number: int


@dataclass(frozen=True, slots=True)
class PassphraseCommand:
    """Borg starts a program, without a shell, whose output is the passphrase."""

    command: str

    def __post_init__(self) -> None:
        """Raise :class:`InvalidInput` for a command that cannot be one."""
        if not self.command.strip() or "\0" in self.command:
            raise InvalidInput("The command that prints the passphrase is empty or not a command line.")


Passphrase = PassphraseDescriptor | PassphraseCommand
"""Where Borg gets the passphrase from; None, where that is allowed, for a repository that needs none."""


def without_borg_variables(base: Mapping[str, str]) -> dict[str, str]:
    """*base* without any ``BORG_*`` variable that is not :data:`INHERITED`."""
    return {name: value for name, value in base.items() if not name.startswith("BORG_") or name in INHERITED}


def borg_environment(
    base: Mapping[str, str],
    *,
    passphrase: Passphrase | None = None,
    consents: Iterable[Consent] = (),
    ssh_command: str | None = None,
    remote_path: str | None = None,
    utc: bool = False,
) -> dict[str, str]:
    """The environment of one call of Borg, made from the user's environment *base*.

    Messages are in English and UTF-8, exit codes are the specific ones of Borg 1.4 (1.2 ignores that variable), and
    Borg never shows a passphrase. *ssh_command* defaults to an ssh that never asks on a terminal. *utc* makes Borg
    print times in UTC instead of local time without a zone. It is for commands that only read: ``{now}`` in archive
    names and the days that ``borg prune`` counts follow the user's time zone.
    """
    environment = without_borg_variables(base)
    environment |= {
        "LC_ALL": "C.UTF-8",
        "BORG_EXIT_CODES": "modern",
        "BORG_DISPLAY_PASSPHRASE": "no",
        "BORG_RSH": ssh_command or _BATCH_SSH,
    }
    environment |= {consent.value: "yes" for consent in consents}
    if utc:
        environment["TZ"] = "UTC"
    if remote_path is not None:
        environment["BORG_REMOTE_PATH"] = remote_path
    match passphrase:
        case PassphraseDescriptor(number):
            environment["BORG_PASSPHRASE_FD"] = str(number)
        case PassphraseCommand(command):
            environment["BORG_PASSCOMMAND"] = command
        case None:
            pass
    return environment
