"""The user's SSH keys: finds those that exist, checks whether a backup can use one, and makes a new one."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from borgdesk import private
from borgdesk.domain.errors import InvalidInput
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.exchange import rename_new
from borgdesk.engine.servers.ssh_calls import call_ssh
from borgdesk.store.files import blamed
from borgdesk.translation import _

_LIMIT = 10.0
"""Seconds for ssh-keygen, which only reads a file, and for the agent."""

_PRIVATE = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
_LISTED = re.compile(r"(?P<bits>\d+) (?P<fingerprint>\S+) (?P<comment>.*) \((?P<kind>[\w-]+)\)")
_PUBLIC = re.compile(r"[\w@.-]+ [A-Za-z0-9+/=]+(?: [^\n]*)?", re.ASCII)
_OTHERS = 0o077
_LARGEST = 64 * 1024
_MOST = 100
"""Files of ~/.ssh that are looked at."""

NEW_NAME = "borgdesk_ed25519"
"""Name of a key that is made here, unless another is chosen."""


@dataclass(frozen=True, slots=True)
class SshKey:
    """A private key in a file."""

    path: str
    kind: str
    """As ssh-keygen names it, for example ``ED25519``."""
    fingerprint: str
    comment: str
    public: str
    """The public key, as one line of an authorized_keys file; empty if it is not known without the passphrase."""
    has_passphrase: bool
    in_agent: bool
    """Whether the ssh-agent has it, so that its passphrase is not needed now."""


def unused_key_file() -> Path:
    """Return a file for a new key: each restricted key is for one repository, so several may be needed."""
    names = [NEW_NAME, *(f"{NEW_NAME}_{number}" for number in range(2, _MOST))]
    files = [key_folder() / name for name in names]
    free = (file for file in files if not os.path.lexists(file) and not os.path.lexists(f"{file}.pub"))
    return next(free, files[0])


def key_folder() -> Path:
    """Return the folder in which ssh expects the user's keys."""
    return Path.home() / ".ssh"


def known_keys(environment: Mapping[str, str], cancel: Cancel | None = None) -> list[SshKey]:
    """Return the private keys in ``~/.ssh`` that ssh-keygen can read, the ones that ssh offers by itself first.

    Raises:
        BorgDeskError: ssh-keygen could not be started.
        Stopped: *cancel* was asked.
    """
    try:
        files = sorted(key_folder().iterdir(), key=lambda file: (not file.name.startswith("id_"), file.name))
    except OSError:
        return []
    found = []
    for file in [file for file in files[: 10 * _MOST] if _looks_private(file)][:_MOST]:
        try:
            found.append(read_key(environment, str(file), cancel))
        except InvalidInput:
            continue
    return found


def read_key(environment: Mapping[str, str], path: str, cancel: Cancel | None = None) -> SshKey:
    """Return the private key at *path*.

    Raises:
        InvalidInput: ssh cannot use this file; the sentence says why, and what to do.
        BorgDeskError: ssh-keygen could not be started.
        Stopped: *cancel* was asked.
    """
    _check_file(Path(path))
    listed = call_ssh(["ssh-keygen", "-l", "-f", path], environment, _LIMIT, cancel)
    match = _LISTED.match(listed.out.strip())
    if match is None:
        raise InvalidInput(
            _("{path} is not an SSH key that ssh can read. It says: {error}").format(path=path, error=_last(listed.err))
        )
    # An empty passphrase: this succeeds only if the key has none.
    opened = call_ssh(["ssh-keygen", "-y", "-P", "", "-f", path], environment, _LIMIT, cancel)
    is_open = opened.code == 0
    comment = "" if match["comment"] == "no comment" else match["comment"]
    public = opened.out.strip() if is_open else _public_beside(Path(path))
    in_agent = match["fingerprint"] in _in_agent(environment, cancel) if not is_open else False
    return SshKey(path, match["kind"], match["fingerprint"], comment, public, not is_open, in_agent)


def check_key(environment: Mapping[str, str], path: str, cancel: Cancel | None = None) -> SshKey:
    """Return the key at *path* if a backup, during which nobody can enter a passphrase, can log in with it.

    Raises:
        InvalidInput: it cannot.
        BorgDeskError: ssh-keygen could not be started.
        Stopped: *cancel* was asked.
    """
    key = read_key(environment, path, cancel)
    if key.has_passphrase and not key.in_agent:
        raise InvalidInput(
            _(
                "The key {path} has a passphrase, which nobody can enter during a backup. Load the key with "
                "“ssh-add {path}” after each login, or make a key without a passphrase for backups."
            ).format(path=path)
        )
    return key


def make_key(environment: Mapping[str, str], path: Path, cancel: Cancel | None = None) -> SshKey:
    """Make an ed25519 key without a passphrase, and the file with its public key beside it; never overwrite a file.

    Raises:
        InvalidInput: one of the two files exists, or there is no such folder.
        StoreUnusable: the files cannot be written.
        BorgDeskError: ssh-keygen failed.
        Stopped: *cancel* was asked; no key was made.
    """
    public = path.with_name(path.name + ".pub")
    for file in (path, public):
        if os.path.lexists(file):
            raise InvalidInput(_("The file {file} already exists; it was not overwritten.").format(file=file))
    if path.parent == key_folder():
        with blamed(_("The folder {folder} cannot be created").format(folder=path.parent)):
            private.make_missing(path.parent)
    with contextlib.ExitStack() as stack:
        stack.enter_context(blamed(_("The key cannot be written to {file}").format(file=path)))
        if not path.parent.is_dir():
            raise InvalidInput(_("There is no folder {folder}.").format(folder=path.parent))
        aside = stack.enter_context(tempfile.TemporaryDirectory(prefix=".borgdesk-", dir=path.parent))
        made = Path(aside, "key")
        comment = f"borgdesk@{socket.gethostname()}"
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(made)]
        answer = call_ssh(argv, environment, _LIMIT, cancel)
        if answer.code != 0:
            raise InvalidInput(_("The key could not be made: {error}").format(error=_last(answer.err)))
        made.chmod(0o600)
        _put_both(made, path, public)
    # It is there now, so a late wish to stop comes too late.
    return read_key(environment, str(path))


def _put_both(made: Path, path: Path, public: Path) -> None:
    """Give both files their names, or neither."""
    try:
        rename_new(os.fsencode(made), os.fsencode(path))
        try:
            rename_new(os.fsencode(made.with_name("key.pub")), os.fsencode(public))
        except BaseException:
            path.unlink()
            raise
    except FileExistsError as error:
        raise InvalidInput(
            _("The file {file} already exists; it was not overwritten.").format(file=error.filename2 or path)
        ) from error


def _looks_private(file: Path) -> bool:
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return False
        with file.open("rb") as opened:
            return _PRIVATE.match(opened.read(_LARGEST)) is not None
    except OSError:
        return False


def _check_file(file: Path) -> None:
    """Check what ssh-keygen reports in the words of a library, or not at all."""
    try:
        found = file.stat()
    except FileNotFoundError:
        raise InvalidInput(
            _("There is no SSH key {path}. Choose another file, or make a new key.").format(path=file)
        ) from None
    except OSError as error:
        raise InvalidInput(_unreadable(file, error)) from error
    if stat.S_ISDIR(found.st_mode):
        raise InvalidInput(
            _(
                "{path} is a folder, not an SSH key. Choose the file of a private key, such as {path}/id_ed25519."
            ).format(path=file)
        )
    if not stat.S_ISREG(found.st_mode):
        raise InvalidInput(_("{path} is not a file.").format(path=file))
    try:
        with file.open("rb") as opened:
            is_private = _PRIVATE.search(opened.read(_LARGEST)) is not None
    except OSError as error:
        raise InvalidInput(_unreadable(file, error)) from error
    if not is_private:
        raise InvalidInput(_("{path} is not a private SSH key.").format(path=file))
    if found.st_uid == os.getuid() and found.st_mode & _OTHERS:
        raise InvalidInput(
            _("Other users can access the key {path}, so ssh refuses to use it. Run “chmod 600 {path}”.").format(
                path=file
            )
        )


def _unreadable(file: Path, error: OSError) -> str:
    return _("The SSH key {path} cannot be read: {error}.").format(path=file, error=error.strerror)


def _public_beside(path: Path) -> str:
    try:
        text = path.with_name(path.name + ".pub").read_text(errors="replace").strip()
    except OSError:
        return ""
    return text if len(text) < _LARGEST and _PUBLIC.fullmatch(text) else ""


def _in_agent(environment: Mapping[str, str], cancel: Cancel | None) -> frozenset[str]:
    """Return the fingerprints of the keys that the agent has."""
    if not environment.get("SSH_AUTH_SOCK"):
        return frozenset()
    answer = call_ssh(["ssh-add", "-l"], environment, _LIMIT, cancel)
    return frozenset(match["fingerprint"] for line in answer.out.splitlines() if (match := _LISTED.match(line)))


def _last(text: str) -> str:
    return text.strip().rpartition("\n")[2] or _("no reason was given.")
