"""The environment of Borg processes: the user's, without variables that change what Borg does, and ssh's options.

A desktop session may contain ``BORG_REPO``, ``BORG_PASSPHRASE`` and the like for the user's own scripts. None of them
may affect the backup of another repository, so all ``BORG_*`` variables except those in :data:`INHERITED` are dropped,
and those that BorgDesk needs are set explicitly.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from borgdesk.domain.server import DIRECT, Connection, jump_host

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
"""The user's variables that are passed on to Borg.

They define where Borg keeps its state, how it identifies this machine in locks, and whether it runs its self-tests;
none of them chooses a repository, a secret or an answer. ``BORG_REMOTE_PATH`` and ``BORG_KEY_FILE`` belong to one
repository and are not inherited. ``BORG_RSH`` is, completed by :func:`ssh_command`.
"""

CONNECT_LIMIT = 30
"""Seconds that ssh tries to connect, including banner and key exchange."""

KEEP_ALIVE_INTERVAL = 15
KEEP_ALIVE_COUNT = 4
"""Number of unanswered keep-alive messages, and seconds between them, after which ssh disconnects."""

NEW_PASSPHRASE = "BORG_NEW_PASSPHRASE"  # noqa: S105 - the name of a variable
"""The only way to give Borg 1.x a new passphrase without a terminal."""

_NEVER_ASK = ("-o", "BatchMode=yes")

_TARGET = "[%h]:%p"
"""Where the jump host connects to, filled in by ssh."""


class Consent(StrEnum):
    """A question of Borg that the user has answered with yes; the value is the variable that carries the answer.

    Use it only for the call that the user was asked about: Borg remembers the answer where that makes sense.
    """

    RELOCATED_REPOSITORY = "BORG_RELOCATED_REPO_ACCESS_IS_OK"
    UNKNOWN_UNENCRYPTED_REPOSITORY = "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK"
    REPAIR = "BORG_CHECK_I_KNOW_WHAT_I_AM_DOING"

    @property
    def answer(self) -> str:
        """The value that Borg accepts as consent."""
        return "YES" if self is Consent.REPAIR else "yes"


@dataclass(frozen=True, slots=True)
class PassphraseDescriptor:
    """Borg reads the passphrase from an inherited file descriptor: it is not in argv, the environment or on disk."""

    number: int


def ssh_command(own: str | None = None, connection: Connection = DIRECT, connect_limit: int = CONNECT_LIMIT) -> str:
    """Return the ssh command for Borg: without prompts, with timeouts, and with what *connection* says.

    *own* is the user's ``BORG_RSH``: its options are kept and take precedence over the timeouts, since ssh uses the
    first value it sees, except that nobody is there to answer prompts. A program other than ssh, or a command line that
    cannot be parsed, is not changed.

    A jump host is reached by a command of ours: the one that ``ssh -J`` makes has none of these options, so it would
    wait for the jump host without limit. The key is offered there, too, besides those that ssh offers by itself.
    """
    own = (own or "").strip() or "ssh"
    parts = ssh_parts(own)
    if parts is None:
        return own
    program, theirs = parts
    limits = {
        "ConnectTimeout": connect_limit,
        "ServerAliveInterval": KEEP_ALIVE_INTERVAL,
        "ServerAliveCountMax": KEEP_ALIVE_COUNT,
    }
    options = [word for name, value in limits.items() for word in ("-o", f"{name}={value}")]
    key = ["-i", connection.ssh_key] if connection.ssh_key else []
    chosen = [*key, "-o", "IdentitiesOnly=yes"] if key else []
    if connection.jump_host:
        host = jump_host(connection.jump_host).arguments
        # The port and the user of the jump host come first, and count before those of the user's options.
        hop = [*program, *_NEVER_ASK, *host[:-1], *key, *theirs, *options, "-W", _TARGET, host[-1]]
        chosen += ["-o", f"ProxyCommand={_for_proxy(hop)}"]
    return shlex.join([*program, *_NEVER_ASK, *chosen, *theirs, *options])


def ssh_parts(command: str) -> tuple[list[str], list[str]] | None:
    """Return the words of a command up to ``ssh``, and those after it; None if it does not call ssh, or is broken."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    end = next((end for end, word in enumerate(words, 1) if word.rpartition("/")[2] == "ssh"), None)
    return None if end is None else (words[:end], words[end:])


def _for_proxy(words: Iterable[str]) -> str:
    """Return a command for ssh, which replaces what follows a percent sign in it and passes it to a shell."""
    return " ".join(word if word == _TARGET else shlex.quote(word).replace("%", "%%") for word in words)


def without_borg_variables(base: Mapping[str, str]) -> dict[str, str]:
    """Return *base* without ``BORG_*`` variables, except for :data:`INHERITED`."""
    return {name: value for name, value in base.items() if not name.startswith("BORG_") or name in INHERITED}


def borg_environment(
    base: Mapping[str, str],
    *,
    passphrase: PassphraseDescriptor | None = None,
    consents: Iterable[Consent] = (),
    rsh: str | None = None,
    remote_path: str = "",
    utc: bool = False,
) -> dict[str, str]:
    """Return the environment for one call of Borg, derived from the user's environment *base*.

    Messages are in English and UTF-8, exit codes are the specific ones of Borg 1.4 (1.2 ignores that variable), and
    Borg never displays a passphrase. *rsh* defaults to :func:`ssh_command` of the user's own. *utc* makes Borg print
    times in UTC instead of local time without a zone. It is for read-only commands: ``{now}`` in archive names and the
    days counted by ``borg prune`` use the user's time zone.
    """
    environment = without_borg_variables(base)
    environment |= {
        "LC_ALL": "C.UTF-8",
        "BORG_EXIT_CODES": "modern",
        "BORG_DISPLAY_PASSPHRASE": "no",
        "BORG_RSH": rsh or ssh_command(base.get("BORG_RSH")),
    }
    environment |= {consent.value: consent.answer for consent in consents}
    if utc:
        environment["TZ"] = "UTC"
    if remote_path:
        environment["BORG_REMOTE_PATH"] = remote_path
    if passphrase is not None:
        environment["BORG_PASSPHRASE_FD"] = str(passphrase.number)
    return environment


def with_new_passphrase(environment: Mapping[str, str], passphrase: str) -> dict[str, str]:
    """Return the environment of a Borg that changes the passphrase to this one.

    Only the user's own processes and root can read it there. Borg would pass it on to ssh, so ssh is started without.
    """
    rsh = f"env -u {NEW_PASSPHRASE} {environment['BORG_RSH']}"
    return {**environment, NEW_PASSPHRASE: passphrase, "BORG_RSH": rsh}
